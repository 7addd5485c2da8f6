"""Modbus TCP units of others: npm's jsmodbus and modbus-serial, and Debian's pymodbus, polled by one agent. Each has a
way of its own to say no: modbus-serial is silent where it has no callback, jsmodbus answers fewer registers than asked
for as a success, pymodbus refuses with exception 2. What they have is read, and only what they have not is bad."""

import asyncio
import json
import unittest

from harness.case import Scenario
from harness.modbus_server import SIZE, ModbusServer
from harness.modbus_units import event, section
from harness.node import NodeProgram
from harness.programs import AGENT, SLOWNESS, run
from harness.wait import until

TIMEOUT = 0.5


class ForeignServers(Scenario):
    async def asyncSetUp(self):
        self.node = NodeProgram("modbus_servers.js")
        self.ports = json.loads(await asyncio.to_thread(self.node.line))
        self.pymodbus = await ModbusServer().start()
        self.pymodbus.holding.setValues(0, list(range(SIZE)))
        self.pymodbus.input.setValues(0, [1000 + i for i in range(200)])

    async def asyncTearDown(self):
        self.node.stop()
        await self.pymodbus.stop()
        await super().asyncTearDown()

    def rig(self):
        """The rig, and what each event must read as; None: it is not there."""
        text, expected = [], {}

        def unit(name, port, **events):
            text.append(section(name, host="127.0.0.1", port=port, timeout=TIMEOUT))
            for what, (register, kind, value) in events.items():
                text.append(event(f"{name}_{what}", 0, name, kind).replace("holding:0", register))
                expected[f"{name}_{what}"] = value

        both = {"first": ("holding:0", "uint16", 0), "near": ("holding:7", "uint16", 7),
                "wide": ("holding:40", "uint32", 40 << 16 | 41), "input": ("input:3", "uint16", 1003)}
        unit("jsmodbus", self.ports["jsmodbus"], **both, coil=("coil:3", "bool", 1), discrete=("discrete:4", "bool", 0),
             last=("holding:199", "uint16", 199), beyond=("holding:205", "uint16", None))
        unit("serial", self.ports["modbus_serial"], **both, before=("holding:149", "uint16", 149),
             refused=("holding:150", "uint16", None), behind=("holding:151", "uint16", 151), coil=("coil:3", "bool", None))
        unit("pymodbus", self.pymodbus.port, **both, last=("holding:990", "uint16", 990),
             beyond=("holding:1005", "uint16", None))
        return "".join(text), expected

    async def test_one_agent_reads_what_each_has(self):
        rig, expected = self.rig()
        hub = await self.hub().start()
        agent = (await self.agent(rig, hub, poll_interval="0.5")).start()

        def good(name):
            return [row for row in hub.store.datapoints(name) if row[2] is not None]

        there = [name for name, value in expected.items() if value is not None]
        await until(lambda: all(len(good(name)) >= 10 for name in there), 40 * SLOWNESS,
                    lambda: {name: len(good(name)) for name in there})
        self.assertEqual((await asyncio.to_thread(agent.stop))[0], 0)
        for name, value in expected.items():
            with self.subTest(name):
                self.assertEqual({row[2] for row in good(name)}, set() if value is None else {value})
                if value is None:
                    self.assertTrue(hub.store.datapoints(name), "what is not there is stored as bad")
        log = agent.program.log()
        self.assertLess(len(log.splitlines()), 40, log)

    async def test_read_and_scan_tell_what_each_has(self):
        rig, expected = self.rig()
        ini = self.folder / "read.ini"
        ini.write_text(f"[hub]\ntoken = x\n[buffer]\npath = {self.folder}/read.db\n{rig}")
        done = await asyncio.to_thread(run, [AGENT, "read", "--config", ini], 60)
        for name, value in expected.items():
            line = next(line for line in done.stdout.splitlines() if line.startswith(f"{name} "))
            self.assertEqual("good" in line.split(), value is not None, line)
        for name, port in self.ports.items():
            found = await asyncio.to_thread(
                run, [AGENT, "scan", "--host", f"127.0.0.1:{port}", "--units", "1", "--timeout", "200ms"], 60)
            self.assertIn("unit(s) 1 answer", found.stdout, f"{name}: {found.stdout}{found.stderr}")


if __name__ == "__main__":
    unittest.main()
