"""`check` says beforehand what cannot work: how busy each serial line will be, and what is written but can hardly be meant.
A warning alone lets the agent run; with --strict it is a mistake."""

import asyncio
import re
import unittest

from harness.case import Scenario
from harness.modbus_units import event, section
from harness.programs import AGENT, run

LOAD = re.compile(r"^line (.+): (\d+) % of (\d+) baud$", re.M)
FITS = re.compile(r"with poll_interval = ([\d.]+) ")


class CheckedRigs(Scenario):
    async def check(self, *sections, strict=False):
        token = self.folder / "token"
        token.touch(mode=0o600)
        token.write_text("x\n")
        ini = self.folder / "rig.ini"
        ini.write_text(f"[hub]\ntoken_file = {token}\n[buffer]\npath = {self.folder}/never.db\n" + "".join(sections))
        return await asyncio.to_thread(run, [AGENT, "check", "--config", ini, *(["--strict"] if strict else [])], 60)

    @staticmethod
    def meter(name, baud, events, interval, serial="/dev/null"):
        return section(name, serial=serial, baud=baud) + "".join(
            event(f"{name}_{i}", 200 * i, name, "uint16", poll_interval=interval) for i in range(events))

    async def test_the_load_of_each_serial_line_is_told(self):
        done = await self.check(self.meter("slow", 2400, 3, 0.5), self.meter("fast", 115200, 3, 0.5, "/dev/zero"),
                                section("plc", host="10.0.0.1") + event("e", 0, "plc"), strict=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        loads = {line: (int(share), int(baud)) for line, share, baud in LOAD.findall(done.stdout)}
        # A read of one register: 8 and 7 characters of eleven bits and two silences of 3.5, three times in half a second.
        self.assertEqual(set(loads), {"rtu /dev/null", "rtu /dev/zero"})
        self.assertEqual(loads["rtu /dev/null"][1], 2400)
        self.assertAlmostEqual(loads["rtu /dev/null"][0], 100 * 3 * (15 + 7) * 11 / 2400 / 0.5, delta=8)
        self.assertLess(loads["rtu /dev/zero"][0], 10)

    async def test_a_line_that_cannot_keep_up_is_a_warning_and_a_mistake_only_where_that_is_asked_for(self):
        rig = self.meter("slow", 1200, 8, 0.5)
        done = await self.check(rig)
        self.assertEqual(done.returncode, 0, done.stderr)
        share = int(LOAD.search(done.stdout)[2])
        self.assertGreater(share, 100)
        fitting = float(FITS.search(done.stdout)[1])
        self.assertEqual((await self.check(rig, strict=True)).returncode, 78)
        # The interval that it proposes does fit, and is no longer than needed.
        done = await self.check(self.meter("slow", 1200, 8, fitting), strict=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreater(int(LOAD.search(done.stdout)[2]), 80)

    async def test_what_is_written_and_can_hardly_be_meant_is_a_warning_and_with_strict_a_mistake(self):
        rig = (section("plc", host="10.0.0.1:502") + event("a", 40101, "plc") + event("b", 7, "plc")
               + event("c", 100, "plc", "float32") + event("d", 101, "plc") + self.meter("gone", 9600, 1, 1, "/dev/ttyGONE"))
        done = await self.check(rig)
        self.assertEqual(done.returncode, 0, done.stderr)
        warnings = [line for line in done.stdout.splitlines() if line.startswith("warning: ")]
        for number, said in enumerate(("[device:plc] host", "[event:a] register", "[event:d] register", "[device:gone] serial")):
            self.assertEqual(len([line for line in warnings if said in line]), 1, (number, warnings))
        self.assertTrue(all(re.search(r"rig\.ini:\d+: ", line) for line in warnings), warnings)
        done = await self.check(rig, strict=True)
        self.assertEqual(done.returncode, 78)
        self.assertEqual(len(done.stderr.splitlines()), len(warnings), done.stderr)


if __name__ == "__main__":
    unittest.main()
