"""A PostgreSQL server of the benchmark's own: its files in the benchmark's folder, on the loopback, gone afterwards.
PostgreSQL refuses to run as root; started by root it runs as the user `postgres` that its package made."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from setting import Program, free_port


class Postgres:
    """`with Postgres(folder, core) as database`: database.url names it; its settings are those it is shipped with."""

    def __init__(self, folder, core):
        self._folder, self._core, self._port = folder, core, free_port()
        self.url = f"postgresql://bench@127.0.0.1:{self._port}/postgres"

    def __enter__(self):
        programs = newest_programs()
        as_owner = self._make_data_folder()
        run([*as_owner, programs / "initdb", "--auth=trust", "--username=bench", "--encoding=UTF8", "-D", self._data])
        self._program = Program(
            "postgres", ["taskset", "-c", str(self._core), *as_owner, programs / "postgres", "-D", self._data,
                         "-c", "listen_addresses=127.0.0.1", "-c", f"port={self._port}",
                         "-c", f"unix_socket_directories={self._data}"], self._folder).start()
        ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        deadline = time.monotonic() + 30
        while subprocess.run(ready, check=False).returncode != 0:
            if not self._program.running or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{self._program.log()}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        if self._program.running:
            self._program.terminate(signal.SIGINT)  # its "fast" shutdown ends its children, too
            self._program.wait()
        shutil.rmtree(self._data, ignore_errors=True)

    def _make_data_folder(self):
        """Answers the words that make a command run as the folder's owner."""
        self._data = Path(tempfile.mkdtemp(prefix="postgres-", dir=self._folder))
        if os.geteuid() != 0:
            return []
        owner = pwd.getpwnam("postgres")
        as_owner = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        self._folder.chmod(0o711)  # it was made for us alone
        if subprocess.run([*as_owner, "test", "-x", self._folder], check=False).returncode != 0:
            self._data.rmdir()  # the folders above are closed to it, as in root's home
            self._data = Path(tempfile.mkdtemp(prefix="webmacs-bench-postgres-", dir="/var/tmp"))
        os.chown(self._data, owner.pw_uid, owner.pw_gid)
        return as_owner


def run(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr}")


def newest_programs():
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not folders:
        raise RuntimeError("there is no PostgreSQL below /usr/lib/postgresql")
    return folders[-1]
