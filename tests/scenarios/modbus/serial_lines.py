"""Serial lines as people have them, on ptys: bytes around a frame, adapters that echo, a line that another program has,
and one that a killed program left set up."""

import asyncio
import unittest

from harness.case import Scenario
from harness.expected_lines import devices_of
from harness.modbus_units import SerialUnits, event, fixed, framed
from harness.programs import AGENT, SLOWNESS, run
from harness.wait import until

WRAPS = {"trailing": lambda request, reply: reply + b"\0", "leading": lambda request, reply: b"\0\xff" + reply,
         "echo": lambda request, reply: request + reply}


class SerialLines(Scenario):
    def serve(self, wrap=None):
        units = SerialUnits(fixed({0: 111}), *([wrap] if wrap else []))
        self.addCleanup(units.close)
        return units

    def command(self, units, verb, **keys):
        if verb == "scan":
            return run([AGENT, "scan", "--serial", f"{units.name}:19200:8N1", "--units", "1", "--timeout", "200ms"], 60)
        ini = self.folder / "beside.ini"
        ini.write_text(f"[hub]\ntoken = x\n[buffer]\npath = {self.folder}/beside.db\n{units.device(**keys)}{event('e', 0)}")
        return run([AGENT, verb, "--config", ini], 60)

    async def running_agent(self, hub, units, **keys):
        agent = (await self.agent(units.device(**keys) + event("e", 0), hub)).start()
        await until(lambda: len(hub.store.datapoints("e")) >= 3, 30 * SLOWNESS)
        return agent

    async def test_bytes_around_a_frame_and_an_echo_are_no_obstacle(self):
        for name, wrap in WRAPS.items():
            with self.subTest(name):
                units = self.serve(wrap)
                done = await asyncio.to_thread(self.command, units, "read", echo=str(name == "echo").lower())
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertIn("111", done.stdout)

    async def test_units_beyond_the_standards_247_are_read_and_one_that_answers_for_another_is_named(self):
        units = self.serve()
        self.assertIn("111", (await asyncio.to_thread(self.command, units, "read", unit=255)).stdout)
        # It knows itself by another number than it is asked by.
        odd = self.serve(lambda request, reply: framed(255, reply[1:-2]))
        hub = await self.hub().start()
        done = await asyncio.to_thread(self.command, odd, "read", unit=1, timeout="300ms")
        self.assertIn("unit 255 answered for unit 1: write unit = 255?", done.stdout)
        agent = (await self.agent(odd.device(unit=1, timeout="300ms") + event("e", 0), hub)).start()
        await until(lambda: hub.store.datapoints("e"), 30 * SLOWNESS)
        viewer = await hub.token("viewer", "viewer")

        async def shown():
            return "write unit = 255?" in ((await devices_of(hub, viewer))["d"][1] or "")
        await until(shown, 30 * SLOWNESS, "the page says what would cure it")
        await until(lambda: "write unit = 255?" in agent.program.log(), 30 * SLOWNESS, agent.program.log)
        self.assertEqual((await asyncio.to_thread(agent.stop))[0], 0)
        self.assertEqual([row for row in hub.store.datapoints("e") if row[2] is not None], [])
        self.assertIn("write unit = 255?", hub.store.datapoints("e")[0][3])

    async def test_who_has_the_line_is_said(self):
        units = self.serve()
        hub = await self.hub().start()
        agent = await self.running_agent(hub, units)
        for verb in ("read", "scan"):
            done = await asyncio.to_thread(self.command, units, verb)
            self.assertNotEqual(done.returncode, 0, done.stdout)
            self.assertIn(f"in use by webmacs-agent (process {agent.program.pid})", done.stdout + done.stderr)
        self.assertEqual((await asyncio.to_thread(agent.stop))[0], 0)
        self.assertEqual([row for row in hub.store.datapoints("e") if row[2] != 111], [], "the service noticed nothing")
        self.assertEqual((await asyncio.to_thread(self.command, units, "read")).returncode, 0)

    async def test_a_line_that_a_killed_program_left_set_up_is_opened_again(self):
        units = self.serve()
        hub = await self.hub().start()
        agent = await self.running_agent(hub, units, parity="even")
        for _ in range(3):
            agent.kill()
            stored = hub.store.count()
            agent.start()
            await until(lambda: hub.store.count() >= stored + 3, 30 * SLOWNESS, "readings after the kill")
        self.assertEqual((await asyncio.to_thread(agent.stop))[0], 0)
        self.assertEqual([row for row in hub.store.datapoints("e") if row[2] != 111], [])

    async def test_a_missing_port_hints_at_names_that_stay(self):
        ini = self.folder / "missing.ini"
        ini.write_text(f"[hub]\ntoken = x\n[buffer]\npath = {self.folder}/missing.db\n"
                       f"[device:d]\nserial = /dev/ttyUSB77\n{event('e', 0)}")
        done = await asyncio.to_thread(run, [AGENT, "read", "--config", ini], 60)
        self.assertIn("/dev/serial/by-id", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
