"""The hub is away for 20 s, then the agent is killed again and again: every reading that was polled is stored, once, with
its original time. Only what was in the air when the agent was killed may miss."""

import asyncio
import random
import time
import unittest

from harness.case import Scenario
from harness.modbus_server import CountingBlock, ModbusServer
from harness.subscriber import Subscriber
from harness.times import microseconds
from harness.wait import until

CHANNELS = 8
POLL = 0.1
OUTAGE = 20.0
KILLS = 6
# From the moment the unit answers to the agent's time stamp, and to the reading being on its disk.
REPLY_SECONDS = 0.5


class HubOutage(Scenario):
    async def asyncSetUp(self):
        self.block = CountingBlock(CHANNELS)
        self.modbus = await ModbusServer(holding=self.block).start()
        self.ends = []  # when the agent was killed or stopped: its last request may have been in the air
        self.server = self.hub()
        self.viewer_token = await self.server.token("viewer", "viewer")
        await self.server.start()
        rig = self.modbus.device() + "".join(
            f"[event:evt_{i}]\ndevice = plc\nregister = holding:{2 * i}\ntype = uint32\n" for i in range(CHANNELS))
        self.box = await self.agent(rig, self.server, poll_interval=str(POLL), spill_after="0")

    def stored(self, channel):
        """(value, seconds since 1970), in the order of time."""
        rows = self.server.store.datapoints(f"evt_{channel}")
        return [(value, moment / 1e6) for _, moment, value, reason in rows if reason is None]

    def polled(self):
        return len(self.block.served[0])

    async def goes_on(self, polls):
        count = self.polled()
        await until(lambda: self.polled() >= count + polls, 20, f"{polls} more polls")

    async def finish(self):
        """The agent stops cleanly and hands over what it still held."""
        self.ends.append(time.time())
        code, _ = await asyncio.to_thread(self.box.stop)
        self.assertEqual(code, 0)
        await self.modbus.stop()
        self.box.start()

    def lost(self):
        """What was polled and is not stored, but for one request per channel and end of the agent."""
        lost = []
        for channel, journal in enumerate(self.block.served):
            stored = {int(value) for value, _ in self.stored(channel)}
            spared = set()
            for value, moment in journal:
                ends = [end for end in self.ends if -0.05 < end - moment < REPLY_SECONDS and end not in spared]
                if value in stored:
                    continue
                if ends:
                    spared.add(ends[0])
                else:
                    lost.append((channel, value, moment))
        return lost

    async def assert_complete(self):
        await until(lambda: not self.lost(), 30, "everything that was polled is stored")
        for channel, journal in enumerate(self.block.served):
            stored = self.stored(channel)
            values = [int(value) for value, _ in stored]
            self.assertEqual(values, sorted(set(values)), f"evt_{channel}: once each, in order")
            times = [moment for _, moment in stored]
            self.assertTrue(all(a < b for a, b in zip(times, times[1:])))
            served = dict(journal)
            for value, moment in stored:
                self.assertGreaterEqual(moment, served[int(value)] - 0.001, f"evt_{channel} {value}: its original time")
                self.assertLess(moment, served[int(value)] + REPLY_SECONDS, f"evt_{channel} {value}: its original time")

    async def test_the_hub_is_stopped_for_20_seconds(self):
        self.box.start()
        await until(lambda: self.server.store.count() > 20 * CHANNELS, 20)
        await asyncio.to_thread(self.server.stop)
        polled = self.polled()
        await asyncio.sleep(OUTAGE)
        self.assertGreater(self.polled() - polled, 0.9 * OUTAGE / POLL, "polling goes on without the hub")
        await self.server.start()
        subscriber = await Subscriber.connect(self.server, self.viewer_token)
        await subscriber.wait_for(CHANNELS, 30)
        age = subscriber.times[0] - microseconds(subscriber.received[0]["timestamp"]) / 1e6
        self.assertLess(age, 2.5, "live readings do not wait for the backlog")
        await self.goes_on(20)
        await self.finish()
        await self.assert_complete()

    async def test_the_agent_is_killed_again_and_again(self):
        chance = random.Random(20250115)
        self.box.start()
        for kill in range(KILLS):
            await self.goes_on(3)
            await asyncio.sleep(chance.uniform(0, 1.0))
            if kill == 2:
                await asyncio.to_thread(self.server.kill)
            self.ends.append(time.time())
            self.box.kill()
            await asyncio.sleep(chance.uniform(0, 0.3))
            self.box.start()
            if kill == 4:
                await self.server.start()
        await self.goes_on(10)
        await self.finish()
        await self.assert_complete()

    async def test_the_hub_is_killed_again_and_again(self):
        chance = random.Random(20250116)
        self.box.start()
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.2, 1.5))
            await asyncio.to_thread(self.server.kill)
            await self.server.start()
        await self.goes_on(10)
        await self.finish()
        await self.assert_complete()


if __name__ == "__main__":
    unittest.main()
