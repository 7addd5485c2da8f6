"""What an instrument's display shows is what is printed, streamed, stored and exported: no digit more."""

import asyncio
import csv
import io
import struct
import unittest
from decimal import Decimal

from harness.case import Scenario
from harness.modbus_server import ModbusServer
from harness.programs import AGENT, run
from harness.rest import Rest
from harness.subscriber import Subscriber
from harness.wait import until

TENTHS = [348, 3, 1, 29, 57, 3479, -1, -348, 32767, 0]  # most are no multiple of the double 0.1
OFFSET_CELSIUS = [0, 1, 2732, 2931]  # tenths of kelvin
FLOATS = ["3.14", "23.45", "-0.1", "1e-07", "273.15"]
HALVES = ["0.1", "-40.3"]


def event(name, address, *keys):
    return "\n".join([f"[event:{name}]", "device = plc", f"register = holding:{address}", *keys])


class Decimals(Scenario):
    async def asyncSetUp(self):
        self.modbus = await ModbusServer().start()
        self.addAsyncCleanup(self.modbus.stop)
        sections, self.shown = [], {}  # event -> the text on the display
        address = 0

        def add(name, words, text, *keys):
            nonlocal address
            self.modbus.holding.setValues(address, words)
            sections.append(event(name, address, *keys))
            self.shown[name] = text
            address += len(words)
        for raw in TENTHS:
            add(f"tenth.{raw}", [raw & 0xFFFF], str(Decimal(raw) / 10), "type = int16", "scale = 0.1")
        for raw in OFFSET_CELSIUS:
            add(f"celsius.{raw}", [raw], str(Decimal(raw) / 10 - Decimal("273.15")), "type = uint16", "scale = 0.1",
                "offset = -273.15")
        for text in FLOATS:
            add(f"float.{text}", list(struct.unpack(">2H", struct.pack(">f", float(text)))), text, "type = float32")
        for text in HALVES:
            add(f"half.{text}", list(struct.unpack(">H", struct.pack(">e", float(text)))), text, "type = float16")
        self.rig = self.modbus.device() + "\n".join(sections)

    def assert_shown(self, texts):
        """Texts of numbers by event: not only the same number, no digit more than the display's."""
        self.assertEqual(set(texts), set(self.shown))
        for name, text in texts.items():
            self.assertEqual(Decimal(text), Decimal(self.shown[name]), name)
            self.assertLessEqual(len(Decimal(text).normalize().as_tuple().digits), 7, f"{name}: {text}")

    async def test_read_prints_what_the_display_shows(self):
        ini = self.folder / "read.ini"
        ini.write_text(f"[hub]\ntoken = x\n[buffer]\npath = {self.folder}/read.db\n{self.rig}\n")
        done = await asyncio.to_thread(run, [AGENT, "read", "--config", ini], 60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        rows = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in done.stdout.splitlines()[1:]]
        self.assert_shown({row[0]: row[3] for row in rows})

    async def test_stream_and_export_hold_what_the_display_shows(self):
        hub = self.hub()
        token = await hub.token("operator", "operator")
        await hub.start()
        subscriber = await Subscriber.connect(hub, token)
        (await self.agent(self.rig, hub)).start()
        await until(lambda: len({point["event_public_id"] for point in subscriber.received}) == len(self.shown), 20)
        # Python writes the shortest text of a double, too: a noisy one would show its seventeen digits.
        self.assert_shown({point["event_public_id"]: repr(point["value"]) for point in subscriber.received})

        rest = Rest(hub, token)
        self.addCleanup(rest.close)
        status, made = rest.json("POST", "/api/v1/experiments", {
            "name": "all", "controllers": None, "started_on": "2020-01-01T00:00:00Z", "stopped_on": "2199-01-01T00:00:00Z"})
        self.assertEqual(status, 201, made)
        answer = await hub.get(f"/api/v1/experiments/{made['public_id']}/export/csv", token)
        rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
        self.assertGreaterEqual(len(rows), len(self.shown))
        self.assert_shown({row["event_public_id"]: row["value"] for row in rows})


if __name__ == "__main__":
    unittest.main()
