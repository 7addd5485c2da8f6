"""A person with a meter in one hand: `check`, `read`, `read --watch` and `scan`, with a simulated rig and with pymodbus.
A serial line is scanned in rtu_pymodbus."""

import asyncio
import re
import signal
import struct
import subprocess
import unittest

from harness.case import Scenario
from harness.modbus_server import ModbusServer
from harness.programs import AGENT, SLOWNESS, run
from harness.simulator import Simulator
from harness.wait import until

DEVICES = """[device:plc]
host = 10.0.0.1
unit = 3
timeout = 500ms
[device:gauge]
serial = /dev/ttyNOWHERE
unit = 9
timeout = 500ms
"""
EVENTS = """[event:temperature]
device = plc
register = holding:100
type = float32
order = CDAB
unit = °C
min_value = 20
max_value = 30
[event:level]
device = plc
register = holding:102
type = int16
scale = 0.1
[event:far]
device = plc
register = holding:300
type = uint16
poll_interval = 5s
[event:valve]
device = plc
register = coil:7
[event:pressure]
device = gauge
register = input:0
type = uint32
"""
HEADER = "[agent]\npoll_interval = 0.2\n[hub]\ntoken = x\n[buffer]\npath = {}/never-opened.db\n"


def cells_of(line):
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def rows_of(table):
    """By event: register, raw words, value, unit of measurement, quality."""
    return {cells[0]: cells[1:] for cells in map(cells_of, table) if cells}


