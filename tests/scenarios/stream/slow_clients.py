"""One client stops reading while others go on: its queue is bounded, the others notice nothing, and when it reads again
it has every event's latest value and knows what it was not sent."""

import asyncio
import json
import time
import unittest

from harness.case import Scenario
from harness.controller import reading
from harness.programs import SLOWNESS
from harness.raw_websocket import TEXT, RawWebSocket
from harness.subscriber import PATH, Subscriber
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T14:32:10Z")
EVENTS = 20
QUEUE = 128 * 1024
MORE_THAN_BUFFERS = 10000  # readings: the queue and the kernel on both sides hold no more than a few thousand
SILENCE = 5.0  # how long the slow one does not read


def figures(text):
    return {name: float(value) for name, value in
            (line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#")}


class SlowClients(Scenario):
    async def asyncSetUp(self):
        await self.start_hub_with_rig(client_queue=QUEUE)
        self.sent = 0

    async def metrics(self):
        return figures((await self.server.get("/metrics")).body.decode())

    def slow_peer(self, query):
        """A peer that reads only when it is told to."""
        return RawWebSocket(self.server.port, f"{PATH}?token={self.viewer_token}{query}", timeout=30)

    async def push_for(self, seconds, least=0):
        """Numbered readings of all events in turn, some thousands a second, and at least so many; answers the queue's
        greatest length."""
        until_then = time.monotonic() + seconds
        longest = 0
        while time.monotonic() < until_then or self.sent < least:
            batch = [reading(f"evt_{i % EVENTS}", i, rfc3339(T0 + i * 1000)) for i in range(self.sent, self.sent + 500)]
            ack = await self.controller.ask({"batch": self.sent, "datapoints": batch})
            self.assertEqual(ack.get("stored"), 500)
            self.sent += 500
            longest = max(longest, (await self.metrics())["webmacs_outbound_queue_bytes"])
            await asyncio.sleep(0.02)
        return longest

    async def test_a_batch_client_is_conflated_and_told(self):
        other = await Subscriber.connect(self.server, self.viewer_token, format="batch")
        slow = await asyncio.to_thread(self.slow_peer, "&format=batch")
        memory_before = (await self.metrics())["process_resident_memory_bytes"]
        longest = await self.push_for(SILENCE, least=MORE_THAN_BUFFERS)
        # The others' queues are empty again by the time we look: what stands there is the slow one's.
        self.assertLessEqual(longest, 2 * QUEUE)
        grown = (await self.metrics())["process_resident_memory_bytes"] - memory_before
        self.assertLess(grown, (64 + 16) * 1024 * 1024 * SLOWNESS)  # the history ring, and change
        await until(lambda: sum(len(e.get("datapoints", [])) for e in other.received) == self.sent, 5 * SLOWNESS)
        self.assertFalse(any("skipped" in envelope for envelope in other.received))

        def come_back():
            came, skipped, latest = 0, 0, {}
            started = time.monotonic()
            while came + skipped < self.sent:
                self.assertLess(time.monotonic() - started, 10, f"{came} + {skipped} of {self.sent}")
                opcode, payload = slow.receive()
                if opcode != TEXT:
                    continue
                envelope = json.loads(payload)
                skipped += envelope.get("skipped", 0)
                for point in envelope.get("datapoints", []):
                    came += 1
                    latest[point["event_public_id"]] = point["value"]
            return came, skipped, latest, time.monotonic() - started
        came, skipped, latest, seconds = await asyncio.to_thread(come_back)
        slow.close()
        self.assertGreater(skipped, 0)
        self.assertEqual(came + skipped, self.sent)  # nothing is left out unsaid
        self.assertEqual(latest, {f"evt_{i % EVENTS}": i for i in range(self.sent - EVENTS, self.sent)})
        self.assertLess(seconds, 1.0 * SLOWNESS)
        counted = await self.metrics()
        self.assertEqual(counted['webmacs_dropped_total{what="datapoints"}'], skipped)
        self.assertGreaterEqual(counted["webmacs_conflations_total"], 1)
        print(f"{self.sent} datapoints, {skipped} skipped, back in {seconds * 1000:.0f} ms, queue <= {longest:.0f}")

    async def test_a_default_client_is_closed_with_1013(self):
        other = await Subscriber.connect(self.server, self.viewer_token)
        slow = await asyncio.to_thread(self.slow_peer, "")
        await self.push_for(2.0, least=MORE_THAN_BUFFERS)

        async def dropped():
            return (await self.metrics())['webmacs_dropped_total{what="clients"}'] == 1
        await until(dropped, 20 * SLOWNESS)
        await until(lambda: len(other.received) == self.sent, 5 * SLOWNESS)

        async def gone():
            return (await self.metrics())['webmacs_connections{role="viewer"}'] == 1
        await until(gone, 5 * SLOWNESS)  # it never reads its close: the deadline ends it
        slow.close()
        self.assertIn("too slow for the stream", self.server.program.log())

    async def test_a_default_client_that_reads_on_sees_its_1013(self):
        slow = await asyncio.to_thread(self.slow_peer, "")

        async def dropped():
            return (await self.metrics())['webmacs_dropped_total{what="clients"}'] == 1

        async def push():
            while not await dropped():
                await self.push_for(0.2)
        await asyncio.wait_for(push(), 20 * SLOWNESS)
        self.assertEqual(await asyncio.to_thread(slow.receive_close), (1013, "Too slow"))
        slow.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
