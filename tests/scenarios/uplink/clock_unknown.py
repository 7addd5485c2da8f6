"""A box that has just started: nobody has said yet whether its clock is right, the hub is away, and the agent is killed
again and again. What was polled meanwhile waits on disk, and is stored once, under the time at which it was polled, when
the hub is there. (Where the kernel says that its clock is synchronised nothing waits, and the same must be true.)"""

import unittest

from harness.case import Scenario
from harness.counted_rig import CountedRig

CHANNELS = 8
KILLS = 3


class ClockUnknown(Scenario):
    async def make_rig(self, server):
        return await CountedRig.make(self, server, CHANNELS, poll_interval="0.1", spill_after="0", clock="wait")

    async def assert_nothing_is_lost(self, server, rig):
        """With the hub there again: all that was polled meanwhile is stored, and each reading once."""
        await server.start()
        await rig.polls_go_on(10)
        await rig.stop()
        await rig.hand_over()
        await rig.assert_all_arrive()

    async def test_an_agent_that_is_killed_before_it_knows_the_time(self):
        server = self.hub()
        rig = await self.make_rig(server)
        for _ in range(KILLS):
            rig.start()
            await rig.polls_go_on(15)
            rig.kill()
        rig.start()
        await rig.polls_go_on(10)
        await self.assert_nothing_is_lost(server, rig)
        self.assertGreater(server.store.count(), CHANNELS * 10 * KILLS)

    async def test_a_hub_that_goes_away_and_an_agent_that_is_killed_meanwhile(self):
        server = self.hub()
        await server.start()
        rig = await self.make_rig(server)
        rig.start()
        await rig.polls_go_on(10)
        server.stop()
        for _ in range(KILLS):
            rig.kill()
            rig.start()
            await rig.polls_go_on(10)
        await self.assert_nothing_is_lost(server, rig)


if __name__ == "__main__":
    unittest.main()
