"""A PostgreSQL server of the scenario's own: Debian's programs, a folder that goes with it, a socket there and no port.
Run by root it runs as nobody, since PostgreSQL refuses root."""

import os
import pwd
import subprocess

from .programs import SLOWNESS, Program
from .wait import until

PROGRAMS = "/usr/lib/postgresql/15/bin"


class Postgres:
    def __init__(self, scenario, disk=None):
        """`disk`: a SmallDisk that all of its files are on, its write-ahead log in small pieces."""
        self.folder = scenario.folder / "postgres"
        self.folder.mkdir(mode=0o700)
        self._as_user = []
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            scenario.folder.chmod(0o711)
            self._as_user = ["--reuid", str(nobody.pw_uid), "--regid", str(nobody.pw_gid), "--clear-groups"]
        enter = disk.enter if disk else []
        data = (disk.mount if disk else self.folder) / "data"
        self._data = disk.inside("data") if disk else data
        subprocess.run([*enter, "setpriv", *self._as_user, "--", f"{PROGRAMS}/initdb", "--no-sync", "-A", "trust",
                        "-U", "webmacs", "-E", "UTF8", "--locale=C.UTF-8", *(["--wal-segsize=1"] if disk else []),
                        "-D", data], check=True, capture_output=True)
        self.program = scenario.program("postgres", [
            *enter, "setpriv", "--pdeathsig", "QUIT", *self._as_user, "--", f"{PROGRAMS}/postgres", "-D", data,
            "-k", self.folder, "-h", "", "-c", "max_connections=40", "-c", "shared_buffers=64MB",
            *(["-c", "min_wal_size=2MB", "-c", "max_wal_size=8MB"] if disk else [])])

    def url(self, database="postgres"):
        return f"postgresql://webmacs@/{database}?host={self.folder}"

    async def start(self):
        await until(self.answers, 60 * SLOWNESS, "PostgreSQL answers", every=0.1)
        return self

    def answers(self):
        # Until the last process of one that was killed is gone, there is no room for another.
        if not self.program.running:
            self.program.start()
        return self._psql("SELECT 1").returncode == 0

    def stop(self):
        """As an administrator does: connections are ended, then the server."""
        self.program.terminate(2)
        self.program.wait(30)

    def kill(self):
        """As a power cut."""
        self.program.kill()
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _psql(self, sql, database="postgres"):
        return subprocess.run(["psql", "-XAtF", "\t", "-d", self.url(database), "-c", f"SET search_path = webmacs", "-c", sql],
                              capture_output=True, text=True, check=False)

    def rows(self, sql, database="postgres"):
        """What it answers, as lists of texts."""
        done = self._psql(sql, database)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()[1:]]

    def rows_changed(self, sql):
        """Runs a statement that answers no rows."""
        done = self._psql(sql)
        assert done.returncode == 0, done.stderr

    def check_indexes(self):
        """What PostgreSQL's own checker finds wrong with tables and indexes, each row looked up; nothing: all is well."""
        done = subprocess.run([f"{PROGRAMS}/pg_amcheck", "--install-missing", "--heapallindexed", "--schema=webmacs",
                               "-h", self.folder, "-U", "webmacs", "-d", "postgres"], capture_output=True, text=True, check=False)
        return done.stdout + done.stderr if done.returncode else ""

    def datapoints(self):
        """(event, microseconds since 1970, value) in the order of time."""
        return [(event, int(time), float(value)) for event, time, value in self.rows(
            "SELECT e.public_id, d.time, d.value FROM datapoints d JOIN events e ON e.key = d.event ORDER BY d.time, 1")]
