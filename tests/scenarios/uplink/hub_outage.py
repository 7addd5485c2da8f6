"""The hub is away for 20 s: polling goes on, live readings come first when it is back, and every reading that was
polled is stored, once, with its original time."""

import asyncio
import unittest

from harness.case import Scenario
from harness.counted_rig import CountedRig
from harness.subscriber import Subscriber
from harness.times import microseconds
from harness.wait import until

CHANNELS = 8
POLL = 0.1
OUTAGE = 20.0


class HubOutage(Scenario):
    async def test_the_hub_is_stopped_for_20_seconds(self):
        server = self.hub()
        viewer_token = await server.token("viewer", "viewer")
        await server.start()
        rig = await CountedRig.make(self, server, CHANNELS, poll_interval=str(POLL), spill_after="0")
        rig.start()
        await until(lambda: server.store.count() > 20 * CHANNELS, 20)
        await asyncio.to_thread(server.stop)
        polls = rig.polls()
        await asyncio.sleep(OUTAGE)
        self.assertGreater(rig.polls() - polls, 0.9 * OUTAGE / POLL, "polling goes on without the hub")
        await server.start()
        subscriber = await Subscriber.connect(server, viewer_token)
        await subscriber.wait_for(CHANNELS, 30)
        age = subscriber.times[0] - microseconds(subscriber.received[0]["timestamp"]) / 1e6
        self.assertLess(age, 2.5, "live readings do not wait for the backlog")
        await rig.polls_go_on(20)

        await rig.stop()
        await rig.hand_over()
        await rig.assert_all_arrive()


if __name__ == "__main__":
    unittest.main()
