"""The frame of a scenario: a folder of its own, programs that end with it, logs that are shown when it fails."""

import logging
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from .agent import Agent
from .controller import Controller
from .hub import Hub
from .programs import SIM, Program

SHOWN_LOG_LINES = 60
logging.getLogger("asyncio").setLevel(logging.ERROR)  # this test's own slowness is no finding


class Scenario(unittest.IsolatedAsyncioTestCase):
    maxDiff = 4000

    def run(self, result=None):
        self.folder = Path(tempfile.mkdtemp(prefix="webmacs-scenario-"))
        self._programs = []
        self.tokens = []  # every token's text that this scenario knows: none may stand in a log
        result = self.defaultTestResult() if result is None else result
        before = len(result.failures) + len(result.errors)
        try:
            return super().run(result)
        finally:
            if len(result.failures) + len(result.errors) > before:
                self._show_logs()
            for program in self._programs:
                program.kill()
            shutil.rmtree(self.folder, ignore_errors=True)

    async def asyncTearDown(self):
        for program in self._programs:
            program.kill()
        self.assert_no_token_in_logs()

    def program(self, name, command):
        """A program that ends with the scenario; not started yet."""
        program = Program(name, command, self.folder)
        self._programs.append(program)
        return program

    async def start_hub_with_rig(self, **settings):
        """A hub with a viewer's token, and the controller rig1 connected to it."""
        self.server = self.hub(**settings)
        self.viewer_token = await self.server.token("viewer", "viewer")
        token = await self.server.token("rig1", "controller")
        await self.server.start()
        self.controller = await Controller.connect(self.server, token, ack=1)
        await self.controller.receive()

    def hub(self, **settings):
        """A hub with an SQLite store in this scenario's folder; not started yet."""
        return Hub(self, **settings)

    async def agent(self, rig, hub, name="rig1", **settings):
        """An agent with a token of its own; not started yet."""
        return Agent(self, rig, hub, await hub.token(name, "controller"), name, **settings)

    def simulator(self, rig_path, local_path):
        return self.program("sim", [SIM, "--config", rig_path, "--local", local_path])

    def assert_no_token_in_logs(self):
        for path in self.folder.rglob("*.log"):
            text = path.read_text(errors="replace")
            for token in self.tokens:
                self.assertNotIn(token, text, f"{path.name} holds a token")

    def _show_logs(self):
        for path in sorted(self.folder.rglob("*.log")):
            lines = path.read_text(errors="replace").splitlines()
            print(f"\n---- {path.name}, the last of {len(lines)} lines", *lines[-SHOWN_LOG_LINES:], sep="\n",
                  file=sys.stderr)
