"""Every way in which a Modbus device can misbehave, replies of up to ten timeouts late among them, over TCP, serial lines
and serial servers: no wrong value, none that is older than the first try of its request, and every line is in step
again soon after the last fault. `./run bench faults` is the long form."""

import asyncio
import unittest

from harness import faults
from harness.case import Scenario
from harness.programs import SLOWNESS


class ModbusFaults(Scenario):
    async def faults(self, transport, polls, timeout, **shares):
        figures = await asyncio.to_thread(faults.run, self.folder, transport, polls, bursts=2, timeout=timeout * SLOWNESS,
                                          lines=4, late=0.01, **shares)
        print(f"{transport}: {vars(figures)}")
        self.assertEqual(figures.wrong, 0)
        self.assertGreater(figures.good, 2 * polls, "three values a poll, most of them good")
        self.assertGreater(int(figures.spoilt.split()[-4]), 40, figures.spoilt)
        self.assertEqual(figures.bad_after, {})
        self.assertLess(max(figures.settled), faults.SETTLED_WITHIN * timeout * SLOWNESS)

    async def test_over_tcp(self):
        await self.faults("tcp", 20_000, timeout=0.05, slow=0.001, quick=0.01, rare=0.0005)

    async def test_over_serial_lines(self):
        await self.faults("rtu", 3_000, timeout=0.08, slow=0.003, quick=0.006, rare=0.0005)

    async def test_through_serial_servers(self):
        await self.faults("rtu_over_tcp", 4_000, timeout=0.08, slow=0.003, quick=0.006, rare=0.0005)


if __name__ == "__main__":
    unittest.main()
