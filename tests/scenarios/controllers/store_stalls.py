"""Another program keeps the database to itself. A controller that knows only the seed cannot be told "busy": it is slowed
down and loses nothing, its heartbeat rests meanwhile, and after 30 s it is closed with 1013."""

import asyncio
import contextlib
import sqlite3
import time
import unittest

import websockets

from harness.case import Scenario
from harness.controller import PATH, Controller, reading
from harness.programs import SLOWNESS
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T14:32:10Z")
MORE_THAN_THE_QUEUE = 60000  # readings; the hub takes 50000 that are not stored yet
LONGEST_HOLD = 30.0  # the contract's


class StoreStalls(Scenario):
    async def asyncSetUp(self):
        self.server = await self.hub(ws_heartbeat_interval="1s", ws_heartbeat_timeout="0.4s").start()
        url = self.server.url(PATH, await self.server.token("rig1", "controller"))
        # Its own pings would not be answered while the hub does not read: that is for the client to bear with.
        self.controller = Controller(await websockets.connect(url, compression=None, ping_interval=None))
        self.sent = 0
        await self.send(1)
        await until(lambda: self.server.store.count() == 1)

    async def send(self, count):
        """Readings in batches that are not to be answered."""
        for first in range(self.sent, self.sent + count, 500):
            batch = [reading("e", i, rfc3339(T0 + i)) for i in range(first, min(first + 500, self.sent + count))]
            await self.controller.send({"datapoints": batch})
        self.sent += count

    def cpu_seconds(self):
        with open(f"/proc/{self.server.program.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    @contextlib.contextmanager
    def kept_from_the_hub(self):
        with contextlib.closing(sqlite3.connect(self.server.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    async def health(self):
        return (await self.server.get("/health")).status

    async def degraded(self):
        return await self.health() == 503

    async def test_a_seed_controller_is_slowed_down_and_in_the_end_sent_away(self):
        with self.kept_from_the_hub():
            await self.send(10)
            await until(self.degraded, 30 * SLOWNESS)
            sending = asyncio.create_task(self.send(MORE_THAN_THE_QUEUE))
            await asyncio.sleep(3)
            cpu = self.cpu_seconds()
            await asyncio.sleep(2)  # heartbeats were due, and none was sent that it could not answer
            self.assertLess(self.cpu_seconds() - cpu, 0.5 * SLOWNESS)  # it waits; it does not look for room all the time
        await sending
        await until(lambda: self.server.store.count() == self.sent, 20 * SLOWNESS, "all that was sent is stored")
        self.assertEqual([value for _, _, value, _ in self.server.store.datapoints()], list(range(self.sent)))
        self.assertTrue(self.controller.socket.open)

        with self.kept_from_the_hub():
            started = time.monotonic()
            sending = asyncio.create_task(self.send(MORE_THAN_THE_QUEUE))
            closed = await self.controller.closed(LONGEST_HOLD + 30 * SLOWNESS)
            self.assertEqual(closed, (1013, "The store cannot keep up"))
            self.assertGreater(time.monotonic() - started, LONGEST_HOLD - 5)
            await asyncio.gather(sending, return_exceptions=True)
        await until(lambda: "could not be stored before it left" in self.server.program.log(), 10 * SLOWNESS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
