"""A small disk of the scenario's own: a tmpfs in a mount namespace that a sleeping program keeps; others are started in
it with `enter` before their command. Root may mount; others need user namespaces. In a chroot, where `/` is no mount
point and no namespace can be parted from its parent, the tmpfs is mounted where everybody sees it, until the end."""

import os
from pathlib import Path

from .programs import SLOWNESS, run
from .wait import until

ROOT = os.geteuid() == 0


class SmallDisk:
    def __init__(self, scenario, size, owner=None):
        """`owner`: (user id, group id) of its folder."""
        self.mount = scenario.folder / "disk"
        self.mount.mkdir()
        self._scenario = scenario
        self._options = f"size={size}" + (f",mode=700,uid={owner[0]},gid={owner[1]}" if owner else "")
        self._keeper = None  # none: mounted where everybody sees it

    async def start(self):
        namespace = ["unshare", "--mount"] if ROOT else ["unshare", "--user", "--map-root-user", "--mount"]
        mount = ["mount", "-t", "tmpfs", "-o", self._options, "tmpfs", self.mount]
        trial = run([*namespace, *mount])
        if trial.returncode == 0:
            self._keeper = self._scenario.program("small-disk", [
                *namespace, "sh", "-c", '"$@" && exec sleep infinity', "sh", *mount]).start()
        else:
            mounted = run(mount)
            assert mounted.returncode == 0, (
                "this test needs a small file system: run it as root with CAP_SYS_ADMIN, or allow unprivileged user "
                f"namespaces ({trial.stderr.strip()}; {mounted.stderr.strip()})")
            self._scenario.addCleanup(run, ["umount", "--lazy", self.mount])
        await until(self._mounted, 10 * SLOWNESS, "the small disk is mounted")
        return self

    def _mounted(self):
        assert self._keeper is None or self._keeper.running, self._keeper.log()
        try:
            return self.inside().stat().st_dev != self.mount.parent.stat().st_dev
        except OSError:
            return False

    @property
    def enter(self):
        if self._keeper is None:
            return []
        namespaces = ["--mount"] if ROOT else ["--user", "--preserve-credentials", "--mount"]
        return ["nsenter", *namespaces, "--target", str(self._keeper.pid), "--"]

    def inside(self, name=""):
        """A file on it, as a program outside reaches it (SQLite does not: it follows the link)."""
        return Path(f"/proc/{self._keeper.pid}/root{self.mount}/{name}") if self._keeper else self.mount / name

    def fill(self):
        with open(self.inside("ballast"), "ab", buffering=0) as ballast:
            for size in (65536, 4096, 512, 1):
                try:
                    while True:
                        ballast.write(b"x" * size)
                except OSError:
                    continue

    def make_room(self):
        self.inside("ballast").unlink()

    def sqlite_rows(self, name, sql):
        """What an SQLite file on it answers, as tuples."""
        reads = ("import sqlite3, sys; print(sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True, timeout=5)"
                 ".execute(sys.argv[2]).fetchall())")
        done = run([*self.enter, "/usr/bin/python3", "-c", reads, self.mount / name, sql])
        assert done.returncode == 0, done.stderr
        return eval(done.stdout, {"__builtins__": {}})  # our own print of numbers and texts
