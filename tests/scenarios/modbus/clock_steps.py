"""The agent's clock is set by an hour, forwards and back (libfaketime): by the simulator's journal the polls keep
their schedule, and the stamps follow the clock. poller_clock_test takes the exact figure with a clock of its own."""

import asyncio
import time
import unittest

from harness.case import Scenario
from harness.fake_clock import LIBRARY
from harness.programs import SLOWNESS
from harness.simulator import Simulator
from harness.wait import until

POLL = 0.5
HOUR = 3600
RIG = "[device:plc]\nhost = 10.0.0.1\n[event:evt_a]\ndevice = plc\nregister = holding:0\ntype = uint32\n"


@unittest.skipIf(SLOWNESS != 1, "a sanitizer wants to be loaded before libfaketime")
class ClockSteps(Scenario):
    def set_clock(self, seconds):
        fresh = self.folder / "offset.new"
        fresh.write_text(f"{seconds:+d}\n")
        fresh.rename(self.offset)  # never half a file

    def polls(self):
        """When each value went out, by a clock that nobody set."""
        return [int(line.split()[0]) / 1e6 for line in self.journal.read_text().splitlines()]

    async def test_the_clock_is_set_by_an_hour_forwards_and_back(self):
        hub = await self.hub().start()
        self.offset, self.journal = self.folder / "offset", self.folder / "journal"
        self.set_clock(0)
        with Simulator(self.folder, "rig", RIG, "--counter", "--journal", self.journal) as simulator:
            box = await self.agent(simulator.local.read_text(), hub, poll_interval=str(POLL), clock="wait")
            box.program.command = ["env", f"LD_PRELOAD={LIBRARY}", f"FAKETIME_TIMESTAMP_FILE={self.offset}",
                                   "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_NO_CACHE=1", *box.program.command]
            box.start()
            for seconds in (0, HOUR, -HOUR, 0):
                self.set_clock(seconds)
                polled = len(self.polls())
                await until(lambda: len(self.polls()) >= polled + 6, 20)

                def arrived():
                    rows = hub.store.datapoints("evt_a")
                    return rows and any(abs(row[1] / 1e6 - seconds - time.time()) < 2 for row in rows)
                await until(arrived, 10, f"stamps of a clock that is {seconds} s off")
            self.assertEqual((await asyncio.to_thread(box.stop))[0], 0)
        times = self.polls()
        # A schedule that follows the clock would hurry 7200 polls, or wait for an hour. What it is late on a busy machine
        # does not add up.
        late = [at - times[0] - POLL * i for i, at in enumerate(times)]
        print(f"{len(times)} polls through four clocks, each within {1000 * (max(late) - min(late)):.0f} ms of its time")
        self.assertLess(max(late) - min(late), 0.8 * POLL, "no burst and no hole")
        rows = hub.store.datapoints("evt_a")
        self.assertEqual({row[2] for row in rows if row[2] is not None}, {float(n + 1) for n in range(len(times))})
        # Each step is marked, and told with both times.
        self.assertEqual([row[3] for row in rows if row[2] is None], 3 * ["clock was set"])
        said = [line for line in box.program.log().splitlines() if "the clock was set from" in line]
        self.assertEqual(len(said), 3)


if __name__ == "__main__":
    unittest.main()
