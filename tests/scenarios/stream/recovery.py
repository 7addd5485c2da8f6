"""A `since=` client whose connection breaks again and again while data flows: nothing is missing and nothing comes twice,
or the hub says that it cannot know."""

import asyncio
import json
import random
import unittest

import websockets

from harness.case import Scenario
from harness.chance import seed
from harness.controller import reading
from harness.programs import SLOWNESS
from harness.subscriber import PATH
from harness.times import microseconds, rfc3339

T0 = microseconds("2025-01-15T14:32:10Z")
BREAKS = 1000 if SLOWNESS == 1 else 200
SEED = seed(5)


class Recovery(Scenario):
    async def start(self, **settings):
        await self.start_hub_with_rig(max_connections_per_address=5000, **settings)
        self.sent = 0
        self.enough = False
        self.random = random.Random(SEED)

    async def push(self, most):
        count = self.random.randint(1, most)
        batch = [reading(f"evt_{i % 7}", i, rfc3339(T0 + i)) for i in range(self.sent, self.sent + count)]
        ack = await self.controller.ask({"batch": self.sent, "datapoints": batch})
        self.assertEqual(ack["stored"], count)
        self.sent += count

    async def flow(self, most):
        while not self.enough:
            await self.push(most)
            await asyncio.sleep(self.random.uniform(0, 0.01))

    async def connect(self, cursor):
        since = {"since": cursor} if cursor else {}
        return await websockets.connect(self.server.url(PATH, self.viewer_token, format="batch", **since),
                                        compression=None, max_queue=None, max_size=None)

    async def test_breaks_at_random_moments_lose_and_repeat_nothing(self):
        await self.start(stream_interval="5ms")
        flowing = asyncio.create_task(self.flow(20))
        cursor, seen, recovered = None, [], 0
        for turn in range(BREAKS + 1):
            socket = await self.connect(cursor)
            last_turn = turn == BREAKS
            if last_turn:
                self.enough = True
                await flowing
            frames = None if last_turn else self.random.randint(0, 8)
            while frames is None or frames > 0:
                if frames is None and seen and seen[-1] == self.sent - 1:
                    break
                message = json.loads(await asyncio.wait_for(socket.recv(), 10 * SLOWNESS))
                if message["type"] == "connected":
                    if cursor:
                        self.assertTrue(message["recovered"], message)
                        recovered += 1
                    cursor = message["cursor"]
                    # Before the first cursor, the latest values stand for what was.
                elif message["type"] == "datapoints_batch":
                    self.assertNotIn("skipped", message)
                    seen += [int(point["value"]) for point in message["datapoints"]]
                    cursor = message["cursor"]
                if frames:
                    frames -= 1
            if self.random.random() < 0.5:
                socket.transport.abort()  # as a cable that is pulled
            else:
                await socket.close()
        first = seen[0]
        self.assertEqual(seen, list(range(first, self.sent)))
        self.assertGreater(recovered, BREAKS // 2)
        print(f"{BREAKS} breaks, {recovered} recovered, {len(seen)} datapoints, each once")

    async def test_beyond_the_ring_the_hub_says_so(self):
        await self.start(history="1MiB")
        socket = await self.connect(None)
        cursor = json.loads(await socket.recv())["cursor"]
        await socket.close()
        for _ in range(40):
            batch = [reading("evt_a", i, rfc3339(T0 + i)) for i in range(self.sent, self.sent + 500)]
            self.assertEqual((await self.controller.ask({"batch": 1, "datapoints": batch}))["stored"], 500)
            self.sent += 500
        socket = await self.connect(cursor)
        greeting = json.loads(await socket.recv())
        await socket.close()
        self.assertFalse(greeting["recovered"])
        self.assertEqual(greeting["latest"][0]["value"], self.sent - 1)

    async def test_another_epoch_or_a_cursor_of_the_future_recovers_nothing(self):
        await self.start()
        await self.push(20)
        socket = await self.connect(None)
        epoch, number = json.loads(await socket.recv())["cursor"].rsplit(":", 1)
        await socket.close()
        for cursor in (f"{epoch}x:{number}", f"{epoch}:{int(number) + 1}", f"{epoch}:{2**64 - 1}", f"{epoch}:", "x", ":"):
            with self.subTest(cursor=cursor):
                socket = await self.connect(cursor)
                self.assertFalse(json.loads(await socket.recv())["recovered"])
                await socket.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
