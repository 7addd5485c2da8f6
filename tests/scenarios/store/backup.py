"""webmacs-server backup while readings come in without a pause, and the restore exactly as docs/operation.md has it:
every reading that was acknowledged before the backup began is there again, once, with its value."""

import asyncio
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
import unittest

from harness.case import Scenario
from harness.controller import Controller, reading
from harness.postgres import Postgres
from harness.programs import ROOT, SERVER, SLOWNESS, run
from harness.store import StoreReader
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T14:32:10Z")
EVENTS = 5
BEFORE = 60_000  # readings there before the first backup


def restore_commands():
    """What operation.md tells to run."""
    text = (ROOT / "docs" / "operation.md").read_text()
    lines = text[text.index("**Restoring.**"):].splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("    "))
    commands = []
    for line in lines[first:]:
        if not line.startswith("    "):
            return commands
        commands.append(line.strip())


class Backup(Scenario):
    async def push(self, controller, first, count):
        batch = [reading(f"evt_{i % EVENTS}", float(i), rfc3339(T0 + i * 1000)) for i in range(first, first + count)]
        answer = await controller.ask({"batch": first, "datapoints": batch}, 30 * SLOWNESS)
        self.assertEqual((answer["type"], answer["rejected"]), ("ack", []), answer)

    def backup(self, target, *more):
        return run([SERVER, "backup", "--config", self.server.ini, "--output", target, *more], 60)

    def values(self, path):
        """By the times: each once."""
        rows = StoreReader(path).rows("SELECT time, value FROM datapoints")
        self.assertEqual(len({time for time, _ in rows}), len(rows))
        for time_, value in rows:
            self.assertEqual(time_, T0 + int(value) * 1000)
        return {int(value) for _, value in rows}

    async def test_during_ingest_and_restored_as_the_documentation_says(self):
        await self.start_hub_with_rig()
        for first in range(0, BEFORE, 400):
            await self.push(self.controller, first, 400)
        pushed, enough, latest = BEFORE, False, 0.0

        async def flow():
            nonlocal pushed, latest
            while not enough:
                started = time.monotonic()
                await self.push(self.controller, pushed, 100)
                latest = max(latest, time.monotonic() - started)
                pushed += 100
        flowing = asyncio.create_task(flow())
        target = self.folder / "backup.db"
        for turn in range(5):
            before = pushed
            done = await asyncio.to_thread(self.backup, target, *(["--overwrite"] if turn else []))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("datapoints", done.stdout)
            self.assertGreater(pushed, before, "readings were acknowledged meanwhile")
            self.assertEqual(StoreReader(target).rows("PRAGMA integrity_check"), [("ok",)])
            held = self.values(target)
            self.assertLessEqual(set(range(before)), held)
            self.assertEqual(held, set(range(len(held))), "the store as it was at one moment")
        self.assertEqual(stat.S_IMODE(target.stat().st_mode), 0o640)
        refused = await asyncio.to_thread(self.backup, target)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("is there already", refused.stderr)
        enough = True
        await flowing
        after = pushed
        self.assertEqual(self.values(target), held)
        self.assertEqual(self.values(self.server.database), set(range(after)))
        left = sorted(path.name for path in self.folder.glob("backup*"))
        self.assertEqual([name for name in left if not name.endswith(("-wal", "-shm"))], ["backup.db"])
        await self.controller.close()

        await self.restore()
        self.assertEqual(self.values(self.server.database), held)
        self.assertEqual(StoreReader(self.folder / "replaced" / "server.db").rows("SELECT count(*) FROM datapoints"),
                         [(after,)])
        # The tokens are those of the backup; what came after it can be sent again.
        self.assertEqual((await self.server.get("/api/v1/events", self.viewer_token)).json()["total"], EVENTS)
        again = await Controller.connect(self.server, self.tokens[1], ack=1)
        await again.receive()
        for first in range(len(held), after, 400):
            await self.push(again, first, min(400, after - first))
        self.assertEqual(self.values(self.server.database), set(range(after)))
        print(f"5 backups during ingest, the last of {len(held)} readings; longest acknowledgement {latest * 1e3:.0f} ms")

    async def restore(self):
        commands = restore_commands()
        self.assertGreaterEqual(len(commands), 5)
        me = f"-o {os.getuid()} -g {os.getgid()}"
        for command in commands:
            command = command.removeprefix("sudo ").replace("/var/lib/webmacs/server", str(self.folder))
            command = command.replace("-o webmacs -g webmacs", me).replace("webmacs.db", "server.db")
            if command == "systemctl stop webmacs-server":
                self.assertEqual((await asyncio.to_thread(self.server.stop))[0], 0)
            elif command == "systemctl start webmacs-server":
                await self.server.start()
            else:
                done = subprocess.run(command, shell=True, cwd=self.folder, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, (command, done.stderr))

    async def test_what_cannot_be_backed_up_is_said_and_leaves_nothing(self):
        self.server = self.hub()
        missing = self.backup(self.folder / "copy.db")
        self.assertEqual(missing.returncode, 1)
        self.assertIn(str(self.server.database), missing.stderr)
        self.assertFalse(self.server.database.exists(), "it makes no store")
        await self.server.token("viewer", "viewer")
        nowhere = self.backup(self.folder / "no" / "copy.db")
        self.assertEqual(nowhere.returncode, 1)
        self.assertIn("No such file or directory", nowhere.stderr)
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        for target in (pipe, self.folder, "/dev/full"):
            refused = self.backup(target, "--overwrite")
            self.assertEqual((refused.returncode, refused.stderr), (1, f"{target}: is not a regular file; name another one\n"))
        self.assertTrue(pipe.is_fifo())
        itself = self.backup(self.server.database, "--overwrite")
        self.assertEqual(itself.returncode, 1)
        self.assertIn("is the store itself", itself.stderr)
        self.assertEqual(run([SERVER, "backup", "--config", self.server.ini]).returncode, 2)

        def signalled():
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            os.kill(os.getpid(), signal.SIGTERM)
        ended = subprocess.run([SERVER, "backup", "--config", self.server.ini, "--output", self.folder / "copy.db"],
                               capture_output=True, text=True, check=False, preexec_fn=signalled)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("ended by a signal", ended.stderr)
        self.assertEqual(list(self.folder.glob("copy.db*")), [])

    async def test_root_leaves_no_files_of_its_own(self):
        if os.geteuid() != 0:
            self.skipTest("only root becomes somebody else")
        self.server = self.hub()
        await self.server.token("viewer", "viewer")
        nobody = pwd.getpwnam("nobody")
        for path in (self.folder, *self.folder.glob("server.db*")):
            shutil.chown(path, nobody.pw_uid, nobody.pw_gid)
        self.server.ini.chmod(0o644)
        done = self.backup(self.folder / "copy.db")
        self.assertEqual(done.returncode, 0, done.stderr)
        for path in (*self.folder.glob("copy.db*"), *self.folder.glob("server.db*")):
            self.assertEqual(path.stat().st_uid, nobody.pw_uid, path)

    async def test_of_postgresql_it_says_the_command_that_does_it(self):
        postgres = await Postgres(self).start()
        await self.start_hub_with_rig(store_url=postgres.url())
        await self.push(self.controller, 0, 400)
        target = self.folder / "dump"
        told = self.backup(target)
        self.assertEqual(told.returncode, 1)
        command = next(line for line in told.stderr.splitlines() if line.strip().startswith("pg_dump"))
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        before = postgres.datapoints()
        await self.controller.close()
        await asyncio.to_thread(self.server.stop)
        postgres.rows("DROP SCHEMA webmacs CASCADE")
        done = subprocess.run(["pg_restore", f"--dbname={postgres.url()}", target], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        await self.server.start()
        self.assertEqual(postgres.datapoints(), before)
        again = await Controller.connect(self.server, self.tokens[1], ack=1)
        await again.receive()
        await self.push(again, 400, 400)
        await until(lambda: len(postgres.datapoints()) == 800, 20 * SLOWNESS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
