"""A subscriber that takes nothing for half a minute: it is dropped, what was kept for it is free, and with its cursor it
comes back complete, however much more than its queue it missed."""

import asyncio
import json
import socket
import unittest

import websockets

from harness.case import Scenario
from harness.controller import reading
from harness.programs import SLOWNESS
from harness.raw_websocket import TEXT, RawWebSocket
from harness.subscriber import PATH
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T14:32:10Z")
QUEUE = 128 * 1024
DROPPED_AFTER = 30.0  # the contract's


class SlowClientLeaves(Scenario):
    async def asyncSetUp(self):
        await self.start_hub_with_rig(client_queue=QUEUE)
        self.sent = 0

    async def push(self, count):
        for first in range(self.sent, self.sent + count, 500):
            batch = [reading(f"evt_{i % 10}", i, rfc3339(T0 + i)) for i in range(first, min(first + 500, self.sent + count))]
            self.assertEqual((await self.controller.ask({"batch": first, "datapoints": batch}))["stored"], len(batch))
        self.sent += count

    async def figure(self, name):
        text = (await self.server.get("/metrics")).body.decode()
        return float(next(line.rsplit(" ", 1)[1] for line in text.splitlines() if line.startswith(name + " ")))

    async def values_since(self, cursor):
        """Connects with the cursor and reads until the last value that was sent."""
        socket_ = await websockets.connect(self.server.url(PATH, self.viewer_token, format="batch", since=cursor),
                                           compression=None, max_queue=None, max_size=None)
        values = []
        while not values or values[-1] != self.sent - 1:
            message = json.loads(await asyncio.wait_for(socket_.recv(), 10 * SLOWNESS))
            self.assertNotIn("skipped", message)
            if message["type"] == "connected":
                self.assertTrue(message["recovered"])
            values += [point["value"] for point in message.get("datapoints", [])]
        await socket_.close()
        return values

    async def test_it_is_dropped_and_comes_back_complete(self):
        slow = await asyncio.to_thread(RawWebSocket, self.server.port,
                                       f"{PATH}?format=batch&token={self.viewer_token}", timeout=30)
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        await self.push(10)
        seen, cursor = [], None
        while not seen or seen[-1] != 9:
            opcode, payload = await asyncio.to_thread(slow.receive)
            self.assertEqual(opcode, TEXT)
            envelope = json.loads(payload)
            seen += [point["value"] for point in envelope.get("datapoints", [])]
            cursor = envelope.get("cursor", cursor)

        await self.push(10000)
        self.assertGreater(await self.figure("webmacs_outbound_queue_bytes"), 0)
        waited = 0.0
        while await self.figure('webmacs_connections{role="viewer"}') == 1:
            self.assertLess(waited, (DROPPED_AFTER + 20) * SLOWNESS, "it is dropped")
            await asyncio.sleep(0.5)
            await self.push(10)
            waited += 0.5
        self.assertEqual(await self.figure("webmacs_outbound_queue_bytes"), 0)
        self.assertEqual(await self.figure('webmacs_websocket_closes_total{code="1006"}'), 1)
        slow.close()

        self.assertGreater(self.sent * 100, 4 * QUEUE)
        self.assertEqual(seen + await self.values_since(cursor), list(range(self.sent)))

    async def test_who_comes_back_while_readings_flow_misses_none_and_gets_none_twice(self):
        socket_ = await websockets.connect(self.server.url(PATH, self.viewer_token, format="batch"), compression=None)
        cursor = json.loads(await socket_.recv())["cursor"]
        await socket_.close()
        await self.push(20000)
        reading_on = asyncio.create_task(self.values_since(cursor))
        while not reading_on.done() and self.sent < 40000:
            await self.push(500)
        await until(reading_on.done, 20 * SLOWNESS)
        values = await reading_on
        self.assertEqual(values, list(range(len(values))))
        self.assertGreaterEqual(len(values), 20000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
