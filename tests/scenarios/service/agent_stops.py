"""SIGTERM to the agent, whatever hub and devices do: exit 0 within 5 s, and what was not acknowledged is on disk: it
arrives when the agent runs again."""

import asyncio
import unittest

from harness.case import Scenario
from harness.counted_rig import CountedRig
from harness.tcp_proxy import TcpProxy
from harness.wait import until


class AgentStops(Scenario):
    async def running_rig(self, **settings):
        """At 200 readings a second, and the hub has some of them already."""
        self.server = await self.hub().start()
        self.proxy = await TcpProxy(self.server.port).start()
        rig = await CountedRig.make(self, self.server, port=self.proxy.port, poll_interval="0.05", **settings)
        rig.start()
        await until(lambda: self.server.store.count() > 100, 20)
        return rig

    async def assert_nothing_is_lost(self, rig):
        await rig.hand_over()
        await rig.assert_all_arrive()
        await self.proxy.stop()

    async def test_under_load(self):
        rig = await self.running_rig()
        await rig.polls_go_on(40)
        await rig.stop()
        await self.assert_nothing_is_lost(rig)

    async def test_while_the_hub_is_away(self):
        rig = await self.running_rig()
        await asyncio.to_thread(self.server.stop)
        await rig.polls_go_on(40)
        await rig.stop()
        await self.server.start()
        await self.assert_nothing_is_lost(rig)

    async def test_while_the_hub_is_in_a_black_hole(self):
        rig = await self.running_rig()
        self.proxy.black_hole()
        await rig.polls_go_on(10)  # less than spill_after: these are in memory only
        await rig.stop()
        self.proxy.restore()
        await self.assert_nothing_is_lost(rig)

    async def test_while_the_hub_does_not_answer_the_handshake(self):
        rig = await self.running_rig()
        self.proxy.black_hole()
        self.proxy.reset_all()
        accepted = self.proxy.accepted
        await until(lambda: self.proxy.accepted > accepted, 20, "the agent tries again")
        await rig.polls_go_on(10)
        await rig.stop()
        self.proxy.restore()
        await self.assert_nothing_is_lost(rig)

    async def test_while_a_device_hangs(self):
        """It accepts the connection and takes requests; no answer ever comes."""
        asked = asyncio.Event()

        async def take(reader, _):
            while await reader.read(100):
                asked.set()
        silent = await asyncio.start_server(take, "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        rig = await self.running_rig(more=f"[device:silent]\nhost = 127.0.0.1\nport = {port}\ntimeout = 60s\n"
                                          "[event:evt_silent]\ndevice = silent\nregister = holding:0\ntype = uint16\n")
        await asyncio.wait_for(asked.wait(), 10)
        await asyncio.to_thread(self.server.stop)
        await rig.polls_go_on(40)
        await rig.stop()
        silent.close()
        await self.server.start()
        await self.assert_nothing_is_lost(rig)


if __name__ == "__main__":
    unittest.main()
