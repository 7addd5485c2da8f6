"""SIGHUP while the agent polls: by the simulator's journal, a device that did not change is polled as if nothing had
happened, and a wrong file changes nothing at all."""

import asyncio
import itertools
import signal
import time
import unittest

from harness.case import Scenario
from harness.programs import SLOWNESS
from harness.simulator import Simulator
from harness.wait import until

POLL = 0.2
AROUND = 3 * POLL  # so long before and after a reload it is watched
UNITS = """[device:{name}]
host = 10.0.0.{host}
unit = {unit}
timeout = 1s
[event:{name}]
device = {name}
register = holding:{register}
type = uint32
"""


def unit(name, host, number, register=0):
    return UNITS.format(name=name, host=host, unit=number, register=register)


# A gateway with three units, one of them dead, and a device of its own.
BEFORE = unit("steady", 1, 1) + unit("dead", 1, 2) + unit("changing", 1, 3) + unit("alone", 2, 1)
EXTRA = "[event:extra]\ndevice = changing\nregister = holding:10\ntype = uint32\n"
# What the simulator serves: all that any of the files asks for.
SERVED = BEFORE + EXTRA
WRONG = "[event:extra]\ndevice = nobody\nregister = holding:10\n"


class Reload(Scenario):
    def polled(self, event):
        """When the event's value went out, and which one it was, by the simulator's journal."""
        rows = [line.split() for line in self.journal.read_text().splitlines()]
        return [(int(row[0]) / 1e6, float(row[2])) for row in rows if len(row) == 3 and row[1] == event]

    def stored(self, event):
        return [(row[1] / 1e6, row[2]) for row in self.hub_.store.datapoints(event)]

    async def reload(self, ini, word):
        """SIGHUP; waits until the agent says `word`."""
        said = self.box.program.log().count(word)
        self.box.ini.write_text(ini)
        self.box.program.terminate(signal.SIGHUP)
        await until(lambda: self.box.program.log().count(word) > said, 10 * SLOWNESS)
        self.reloads.append(time.time())
        await asyncio.sleep(AROUND)

    def assert_no_poll_missed(self, event):
        # Each value counts its reads: none was read twice within a period, none is missing in the store.
        polls = self.polled(event)
        began, ended = self.reloads[0] - AROUND, self.reloads[-1] + AROUND
        times = [at for at, _ in polls if began <= at <= ended]
        steps = [later - earlier for earlier, later in itertools.pairwise(times)]
        self.assertGreater(len(steps), 12)
        self.assertLess(max(steps), 1.9 * POLL, f"{event} missed a poll: {steps}")
        self.assertGreater(min(steps), 0.1 * POLL, f"{event} was polled beside its schedule: {steps}")
        beats = (times[-1] - times[0]) / POLL
        self.assertAlmostEqual(beats, round(beats), delta=0.4, msg=f"{event}'s schedule was moved")
        self.assertEqual(round(beats), len(steps))
        values = [value for _, value in self.stored(event)]
        self.assertEqual(values, [float(count) for count in range(1, len(values) + 1)], f"{event} lost a value")

    async def test_devices_that_did_not_change_miss_no_poll_and_a_wrong_file_changes_nothing(self):
        self.hub_ = await self.hub().start()
        self.journal = self.folder / "journal"
        self.reloads = []
        with Simulator(self.folder, "rig", SERVED, "--counter", "--journal", self.journal) as simulator:
            simulator.command("unit 2 off")
            local = simulator.local.read_text()
            first = local.replace(local[local.index("[event:extra]"):], "")
            self.box = (await self.agent(first, self.hub_, poll_interval=str(POLL))).start()
            await until(lambda: "timeout: no reply" in self.box.program.log(), 20 * SLOWNESS)
            # Each try of the dead unit holds its line up for a second: now, and 1, 4, 9 and 18 s from now.
            await asyncio.sleep(10.5)
            right = self.box.ini.read_text()

            await self.reload(right, "in force")
            await self.reload(right.replace("[device:changing]", "[device:changing]\nretries = 3"), "in force")
            await self.reload(right.replace("poll_interval = ", "pol_interval = "), "refused")
            await self.reload(right + EXTRA, "in force")
            await self.reload(right + WRONG, "refused")
            self.assertIn("did you mean", self.box.program.log())
            await until(lambda: self.polled("extra"), 10 * SLOWNESS, "what was added is polled")
            polls = len(self.polled("changing"))
            await until(lambda: len(self.polled("changing")) > polls + 2)
            self.assertEqual((await asyncio.to_thread(self.box.stop))[0], 0)
        self.assert_no_poll_missed("alone")
        self.assert_no_poll_missed("steady")
        bad = [row for row in self.hub_.store.datapoints("dead")]
        self.assertEqual(len(bad), 1, "the dead unit was not asked anew")


if __name__ == "__main__":
    unittest.main()
