"""webmacs-server export as a person uses it: progress on a terminal, an end in the middle, root beside a hub that is not;
and the lines of docs/python.md, run as they stand there."""

import asyncio
import contextlib
import io
import os
import pwd
import pty
import re
import signal
import subprocess
import time
import unittest

from harness.case import Scenario
from harness.controller import reading
from harness.filled import EVERY, fill
from harness.programs import ROOT, SERVER, SLOWNESS
from harness.rest import Rest
from harness.times import microseconds, rfc3339

T0 = microseconds("2025-01-15T14:00:00Z")
MANY = 400_000


class ExportCommand(Scenario):
    async def asyncSetUp(self):
        self.server = self.hub()
        self.viewer_token = await self.server.token("viewer", "viewer")  # makes the file
        self.target = self.folder / "out.csv"

    def fill(self, rows):
        fill(self.server.database, T0, rows)
        return ["--from", rfc3339(T0), "--to", rfc3339(T0 + rows * EVERY)]

    def start(self, *words, **streams):
        process = subprocess.Popen([SERVER, "export", "--config", self.server.ini, *map(str, words)],
                                   stdin=subprocess.DEVNULL, **streams)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def beside(self):
        return [path.name for path in self.folder.glob("out.csv*")]

    async def test_progress_on_a_terminal(self):
        words = self.fill(MANY)
        screen, terminal = pty.openpty()
        process = self.start(*words, "--output", self.target, stderr=terminal)
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # the other side is closed
            while part := await asyncio.to_thread(os.read, screen, 4096):
                shown += part
        os.close(screen)
        self.assertEqual(process.wait(), 0)
        text = shown.decode()
        self.assertRegex(text, r"\r *\d+ %  [\d,]+ rows, [\d,]+ rows/s")
        self.assertRegex(text, r"\r400,000 rows, [\d,]+ rows/s\S*\r?\n$")
        self.assertEqual(self.target.read_bytes().count(b"\n"), MANY + 1)

    async def test_one_that_is_stopped_leaves_everything_as_it_was(self):
        words = self.fill(MANY)
        self.target.write_text("before")
        for number in (signal.SIGINT, signal.SIGTERM):
            # Nobody reads what it writes, so that it is in the middle.
            reader, writer = os.pipe()
            process = self.start(*words, stdout=writer, stderr=subprocess.PIPE)
            os.close(writer)
            await asyncio.to_thread(os.read, reader, 1)
            process.send_signal(number)
            self.assertEqual(await asyncio.to_thread(process.wait, 10 * SLOWNESS), 1)
            self.assertIn(b"stopped before the end", process.stderr.read())
            process.stderr.close()
            os.close(reader)
        # To a file: killed again and again at another moment, it is whole or as before.
        for pause in (0, 0.01, 0.03, 0.06, 0.1):
            process = self.start(*words, "--output", self.target, stderr=subprocess.DEVNULL)
            time.sleep(pause)
            process.send_signal(signal.SIGTERM)
            code = process.wait()
            if code == 0:
                self.assertEqual(self.target.read_bytes().count(b"\n"), MANY + 1)
                self.target.write_text("before")
            self.assertEqual(self.target.read_text(), "before")
            self.assertEqual(self.beside(), ["out.csv"])

    async def test_a_reader_that_leaves(self):
        words = self.fill(MANY)
        reader, writer = os.pipe()
        process = self.start(*words, stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        os.read(reader, 1000)
        os.close(reader)
        self.assertEqual(await asyncio.to_thread(process.wait, 10 * SLOWNESS), 1)
        self.assertIn(b"standard output cannot be written: Broken pipe", process.stderr.read())
        process.stderr.close()

    async def test_a_link_stays_what_it_is_and_nothing_but_a_file_is_written_to(self):
        words = self.fill(10)
        real = self.folder / "real.csv"
        real.write_text("before")
        self.target.symlink_to(real)
        self.assertEqual(self.start(*words, "--output", self.target).wait(), 0)
        self.assertTrue(self.target.is_symlink())
        self.assertEqual(real.read_bytes().count(b"\n"), 11)
        pipe, folder = self.folder / "pipe", self.folder / "folder"
        os.mkfifo(pipe)
        folder.mkdir()
        for target in (pipe, folder, "/dev/stdout", "/dev/full"):
            done = self.server.command("export", *words, "--output", target)
            self.assertEqual((done.returncode, done.stdout), (1, ""), target)
            self.assertIn(f"{target} cannot be written: it is not a regular file", done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root becomes somebody else")
    async def test_root_writes_its_own_file_and_leaves_none_beside_the_store(self):
        words = self.fill(10)
        home, store = self.folder / "home", self.folder / "store"
        home.mkdir(mode=0o700)
        store.mkdir()
        nobody = pwd.getpwnam("nobody")
        self.folder.chmod(0o711)
        moved = store / "server.db"
        for path in self.folder.glob("server.db*"):
            path.rename(store / path.name)
        for path in (store, *store.iterdir()):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        self.server.ini.write_text(self.server.ini.read_text().replace(str(self.server.database), str(moved)))
        self.assertEqual(self.start(*words, "--output", home / "out.csv").wait(), 0)
        self.assertEqual((home / "out.csv").read_bytes().count(b"\n"), 11)
        self.assertEqual((home / "out.csv").stat().st_uid, 0)
        self.assertEqual({path.stat().st_uid for path in store.iterdir()}, {nobody.pw_uid})

    # ---- docs/python.md

    async def test_the_lines_for_python_work_as_they_stand_there(self):
        text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
        blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        self.assertGreaterEqual(len(blocks), 3)
        await self.server.start()
        operator = Rest(self.server, await self.server.token("operator", "operator"))
        self.addCleanup(operator.close)
        rig = Rest(self.server, await self.server.token("rig1", "controller"))
        self.addCleanup(rig.close)
        values = [0.1 + 0.2, 1 / 3, -5e-324, None, 23.45]
        rows = [reading(event, value, rfc3339(T0 + i * 1_000_001), **({"quality": "bad"} if value is None else {}))
                for i, value in enumerate(values) for event in ("evt_temp01", "evt_flow01")]
        self.assertEqual(rig.json("POST", "/api/v1/datapoints/batch", {"datapoints": rows})[1]["stored"], 10)
        made = operator.json("POST", "/api/v1/experiments", {"name": "x", "started_on": rfc3339(T0)})[1]
        there = {"http://127.0.0.1:8000": f"http://127.0.0.1:{self.server.port}", "exp_abcdefgh": made["public_id"],
                 "wm_…": self.viewer_token}
        for block in blocks:
            code = block
            for written, real in there.items():
                code = code.replace(written, real)
            names = {}
            with contextlib.redirect_stdout(io.StringIO()):
                await asyncio.to_thread(exec, code, names)  # pylint: disable=exec-used
            if "data" in names:
                found = [None if value != value else value for value in names["data"].value]
                self.assertEqual(found, [value for value in values for _ in range(2)])
                self.assertEqual([time.value // 1000 for time in names["data"].timestamp],
                                 [T0 + i * 1_000_001 for i in range(5) for _ in range(2)])
            if "table" in names:
                self.assertEqual(names["table"].shape, (5, 2))
                self.assertEqual(names["table"].index.name, "timestamp")
                self.assertEqual(names["table"].index.tz.utcoffset(None).total_seconds(), 0)
                for column in names["table"]:
                    self.assertEqual([None if value != value else value for value in names["table"][column]], values)


if __name__ == "__main__":
    unittest.main(verbosity=2)
