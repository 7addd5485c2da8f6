"""What a dashboard asks for, `format=batch`: the latest values first, envelopes with cursors, and never a silent gap."""

import asyncio
import json
import unittest

from harness.case import Scenario
from harness.controller import reading
from harness.raw_websocket import TEXT, RawWebSocket
from harness.subscriber import Subscriber
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T14:32:10Z")
BURST = 5000  # readings, about 700 KiB on the wire


def of_type(messages, type_):
    return [message for message in messages if message["type"] == type_]


def points(messages):
    return [point for envelope in of_type(messages, "datapoints_batch") for point in envelope["datapoints"]]


def skipped(messages):
    return sum(envelope.get("skipped", 0) for envelope in of_type(messages, "datapoints_batch"))


class LiveBatches(Scenario):
    async def start(self, **settings):
        await self.start_hub_with_rig(**settings)
        self.sent = 0

    async def subscribe(self, **query):
        return await Subscriber.connect(self.server, self.viewer_token, format="batch", **query)

    async def push(self, count, event="evt_a"):
        """Numbered readings, in batches that fit the credit; all are acknowledged when it returns."""
        frames = 0
        for first in range(self.sent, self.sent + count, 500):
            last = min(first + 500, self.sent + count)
            batch = [reading(event, i, rfc3339(T0 + i)) for i in range(first, last)]
            await self.controller.send({"batch": first, "datapoints": batch})
            frames += 1
        for _ in range(frames):
            self.assertEqual((await self.controller.receive())["type"], "ack")
        self.sent += count

    async def test_the_latest_values_come_first_and_the_rest_in_envelopes(self):
        await self.start()
        await self.push(3)
        await self.push(1, "evt_b")
        subscriber = await self.subscribe()
        greeting = (await subscriber.wait_for(1))[0]
        self.assertEqual((greeting["type"], greeting["recovered"]), ("connected", False))
        self.assertEqual({p["event_public_id"]: p["value"] for p in greeting["latest"]}, {"evt_a": 2, "evt_b": 3})
        await self.push(100)
        await until(lambda: len(points(subscriber.received)) == 100)
        self.assertEqual([p["value"] for p in points(subscriber.received)], list(range(4, 104)))

    async def test_a_cursor_brings_what_was_missed(self):
        await self.start()
        first = await self.subscribe()
        await self.push(10)
        await until(lambda: len(points(first.received)) == 10)
        cursor = of_type(first.received, "datapoints_batch")[-1]["cursor"]
        await first.close()
        await self.push(10)
        second = await self.subscribe(since=cursor)
        await until(lambda: len(points(second.received)) == 10)
        self.assertTrue(second.received[0]["recovered"])
        self.assertEqual([p["value"] for p in points(second.received)], list(range(10, 20)))

    async def test_a_cursor_of_an_earlier_hub_is_said_to_be_lost(self):
        await self.start()
        first = await self.subscribe()
        cursor = (await first.wait_for(1))[0]["cursor"]
        await asyncio.to_thread(self.server.stop)
        await self.server.start()
        second = await self.subscribe(since=cursor)
        self.assertFalse((await second.wait_for(1))[0]["recovered"])

    async def test_a_burst_beyond_the_clients_queue_leaves_no_silent_gap(self):
        await self.start(client_queue="128KiB", stream_interval="500ms")
        subscriber = await self.subscribe()
        await self.push(BURST)
        await self.push(1, "evt_b")

        def shown():
            return len(points(subscriber.received)) + skipped(subscriber.received)
        await until(lambda: shown() == BURST + 1, 5, lambda: f"{BURST + 1} shown or counted, but {shown()}")
        newest = {p["event_public_id"]: p["value"] for p in points(subscriber.received)}
        self.assertEqual(newest, {"evt_a": BURST - 1, "evt_b": BURST})

    async def test_a_client_that_stops_reading_gets_the_latest_values_and_a_count(self):
        await self.start(client_queue="128KiB")
        sleeper = await asyncio.to_thread(RawWebSocket, self.server.port,
                                          f"/ws/datapoints/stream?format=batch&token={self.viewer_token}")
        awake = await self.subscribe()
        for _ in range(10):  # far more than the queue and the socket's buffers hold
            await self.push(BURST)
        await until(lambda: points(awake.received) and points(awake.received)[-1]["value"] == self.sent - 1, 5,
                    "the other client is not held up")

        def wake_up():
            received, shown = [], 0
            while shown < self.sent:
                opcode, payload = sleeper.receive()
                if opcode == TEXT:
                    received.append(json.loads(payload))
                    shown = len(points(received)) + skipped(received)
            return received
        received = await asyncio.to_thread(wake_up)
        sleeper.close()
        self.assertEqual(len(points(received)) + skipped(received), self.sent)
        self.assertGreater(skipped(received), 0)
        self.assertEqual(points(received)[-1]["value"], self.sent - 1)


if __name__ == "__main__":
    unittest.main()
