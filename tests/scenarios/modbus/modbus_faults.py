"""Every way in which a Modbus device can misbehave, over TCP and over a serial line: no wrong value, and the line is in
step again soon after the last fault. `./run bench faults` is the long form."""

import asyncio
import unittest

from harness import faults
from harness.case import Scenario
from harness.programs import SLOWNESS

RESYNCHRONISED = 2.0


class ModbusFaults(Scenario):
    async def faults(self, transport, polls, **shares):
        figures = await asyncio.to_thread(faults.run, self.folder, transport, polls, bursts=2, **shares)
        print(f"{transport}: {vars(figures)}")
        self.assertEqual(figures.wrong, 0)
        self.assertGreater(figures.good, 2 * polls, "three values a poll, most of them good")
        self.assertGreater(int(figures.spoilt.split()[-4]), 40, figures.spoilt)
        self.assertEqual(figures.bad_after, {})
        self.assertLess(max(figures.settled), RESYNCHRONISED * SLOWNESS)

    async def test_over_tcp(self):
        await self.faults("tcp", 20_000, timeout="50ms", slow=0.001, quick=0.01, rare=0.0005)

    async def test_over_a_serial_line(self):
        await self.faults("rtu", 1_500, timeout="60ms", slow=0.004, quick=0.006, rare=0.0005)


if __name__ == "__main__":
    unittest.main()
