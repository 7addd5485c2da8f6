"""A controller written from the seed's document alone (python3-websockets, its messages, its ?token=) against the hub."""

import asyncio
import json
import math
import time
import unittest

from harness.case import Scenario
from harness.controller import Controller, reading
from harness.raw_websocket import PING, RawWebSocket
from harness.subscriber import Subscriber
from harness.times import microseconds, rfc3339
from harness.wait import until

MEMBERS = ["public_id", "value", "timestamp", "event_public_id", "experiment_public_id"]
T0 = microseconds("2025-01-15T14:32:10Z")


class SeedController(Scenario):
    async def asyncSetUp(self):
        self.server = self.hub(ws_heartbeat_interval="1s", ws_heartbeat_timeout="0.5s")
        self.controller_token = await self.server.token("rig1", "controller")
        self.viewer_token = await self.server.token("viewer", "viewer")
        await self.server.start()
        self.controller = await Controller.connect(self.server, self.controller_token)
        self.subscriber = await Subscriber.connect(self.server, self.viewer_token)

    async def stored(self, count):
        await until(lambda: self.server.store.count() >= count, what=f"{count} datapoints stored")
        return self.server.store.datapoints()

    async def test_the_seeds_message_is_stored_and_broadcast_exactly(self):
        await self.controller.send('{"event_public_id": "evt_temp01", "value": 23.45,'
                                   ' "timestamp": "2025-01-15T14:32:10.000Z"}')
        point = (await self.subscriber.wait_for(1))[0]
        self.assertEqual(list(point), MEMBERS)
        self.assertTrue(point["public_id"].startswith("dp_"))
        self.assertEqual(point, {"public_id": point["public_id"], "value": 23.45, "timestamp": "2025-01-15T14:32:10.000Z",
                                 "event_public_id": "evt_temp01", "experiment_public_id": None})
        self.assertEqual(self.server.store.datapoints(), [("evt_temp01", T0, 23.45, None)])
        latest = (await self.server.get("/api/v1/datapoints/latest", self.viewer_token)).json()
        self.assertEqual(latest, self.subscriber.received)

    async def test_a_reading_without_a_timestamp_gets_the_time_of_receipt(self):
        before = time.time() * 1e6
        for _ in range(50):  # faster than the clock ticks: each still gets a time of its own
            await self.controller.send({"event_public_id": "evt_temp01", "value": 1})
        points = await self.subscriber.wait_for(50)
        times = [microseconds(point["timestamp"]) for point in points]
        self.assertEqual(len(set(times)), 50)
        self.assertEqual(times, sorted(times))
        self.assertGreaterEqual(times[0], math.floor(before))
        self.assertLessEqual(times[-1], time.time() * 1e6 + 50)
        self.assertEqual([row[1] for row in await self.stored(50)], times)

    async def test_every_form_of_timestamp_names_the_same_instant(self):
        forms = {  # what is sent -> what is stored and printed
            "2025-01-15T14:32:10Z": "2025-01-15T14:32:10.000Z",
            "2025-01-15T14:32:11.5Z": "2025-01-15T14:32:11.500Z",
            "2025-01-15T14:32:12.123456Z": "2025-01-15T14:32:12.123456Z",
            "2025-01-15T14:32:13.123456789Z": "2025-01-15T14:32:13.123456Z",
            "2025-01-15T14:32:14.999999999Z": "2025-01-15T14:32:14.999999Z",
            "2025-01-15T15:32:15+01:00": "2025-01-15T14:32:15.000Z",
            "2025-01-15T09:02:16.25-05:30": "2025-01-15T14:32:16.250Z",
            "2025-01-16T00:32:17.000+10:00": "2025-01-15T14:32:17.000Z",
            "1970-01-01T00:00:00Z": "1970-01-01T00:00:00.000Z",
            "2199-12-31T23:59:59.999Z": "2199-12-31T23:59:59.999Z",
        }
        for number, sent in enumerate(forms):
            await self.controller.send(reading(f"evt_{number}", number, sent))
        points = await self.subscriber.wait_for(len(forms))
        self.assertEqual([point["timestamp"] for point in points], list(forms.values()))
        stored = {event: moment for event, moment, _, _ in await self.stored(len(forms))}
        self.assertEqual(stored, {f"evt_{i}": microseconds(text) for i, text in enumerate(forms.values())})

    async def test_times_and_values_that_the_contract_refuses_are_answered_and_not_stored(self):
        wrong = [reading("evt_a", 1, stamp) for stamp in
                 ("yesterday", "2025-01-15 14:32", "2025-02-30T00:00:00Z", "1969-12-31T23:59:59Z",
                  "2200-01-01T00:00:00Z", "2025-01-15T14:32:10", "2025-01-15T14:32:10.1234567891Z", 1736951530, "")]
        wrong += [reading("evt_a", value, rfc3339(T0)) for value in ("23.45", None, [], {})]
        wrong += [reading(event, 1, rfc3339(T0)) for event in ("", "x" * 101, "evt temp", "évt", 7, None)]
        wrong += [{"value": 1}, {"event_public_id": "evt_a"}]
        wrong += ['{"event_public_id":"evt_a","value":1e999}', '{"event_public_id":"evt_a","value":NaN}']
        for message in wrong:
            with self.subTest(message=message):
                answer = await self.controller.ask(message)
                self.assertEqual(answer["type"], "error")
                self.assertTrue(answer["message"])
                self.assertNotIn("batch", answer)
                # a right one in between: the 20 in a row are another scenario
                await self.controller.send(reading("evt_right", 1, rfc3339(T0)))
        await self.subscriber.wait_for(1)
        self.assertEqual(self.server.store.datapoints(), [("evt_right", T0, 1.0, None)])

    async def test_truth_and_signed_zero_are_numbers(self):
        sent = [True, False, -0.0, 0.1, 1e-300, -1.7976931348623157e308, 123456789012345680, 5e-324, 100]
        for number, value in enumerate(sent):
            await self.controller.send(reading(f"evt_{number}", value, rfc3339(T0)))
        await self.subscriber.wait_for(len(sent))
        texts = [frame.split('"value":')[1].split(",")[0] for frame in self.subscriber.frames]
        self.assertEqual(texts[:3], ["1", "0", "0"])
        self.assertEqual([float(text) for text in texts], [float(value) for value in sent])
        stored = [value for _, _, value, _ in self.server.store.datapoints()]
        self.assertEqual(stored, [float(value) for value in sent])
        self.assertEqual(math.copysign(1, stored[2]), 1)

    async def test_a_duplicate_is_stored_and_broadcast_once_and_a_conflict_never(self):
        first = reading("evt_temp01", 1.5, rfc3339(T0))
        await self.controller.send(first)
        await self.controller.send({**first, "timestamp": "2025-01-15T15:32:10.0000001+01:00"})  # the same instant
        answer = await self.controller.ask({**first, "value": 2.5})
        self.assertEqual(answer["type"], "error")
        self.assertIn("conflict", answer["message"])
        await self.controller.send(reading("evt_temp01", 3.5, rfc3339(T0 + 1)))
        await self.subscriber.wait_for(2)
        self.assertEqual([point["value"] for point in self.subscriber.received], [1.5, 3.5])
        self.assertEqual(self.server.store.datapoints(),
                         [("evt_temp01", T0, 1.5, None), ("evt_temp01", T0 + 1, 3.5, None)])

    async def test_public_ids_are_stable_and_differ(self):
        for i in range(3):
            await self.controller.send(reading("evt_a", i, rfc3339(T0 + i)))
            await self.controller.send(reading("evt_b", i, rfc3339(T0 + i)))
        ids = [point["public_id"] for point in await self.subscriber.wait_for(6)]
        self.assertEqual(len(set(ids)), 6)
        latest = (await self.server.get("/api/v1/datapoints/latest", self.viewer_token)).json()
        self.assertEqual(sorted(point["public_id"] for point in latest), sorted(ids[-2:]))

    async def test_a_bad_reading_is_stored_and_kept_from_the_seeds_stream(self):
        await self.controller.send(reading("evt_a", None, rfc3339(T0), quality="bad", reason="timeout"))
        await self.controller.send(reading("evt_a", 4, rfc3339(T0 + 1)))
        await self.subscriber.wait_for(1)
        self.assertEqual([point["value"] for point in self.subscriber.received], [4])
        self.assertEqual(self.server.store.datapoints(), [("evt_a", T0, None, "timeout"), ("evt_a", T0 + 1, 4.0, None)])

    async def test_unknown_members_are_ignored(self):
        await self.controller.send({**reading("evt_a", 1, rfc3339(T0)), "unit": "°C", "nested": {"a": [1, None]}})
        self.assertEqual((await self.subscriber.wait_for(1))[0]["value"], 1)

    async def test_nothing_but_the_stream_reaches_a_seed_controller(self):
        await self.controller.send(reading("evt_a", 1, rfc3339(T0)))
        await self.subscriber.wait_for(1)
        with self.assertRaises(asyncio.TimeoutError):
            await self.controller.receive(0.3)

    async def test_an_events_filter_leaves_the_others_out(self):
        filtered = await Subscriber.connect(self.server, self.viewer_token, events="evt_b,evt_c")
        for event in ("evt_a", "evt_b", "evt_c", "evt_b"):
            await self.controller.send(reading(event, 1))
        await filtered.wait_for(3)
        await self.subscriber.wait_for(4)
        self.assertEqual([point["event_public_id"] for point in filtered.received], ["evt_b", "evt_c", "evt_b"])

    async def test_each_websocket_is_pinged_every_interval(self):
        for path, token in (("/ws/controller/telemetry", self.controller_token),
                            ("/ws/datapoints/stream", self.viewer_token)):
            with self.subTest(path=path):
                pings = await asyncio.to_thread(self.answer_pings, f"{path}?token={token}", 4)
                gaps = [later - earlier for earlier, later in zip(pings, pings[1:])]
                for gap in gaps:
                    self.assertAlmostEqual(gap, 1.0, delta=0.3)

    def answer_pings(self, target, count):
        """When each of the first `count` pings came."""
        peer = RawWebSocket(self.server.port, target)
        times = []
        while len(times) < count:
            opcode, payload = peer.receive()
            if opcode == PING:
                times.append(time.monotonic())
                peer.send(10, payload)
        peer.close()
        return times

    async def test_a_peer_that_does_not_answer_pings_is_dropped(self):
        for path, token in (("/ws/controller/telemetry", self.controller_token),
                            ("/ws/datapoints/stream", self.viewer_token)):
            with self.subTest(path=path):
                seconds = await asyncio.to_thread(self.ignore_pings, f"{path}?token={token}")
                self.assertGreater(seconds, 1.0)
                self.assertLess(seconds, 1.0 + 0.5 + 0.5)  # interval + timeout, and half a second of grace

    def ignore_pings(self, target):
        """How long the hub bears with a peer that reads and never answers."""
        peer = RawWebSocket(self.server.port, target)
        started = time.monotonic()
        try:
            while True:
                peer.receive()
        except ConnectionError:
            return time.monotonic() - started
        finally:
            peer.close()

    async def test_a_quiet_client_that_answers_pings_stays(self):
        await asyncio.sleep(3.2)  # two intervals and two timeouts
        await self.controller.send(json.dumps(reading("evt_a", 1)))
        await self.subscriber.wait_for(1)


if __name__ == "__main__":
    unittest.main()
