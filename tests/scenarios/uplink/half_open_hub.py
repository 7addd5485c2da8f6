"""The connection to the hub dies without a word: the agent pings after 5 s of silence, gives it up after 15 s and
connects anew, while it goes on polling. Nothing is lost, and nothing is stored twice."""

import time
import unittest

from harness.case import Scenario
from harness.counted_rig import CountedRig
from harness.programs import SLOWNESS
from harness.tcp_proxy import TcpProxy
from harness.wait import until

SILENCE = 15.0  # from the last byte of the hub


class HalfOpenHub(Scenario):
    async def test_the_agent_connects_anew_after_15_seconds(self):
        server = await self.hub().start()
        proxy = await TcpProxy(server.port).start()
        rig = await CountedRig.make(self, server, port=proxy.port, poll_interval="0.1")
        rig.start()
        await until(lambda: server.store.count() > 100, 20)

        proxy.black_hole(new_too=False)
        begun, accepted = time.monotonic(), proxy.accepted
        # The last answer may be older than the hole, but by little: one came for each poll.
        await until(lambda: proxy.accepted > accepted, SILENCE + 10 * SLOWNESS, "the agent connects anew")
        self.assertGreater(time.monotonic() - begun, SILENCE - 2, "a hub that is merely slow gets its time")
        polls = rig.polls()
        self.assertGreater(polls, 100, "polling went on")
        stored = server.store.count()
        await until(lambda: server.store.count() > stored + 10 * 100, 20 * SLOWNESS, "the backlog and live readings")

        proxy.restore()  # what was in the hole arrives late, beside the new connection
        await rig.polls_go_on(10)
        await rig.stop()
        await rig.hand_over()
        await rig.assert_all_arrive()
        await proxy.stop()


if __name__ == "__main__":
    unittest.main()
