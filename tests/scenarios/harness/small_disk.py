"""A small disk of the scenario's own: a tmpfs in a mount namespace that a sleeping program keeps; others are started in
it with `enter` before their command. Root may mount; others need user namespaces."""

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
        options = f"size={size}" + (f",mode=700,uid={owner[0]},gid={owner[1]}" if owner else "")
        namespace = ["unshare", "--mount"] if ROOT else ["unshare", "--user", "--map-root-user", "--mount"]
        self._keeper = scenario.program("small-disk", [
            *namespace, "sh", "-c", f'mount -t tmpfs -o {options} tmpfs "$0" && exec sleep infinity', self.mount])

    async def start(self):
        self._keeper.start()

        def mounted():
            assert self._keeper.running, ("this test needs a small file system: run it as root with CAP_SYS_ADMIN, or "
                                          f"allow unprivileged user namespaces ({self._keeper.log().strip()})")
            try:
                return self.inside().stat().st_dev != self.mount.stat().st_dev
            except OSError:
                return False
        await until(mounted, 10 * SLOWNESS, "the small disk is mounted")
        return self

    @property
    def enter(self):
        namespaces = ["--mount"] if ROOT else ["--user", "--preserve-credentials", "--mount"]
        return ["nsenter", *namespaces, "--target", str(self._keeper.pid), "--"]

    def inside(self, name=""):
        """A file on it, as a program outside reaches it (SQLite does not: it follows the link)."""
        return Path(f"/proc/{self._keeper.pid}/root{self.mount}/{name}")

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