class Commissioning(Scenario):
    def ini(self, text):
        path = self.folder / "rig.ini"
        path.write_text(HEADER.format(self.folder) + text)
        return path

    async def agent_says(self, *words, code=0):
        done = await asyncio.to_thread(run, [AGENT, *words], 60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    async def test_check_prints_devices_events_and_the_planned_requests_and_touches_nothing(self):
        modbus = await ModbusServer().start()
        self.addAsyncCleanup(modbus.stop)
        asked = []
        modbus.holding.getValues = lambda *where: asked.append(where)
        rig = (DEVICES + EVENTS).replace("host = 10.0.0.1", f"host = 127.0.0.1\nport = {modbus.port}")
        said = (await self.agent_says("check", "--config", self.ini(rig))).stdout
        for line in (f"device plc: tcp 127.0.0.1:{modbus.port}, unit 3, 4 events",
                     "device gauge: rtu /dev/ttyNOWHERE, unit 9, 1 events",
                     "  temperature: holding:100 float32 CDAB, °C",
                     "  level: holding:102 int16 × 0.1",
                     "  every 0.2 s: read coil 7-7: valve",
                     "  every 0.2 s: read holding 100-102: temperature level",  # merged
                     "  every 5 s: read holding 300-300: far",
                     "  every 0.2 s: read input 0-1: pressure"):
            self.assertIn(line + "\n", said)
        self.assertEqual(asked, [])
        self.assertFalse((self.folder / "never-opened.db").exists())

    async def test_read_shows_registers_values_units_and_why_one_is_bad(self):
        with Simulator(self.folder, "rig", DEVICES + EVENTS) as simulator:
            local = self.ini(simulator.local.read_text())
            rows = rows_of((await self.agent_says("read", "--config", local)).stdout.splitlines())
            self.assertEqual(list(rows), ["event", "temperature", "level", "far", "valve", "pressure"])
            register, raw, value, unit, quality = rows["temperature"]
            self.assertEqual((register, unit, quality), ("holding:100 float32 CDAB", "°C", "good"))
            self.assertTrue(20 <= float(value) <= 30)
            low, high = (int(word, 16) for word in raw.split())
            self.assertEqual(struct.pack(">HH", high, low), struct.pack(">f", float(value)))
            self.assertLessEqual(len(value.replace(".", "")), 9)  # no digit more than it takes to read back
            self.assertEqual({cells[-1] for event, cells in rows.items() if event != "event"}, {"good"})

            simulator.command("unit 9 off")
            rows = rows_of((await self.agent_says("read", "--config", local, code=1)).stdout.splitlines())
            self.assertEqual(rows["pressure"][1:], ["-", "-", "-", "bad: timeout"])
            self.assertEqual(rows["temperature"][-1], "good")

    async def test_read_watch_shows_a_value_that_moves_until_ctrl_c(self):
        with Simulator(self.folder, "rig", DEVICES + EVENTS, "--counter") as simulator:
            ini = self.ini(simulator.local.read_text())
            watch = self.program("watch", [AGENT, "read", "--config", ini, "--watch"]).start()

            def seen():
                return [float(cells[3]) for cells in map(cells_of, watch.log().splitlines()) if cells[:1] == ["pressure"]]
            await until(lambda: len(seen()) >= 4, 20 * SLOWNESS)
            watch.terminate(signal.SIGINT)
            self.assertEqual(watch.wait(), 0)
            self.assertEqual(seen(), [float(n + 1) for n in range(len(seen()))])
            stamps = re.findall(r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$", watch.log())
            self.assertGreaterEqual(len(stamps), 4)

    async def test_read_watch_keeps_the_reason_of_a_failure_that_has_passed(self):
        with Simulator(self.folder, "rig", DEVICES + EVENTS, "--counter") as simulator:
            watch = self.program("watch", [AGENT, "read", "--config", self.ini(simulator.local.read_text()), "--watch"])
            watch.start()
            await until(lambda: watch.log().count("good") >= 5, 20 * SLOWNESS)
            self.assertNotRegex(watch.log(), r"(?m)^gauge: ")
            simulator.command("unit 9 off")
            failure = r"(?m)^gauge: timeout: .* \(\d{4}-\d\d-\d\dT[\d:.]+Z"
            await until(lambda: re.search(failure + r"\)$", watch.log()), 20 * SLOWNESS)
            simulator.command("unit 9 on")
            await until(lambda: re.search(failure + r", over\)$", watch.log()), 20 * SLOWNESS)
            await until(lambda: watch.log().count("over)") >= 3, 20 * SLOWNESS)

    async def test_read_watch_ends_when_its_reader_does_however_long_it_would_wait(self):
        with Simulator(self.folder, "rig", DEVICES + EVENTS) as simulator:
            ini = self.ini(simulator.local.read_text().replace("poll_interval = 5s", ""))
            ini.write_text(ini.read_text().replace("poll_interval = 0.2", "poll_interval = 3600"))
            watch = subprocess.Popen([AGENT, "read", "--config", ini, "--watch"], stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, text=True)
            self.addCleanup(watch.wait)
            self.addCleanup(watch.kill)
            while "pressure" not in watch.stdout.readline():
                self.assertIsNone(watch.poll())
            watch.stdout.close()
            self.assertEqual(await asyncio.to_thread(watch.wait, 10 * SLOWNESS), 0)

    async def test_scan_of_a_foreign_unit_names_its_ranges_and_the_order_of_its_floats(self):
        modbus = await ModbusServer().start()
        self.addAsyncCleanup(modbus.stop)
        for address, value in ((100, 23.45), (102, 1013.25), (104, 0.5)):
            modbus.holding.setValues(address, list(struct.unpack(">2H", struct.pack(">f", value)))[::-1])
        said = (await self.agent_says("scan", "--host", f"127.0.0.1:{modbus.port}", "--units", "1")).stdout
        self.assertIn("unit(s) 1 answer", said)
        rows = rows_of(said.splitlines())
        for kind in ("coil", "discrete", "input", "holding"):
            self.assertEqual(rows[kind][:2], ["0-999", "1000"])
        self.assertEqual(rows["register"][1:], ["ABCD", "CDAB", "BADC", "DCBA"])
        self.assertEqual([rows[f"holding:{address}"][2] for address in (100, 102, 104)], ["23.45", "1013.25", "0.5"])
        self.assertEqual(rows["holding:100"][1], "-")
        self.assertIn("order = CDAB (3 of 3 pairs)", said)

    async def test_scan_finds_the_units_behind_a_gateway_and_says_what_to_look_at_where_none_is(self):
        with Simulator(self.folder, "rig", DEVICES + EVENTS) as simulator:
            local = simulator.local.read_text()
            port = re.search(r"(?m)^port = (\d+)", local)[1]
            serial = re.search(r"(?m)^serial = (\S+)", local)[1].strip('"')
            said = (await self.agent_says("scan", "--host", f"127.0.0.1:{port}", "--units", "1-5", "--timeout",
                                          "0.2s")).stdout
            self.assertIn("unit(s) 3 answer", said)
            for line in (r"coil +7-7 +1 ", r"holding +100-102 +3 ", r"holding +300-300 +1 "):
                self.assertRegex(said, f"(?m)^  {line}")
            said = (await self.agent_says("scan", "--serial", serial, "--units", "30", "--timeout", "200ms", code=1)).stdout
            self.assertIn("no unit from 30 to 30 answered", said)
            self.assertIn("A and B swapped", said)

    async def test_wrong_usage_of_scan_ends_with_2_and_says_what_is_allowed(self):
        for words, said in (([], "one of the two"),
                            (["--host", "plc.lab", "--serial", "/dev/ttyUSB0"], "one of the two"),
                            (["--host", "plc.lab:0"], "--host plc.lab:0"),
                            (["--serial", "/dev/ttyUSB0:9601"], "9600"),
                            (["--serial", "/dev/ttyUSB0", "--units", "0"], "1 to 255"),
                            (["--host", "plc.lab", "--units", "5-3"], "0 to 255"),
                            (["--host", "plc.lab", "--timeout", "0"], "--timeout"),
                            (["--host", "plc.lab", "--timeout", "5"], "10ms to 60s"),
                            (["--host", "plc.lab", "--timeout", "2min"], "10ms to 60s"),
                            (["--host", "plc.lab", "--config", "rig.ini"], "--config"),
                            (["--colour"], "--colour")):
            with self.subTest(words=words):
                done = await self.agent_says("scan", *words, code=2)
                self.assertIn(said, done.stderr)
                self.assertEqual(done.stdout, "")

    async def test_a_scan_where_nobody_listens_fails_at_run_time(self):
        done = await self.agent_says("scan", "--host", "127.0.0.1:1", "--units", "1", code=1)
        self.assertIn("Connection refused", done.stderr)


if __name__ == "__main__":
    unittest.main()
