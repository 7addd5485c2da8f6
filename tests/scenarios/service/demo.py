"""`./run demo` as a newcomer types it: values move, a second start goes on with the history, all of it stops cleanly."""

import json
import os
import re
import signal
import socket
import subprocess
import unittest
import urllib.request
from pathlib import Path

from harness.case import Scenario
from harness.programs import ROOT, SLOWNESS, free_port
from harness.store import StoreReader
from harness.wait import until


def children(parent):
    """The programs of ours that a process has started: {name: pid}."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if lines["PPid"] == str(parent) and lines["Name"].startswith("webmacs-"):
            found[lines["Name"]] = int(status.parent.name)
    return found


class Demo(Scenario):
    def setUp(self):
        self.place = self.folder / "demo folder"
        self.port = free_port()
        self.store = StoreReader(self.place / "webmacs.db")

    def environment(self, **more):
        return {**os.environ, "WEBMACS_DEMO_DIR": str(self.place), "WEBMACS_PORT": str(self.port), **more}

    def run_demo(self, *words, **more):
        return subprocess.run([ROOT / "run", "demo", *words], env=self.environment(**more), cwd="/", text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=300 * SLOWNESS, check=False)

    def assert_ended(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port), 5)

    def token_in(self, text):
        """The address's token."""
        (token,) = re.findall(rf"http://127\.0\.0\.1:{self.port}/#token=(wm_[A-Za-z0-9_-]{{43}})\n", text)
        self.tokens.append(token)
        return token

    def assert_gone(self, programs):
        for name, pid in programs.items():
            self.assertFalse(Path(f"/proc/{pid}").exists(), f"{name} still runs")

    def test_twice_with_one_history(self):
        first = self.run_demo("--for", "20s")
        self.assert_ended(first)
        token = self.token_in(first.stdout)
        after_first = self.store.datapoints()
        self.assertGreater(len({event for event, *_ in after_first}), 9)
        self.assertGreater(len(after_first), 10 * 20)  # ten events or more, twice a second
        self.assertEqual((self.place / "fluidised-bed.token").stat().st_mode & 0o777, 0o600)

        second = self.run_demo("--for", "5s")
        self.assert_ended(second)
        self.assertEqual(self.token_in(second.stdout), token, "an open dashboard stays logged in")
        after_second = self.store.datapoints()
        self.assertLessEqual(set(after_first), set(after_second))
        self.assertGreater(len(after_second), len(after_first))

    async def test_ctrl_c_stops_all_of_it(self):
        process = subprocess.Popen([ROOT / "run", "demo"], env=self.environment(), text=True, start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        text = ""
        while "#token=" not in text:
            line = process.stdout.readline()
            self.assertTrue(line, text)
            text += line
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/datapoints/latest",
                                         headers={"Authorization": f"Bearer {self.token_in(text)}"})
        with urllib.request.urlopen(request, timeout=5) as reply:
            self.assertGreater(len(json.load(reply)), 5)
        programs = children(process.pid)
        self.assertEqual(len(programs), 3)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
        said = process.stdout.read()
        self.assertEqual(process.wait(20), 0, said)
        self.assert_gone(programs)

    async def test_a_program_that_dies_ends_the_demo_with_its_name(self):
        process = subprocess.Popen([ROOT / "run", "demo"], env=self.environment(), text=True, start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        while "#token=" not in process.stdout.readline():
            self.assertIsNone(process.poll())
        programs = children(process.pid)
        self.assertEqual(set(programs), {"webmacs-sim", "webmacs-server", "webmacs-agent"})
        os.kill(programs["webmacs-agent"], signal.SIGKILL)
        text = process.stdout.read()
        self.assertEqual(process.wait(20), 1)
        self.assertIn("webmacs-agent ended", text)
        self.assert_gone(programs)

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", self.port)):
            done = self.run_demo("--for", "5s")
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(self.port), done.stderr, done.stdout)

    def test_a_second_demo_in_the_same_place_is_refused(self):
        self.place.mkdir()
        lock = subprocess.Popen(["flock", self.place / "lock", "cat"], stdin=subprocess.PIPE)
        try:
            done = self.run_demo("--for", "5s")
        finally:
            lock.stdin.close()
            lock.wait()
        self.assertEqual(done.returncode, 1)
        self.assertIn("running", done.stderr, done.stdout)

    async def test_wrong_usage(self):
        for words in (["--for"], ["--for", "long"], ["--fur", "3s"], ["now"]):
            self.assertEqual(self.run_demo(*words).returncode, 2)
        await until(lambda: not self.place.exists())


if __name__ == "__main__":
    unittest.main()
