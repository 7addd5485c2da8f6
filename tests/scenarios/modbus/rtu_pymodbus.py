"""A serial line between two foreigners: socat's pty pair, and Debian's pymodbus as RTU unit behind it, its registers laid
out by pymodbus' own BinaryPayloadBuilder. The agent reads every type in every order."""

import asyncio
import logging
import unittest

from pymodbus.constants import Endian
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.server.async_io import ModbusSerialServer
from pymodbus.transaction import ModbusRtuFramer

from harness.case import Scenario
from harness.programs import AGENT, SLOWNESS, run
from harness.wait import until

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
VALUES = {"int16": -12345, "uint16": 60000, "int32": -123456789, "uint32": 3000000000, "int64": -1234567890123456,
          "uint64": 283686952306183, "float16": 0.3333, "float32": 23.45, "float64": -6.02214076e23}
ADD = {"int16": "add_16bit_int", "uint16": "add_16bit_uint", "int32": "add_32bit_int", "uint32": "add_32bit_uint",
       "int64": "add_64bit_int", "uint64": "add_64bit_uint", "float16": "add_16bit_float", "float32": "add_32bit_float", "float64": "add_64bit_float"}
ORDERS = {"ABCD": (Endian.Big, Endian.Big), "CDAB": (Endian.Big, Endian.Little),
          "BADC": (Endian.Little, Endian.Big), "DCBA": (Endian.Little, Endian.Little)}
UNIT = 17


def words_of(kind, value, order):
    byte_order, word_order = ORDERS[order]
    builder = BinaryPayloadBuilder(byteorder=byte_order, wordorder=word_order)
    getattr(builder, ADD[kind])(value)
    data = b"".join(builder.build())
    return [int.from_bytes(data[i:i + 2], "big") for i in range(0, len(data), 2)]


class RtuPymodbus(Scenario):
    def lay_out(self):
        """The rig's events, and what each must read as."""
        self.holding = [0] * 400
        self.input = [0] * 400
        lines, expected, address = [], {}, 0

        def event(name, register, value, *more):
            lines.extend([f"[event:{name}]", "device = meter", f"register = {register}", *more])
            expected[name] = value
        for order in ORDERS:
            for kind, value in VALUES.items():
                for bank, registers in (("holding", self.holding), ("input", self.input)):
                    words = words_of(kind, value, order)
                    registers[address:address + len(words)] = words
                    event(f"{bank}_{kind}_{order}", f"{bank}:{address}", value, f"type = {kind}", f"order = {order}")
                address += len(words) + 1
        self.holding[300] = 0b1000
        event("bit3", "holding:300", 1, "type = bool", "bit = 3")
        event("bit2", "holding:300", 0, "type = bool", "bit = 2")
        self.holding[301] = 215
        event("scaled", "holding:301", 21.5 - 40, "type = int16", "scale = 0.1", "offset = -40")
        event("coil5", "coil:5", 1)
        event("coil6", "coil:6", 0)
        event("discrete9", "discrete:9", 1)
        return lines, expected

    async def serve(self):
        ends = [self.folder / "meter.tty", self.folder / "agent.tty"]
        self.socat = self.program("socat", ["socat", *(f"pty,raw,echo=0,link={end}" for end in ends)]).start()
        await until(lambda: all(end.exists() for end in ends))
        bits = [False] * 400
        coils, discrete = bits[:], bits[:]
        coils[5] = discrete[9] = True
        blocks = [ModbusSequentialDataBlock(0, values) for values in (discrete, coils, self.input, self.holding)]
        unit = ModbusSlaveContext(di=blocks[0], co=blocks[1], ir=blocks[2], hr=blocks[3], zero_mode=True)
        self.server = ModbusSerialServer(ModbusServerContext({UNIT: unit}, single=False), framer=ModbusRtuFramer,
                                         port=str(ends[0]), baudrate=19200, parity="N", ignore_missing_slaves=True)
        await self.server.start()
        return ends[1]

    async def asyncTearDown(self):
        if getattr(self, "server", None) and self.server.transport:
            self.server.transport.abort()
        await super().asyncTearDown()

    async def rig(self):
        lines, expected = self.lay_out()
        port = await self.serve()
        device = ["[device:meter]", f"serial = {port}", "parity = none", f"unit = {UNIT}", "timeout = 2s"]
        return "\n".join(device + lines), expected, port

    async def test_read_shows_every_type_in_every_order(self):
        rig, expected, _ = await self.rig()
        ini = self.folder / "read.ini"
        ini.write_text(f"[hub]\ntoken = x\n[buffer]\npath = {self.folder}/read.db\n{rig}\n")
        done = await asyncio.to_thread(run, [AGENT, "read", "--config", ini], 60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        shown = {}
        for line in done.stdout.splitlines()[1:]:
            cells = [cell.strip() for cell in line.split("  ") if cell.strip()]
            self.assertEqual(cells[-1], "good", line)
            shown[cells[0]] = float(cells[3])
        self.assertEqual(set(shown), set(expected))
        for name, value in expected.items():
            self.assertAlmostEqual(shown[name], value, delta=abs(value) * 1e-12, msg=name)

    async def test_a_running_agent_stores_every_type_in_every_order(self):
        rig, expected, _ = await self.rig()
        hub = await self.hub().start()
        agent = (await self.agent(rig, hub, poll_interval="1")).start()
        await until(lambda: len({row[0] for row in hub.store.datapoints()}) == len(expected), 30 * SLOWNESS)
        await until(lambda: hub.store.count() >= 3 * len(expected), 30 * SLOWNESS)
        self.assertEqual((await asyncio.to_thread(agent.stop))[0], 0)
        for name, _, value, reason in hub.store.datapoints():
            self.assertIn(reason, (None, ""), name)
            self.assertAlmostEqual(value, expected[name], delta=abs(expected[name]) * 1e-12, msg=name)

    async def test_a_scan_finds_the_unit_and_its_registers(self):
        _, _, port = await self.rig()
        command = [AGENT, "scan", "--serial", f"{port}:19200:8N1", "--units", "16-18", "--timeout", "0.3s"]
        done = await asyncio.to_thread(run, command, 60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("unit(s) 17 answer", done.stdout)
        for line in ("coil      0-399", "discrete  0-399", "input     0-399", "holding   0-399"):
            self.assertIn(line, done.stdout)
        self.assertIn("23.45", done.stdout)


if __name__ == "__main__":
    unittest.main()
