"""A box without a battery clock boots with last week's time (libfaketime), and the kernel does not say that its clock is
right: nothing is stored under a time that nobody knows, and everything gets its right time once the clock is set."""

import asyncio
import os
import subprocess
import time
import unittest

from harness.case import Scenario
from harness.fake_clock import LIBRARY
from harness.programs import SLOWNESS
from harness.simulator import Simulator
from harness.wait import until

POLL = 0.3
STAMPED_WITHIN = 1.0  # seconds of when it was read, however busy the machine is
WEEK = 7 * 24 * 3600
RIG = "[device:plc]\nhost = 10.0.0.1\n[event:evt_a]\ndevice = plc\nregister = holding:0\ntype = uint32\n"

# What the kernel says of its clock: right while a file exists.
KERNEL = r"""
#include <sys/timex.h>
#include <stdlib.h>
#include <unistd.h>
int adjtimex(struct timex* state) {
  state->status = 0;
  return access(getenv("SYNCHRONISED"), F_OK) == 0 ? TIME_OK : TIME_ERROR;
}
"""


@unittest.skipIf(SLOWNESS != 1, "a sanitizer wants to be loaded before libfaketime")
class ClockWaits(Scenario):
    async def asyncSetUp(self):
        self.offset, self.journal = self.folder / "offset", self.folder / "journal"
        self.synchronised, self.kernel = self.folder / "synchronised", self.folder / "kernel.so"
        (self.folder / "kernel.c").write_text(KERNEL)
        await asyncio.to_thread(subprocess.run, [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", self.kernel,
                                                 self.folder / "kernel.c"], check=True)
        self.set_clock(-WEEK)
        self.server = await self.hub().start()
        simulator = Simulator(self.folder, "rig", RIG, "--counter", "--journal", self.journal)
        simulator.__enter__()
        self.addCleanup(simulator.__exit__, None, None, None)
        self.rig = simulator.local.read_text()

    def set_clock(self, seconds):
        fresh = self.folder / "offset.new"
        fresh.write_text(f"{seconds:+d}\n")
        fresh.rename(self.offset)  # never half a file

    async def start(self, clock):
        self.box = await self.agent(self.rig, self.server, poll_interval=str(POLL), clock=clock)
        self.box.program.command = ["env", f"LD_PRELOAD={self.kernel} {LIBRARY}", f"SYNCHRONISED={self.synchronised}",
                                    f"FAKETIME_TIMESTAMP_FILE={self.offset}", "FAKETIME_DONT_FAKE_MONOTONIC=1",
                                    "FAKETIME_NO_CACHE=1", *self.box.program.command]
        self.box.start()

    def served(self):
        """When each value of the counter went out, by a clock that nobody set."""
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        return [int(line.split()[0]) / 1e6 for line in lines]

    def stored(self):
        return self.server.store.datapoints("evt_a")

    async def polls_go_on(self, count):
        polled = len(self.served())
        await until(lambda: len(self.served()) >= polled + count, 30)

    async def assert_all_arrive_under_their_time(self):
        """What was polled until now, each value once and when it was read."""
        polled = self.served()
        await until(lambda: len(self.stored()) >= len(polled), 30, lambda: f"{len(self.stored())} of {len(polled)} stored")
        self.assertEqual((await asyncio.to_thread(self.box.stop))[0], 0)
        # The journal has another clock's seconds; by how much they differ is the same for each.
        served = self.served()
        apart = [row[1] / 1e6 - served[int(row[2]) - 1] for row in self.stored()]
        self.assertEqual([row[2] for row in self.stored()][:len(polled)], [n + 1.0 for n in range(len(polled))])
        self.assertLess(max(apart) - min(apart), STAMPED_WITHIN, "as far apart as they were read")
        age = time.time() - self.stored()[-1][1] / 1e6
        self.assertTrue(-1 < age < 30, f"the last one is {age:.1f} s old")
        return len(polled)

    async def test_a_clock_that_is_set_later_dates_all_that_was_read_before(self):
        await self.start("wait")
        await self.polls_go_on(12)
        self.assertEqual(self.stored(), [], "nothing is stored under last week's time")
        self.assertEqual(self.box.program.log().count("was set from"), 0)
        self.set_clock(0)
        self.synchronised.touch()
        self.assertGreaterEqual(await self.assert_all_arrive_under_their_time(), 12)
        self.assertNotIn("clock was set", [row[3] for row in self.stored()], "that is no step of a clock that was trusted")

    async def test_a_box_that_loses_power_in_between_hands_over_what_it_read(self):
        await self.start("wait")
        safe = set()
        for _ in range(2):
            begins = len(self.served())
            await self.polls_go_on(6)
            safe.update(float(n) for n in range(begins + 1, begins + 6))
            await asyncio.sleep(1.5)  # what is younger may be lost with the power
            self.box.kill()
            self.box.start()
        await self.polls_go_on(6)
        self.assertEqual(self.stored(), [])
        self.set_clock(0)
        self.synchronised.touch()
        await until(lambda: safe <= {row[2] for row in self.stored()}, 30, lambda: f"{safe}: {self.stored()}")
        self.assertEqual((await asyncio.to_thread(self.box.stop))[0], 0)
        apart = [row[1] / 1e6 - self.served()[int(row[2]) - 1] for row in self.stored()]
        self.assertLess(max(apart) - min(apart), STAMPED_WITHIN)
        self.assertLess(abs(time.time() - self.stored()[-1][1] / 1e6), 30)

    async def test_the_hubs_time_is_enough_where_it_agrees(self):
        self.set_clock(0)
        await self.start("wait")
        await self.polls_go_on(6)
        await self.assert_all_arrive_under_their_time()

    async def test_a_box_that_is_told_to_trust_its_clock_does(self):
        await self.start("trust")
        await until(self.stored, 20)
        self.assertLess(abs(self.stored()[0][1] / 1e6 + WEEK - time.time()), 60)


if __name__ == "__main__":
    unittest.main()
