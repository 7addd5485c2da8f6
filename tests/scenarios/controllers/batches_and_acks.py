"""The contract's extensions for controllers that ask for them: batches and their one answer each."""

import json
import time
import unittest

from harness.case import Scenario
from harness.controller import Controller, reading
from harness.subscriber import Subscriber
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T14:32:10Z")


def readings(event, first, count, value=lambda i: i):
    return [reading(event, value(i), rfc3339(T0 + i)) for i in range(first, first + count)]


class BatchesAndAcks(Scenario):
    async def asyncSetUp(self):
        self.server = self.hub()
        self.viewer_token = await self.server.token("viewer", "viewer")
        token = await self.server.token("rig1", "controller")
        await self.server.start()
        self.controller = await Controller.connect(self.server, token, ack=1)
        self.greeting = await self.controller.receive()

    async def batch(self, number, datapoints, **more):
        return await self.controller.ask({"batch": number, **more, "datapoints": datapoints})

    def ack(self, number, stored=0, duplicates=0, rejected=()):
        return {"type": "ack", "batch": number, "stored": stored, "duplicates": duplicates, "rejected": list(rejected)}

    async def test_who_asks_for_answers_is_greeted(self):
        told = self.greeting.pop("time")  # the hub's, by which an agent may judge its own clock
        self.assertLess(abs(microseconds(told) / 1e6 - time.time()), 60)
        self.assertEqual(self.greeting,
                         {"type": "connected", "controller": "rig1", "max_batch": 500, "credit": 5000})

    async def test_counts_name_each_readings_fate(self):
        subscriber = await Subscriber.connect(self.server, self.viewer_token)
        self.assertEqual(await self.batch(1, readings("evt_a", 0, 3)), self.ack(1, stored=3))
        again = readings("evt_a", 0, 3) + readings("evt_a", 3, 2)
        self.assertEqual(await self.batch(2, again), self.ack(2, stored=2, duplicates=3))
        mixed = [reading("evt_a", 99, rfc3339(T0)), *readings("evt_a", 5, 1), reading("evt_a", 1, "never"),
                 reading("evt_a", 2, rfc3339(T0 + 2))]
        answer = await self.batch(3, mixed)
        self.assertEqual([item["index"] for item in answer["rejected"]], [0, 2])
        self.assertEqual(answer["rejected"][0]["reason"], "conflict")
        self.assertEqual((answer["stored"], answer["duplicates"]), (1, 1))
        self.assertEqual([value for _, _, value, _ in self.server.store.datapoints()], [0, 1, 2, 3, 4, 5])
        await subscriber.wait_for(6)
        self.assertEqual([point["value"] for point in subscriber.received], [0, 1, 2, 3, 4, 5])

    async def test_the_same_reading_twice_in_one_batch_is_stored_once(self):
        answer = await self.batch(1, readings("evt_a", 0, 1) * 2 + [reading("evt_a", 5, rfc3339(T0))])
        self.assertEqual(answer, self.ack(1, 1, 1, [{"index": 2, "reason": "conflict"}]))

    async def test_500_fit_and_501_do_not(self):
        self.assertEqual(await self.batch(7, readings("evt_a", 0, 500)), self.ack(7, stored=500))
        answer = await self.batch(8, readings("evt_b", 0, 501))
        self.assertEqual((answer["type"], answer["batch"]), ("error", 8))
        self.assertEqual(self.server.store.count(), 500)

    async def test_an_empty_batch_and_odd_batch_numbers(self):
        answer = await self.batch(1, [])
        self.assertEqual((answer["type"], answer["batch"]), ("error", 1))
        self.assertEqual(await self.batch(2**53, readings("evt_a", 0, 1)), self.ack(2**53, stored=1))
        self.assertEqual(await self.batch(0, readings("evt_a", 1, 1)), self.ack(0, stored=1))
        for number in (2**53 + 2, 1.5, "7", None, True):
            with self.subTest(batch=number):
                answer = await self.batch(number, readings("evt_b", 0, 1))
                self.assertEqual(answer["type"], "error")
                self.assertNotIn("batch", answer)
        self.assertEqual(self.server.store.count(), 2)

    async def test_in_a_batch_every_reading_has_its_time(self):
        answer = await self.batch(1, [reading("evt_a", 1), *readings("evt_a", 0, 1)])
        self.assertEqual(answer["stored"] + answer["duplicates"] + len(answer["rejected"]), 2)
        self.assertEqual([item["index"] for item in answer["rejected"]], [0])

    async def test_an_event_belongs_to_who_pushed_it_first(self):
        await self.batch(1, readings("evt_a", 0, 1))
        other = await Controller.connect(self.server, await self.server.token("rig2", "controller"), ack=1)
        await other.receive()
        answer = await other.ask({"batch": 1, "datapoints": readings("evt_a", 1, 1) + readings("evt_b", 1, 1)})
        self.assertEqual(answer, self.ack(1, 1, 0, [{"index": 0, "reason": "event belongs to rig1"}]))
        self.assertEqual([(event, value) for event, _, value, _ in self.server.store.datapoints()],
                         [("evt_a", 0.0), ("evt_b", 1.0)])

    async def test_an_event_belongs_to_who_described_it_first(self):
        await self.controller.send({"type": "events", "events": [{"event_public_id": "evt_a", "name": "Inlet"}]})
        await until(lambda: self.server.store.rows("SELECT 1 FROM events WHERE public_id = 'evt_a'"))
        other = await Controller.connect(self.server, await self.server.token("rig2", "controller"), ack=1)
        await other.receive()
        answer = await other.ask({"batch": 1, "datapoints": readings("evt_a", 1, 1)})
        self.assertEqual(answer, self.ack(1, rejected=[{"index": 0, "reason": "event belongs to rig1"}]))

    async def test_bad_readings_have_no_value_and_a_reason(self):
        def bad(i, reason):
            return reading("evt_a", None, rfc3339(T0 + i), quality="bad", reason=reason)
        self.assertEqual(await self.batch(1, [bad(0, "timeout")]), self.ack(1, stored=1))
        self.assertEqual(await self.batch(2, [bad(0, "exception 2")]), self.ack(2, duplicates=1))
        answer = await self.batch(3, [reading("evt_a", 4, rfc3339(T0))])
        self.assertEqual(answer, self.ack(3, rejected=[{"index": 0, "reason": "conflict"}]))
        latest = (await self.server.get("/api/v1/datapoints/latest", self.viewer_token)).json()
        self.assertEqual([(p["value"], p["quality"], p["reason"]) for p in latest], [(None, "bad", "timeout")])

    async def test_a_value_of_null_is_no_good_reading(self):
        answer = await self.batch(1, [reading("evt_a", None, rfc3339(T0))])
        self.assertEqual([item["index"] for item in answer["rejected"]], [0])

    async def test_ping_is_answered_with_pong(self):
        self.assertEqual(await self.controller.ask({"type": "ping"}), {"type": "pong"})

    async def test_descriptions_are_kept_and_shown(self):
        event = {"event_public_id": "evt_temp01", "name": "Inlet temperature", "type": "analog", "unit": "°C",
                 "min_value": 0, "max_value": 200, "poll_interval": 0.5, "max_silence": None, "device": "plc"}
        await self.controller.send({"type": "events", "events": [event]})

        async def shown():
            return (await self.server.get("/api/v1/events", self.viewer_token)).json()["data"]
        events = await until(shown)
        self.assertEqual(events, [{**event, "controller": "rig1"}])
        await self.controller.send({"type": "events", "events": [{**event, "unit": "K"}]})
        await until(lambda: self.server.store.rows("SELECT unit FROM events") == [("K",)])

    async def test_a_status_shows_what_the_agent_says(self):
        status = {"type": "status", "agent": "rig1", "version": "1.2.3", "backlog": 123, "dropped": 4,
                  "clock": rfc3339(int((time.time() + 5) * 1e6)),
                  "devices": [{"name": "plc", "state": "offline", "error": "timeout"}]}
        await self.controller.send(status)

        async def shown():
            controllers = (await self.server.get("/api/v1/controllers", self.viewer_token)).json()
            return [c for c in controllers if c["version"] == "1.2.3"]
        (shown,) = await until(shown)
        self.assertEqual((shown["name"], shown["online"], shown["backlog"], shown["dropped"]), ("rig1", True, 123, 4))
        self.assertAlmostEqual(shown["clock_offset"], 5, delta=1)
        self.assertEqual(shown["devices"], status["devices"])
        await self.controller.close()

        async def offline():
            controllers = (await self.server.get("/api/v1/controllers", self.viewer_token)).json()
            return [c["online"] for c in controllers] == [False]
        await until(offline, what="rig1 is shown offline")

    async def test_what_is_acknowledged_is_committed(self):
        for number in range(200):
            answer = await self.batch(number, readings("evt_a", 5 * number, 5))
            self.assertEqual(answer, self.ack(number, stored=5))
            self.assertEqual(self.server.store.count(), 5 * (number + 1))  # a second connection sees it now

    async def test_many_batches_in_flight_are_answered_once_each(self):
        frames = [json.dumps({"batch": number, "datapoints": readings("evt_a", 50 * number, 50)})
                  for number in range(100)]  # 5000 readings: the whole credit
        for frame in frames:
            await self.controller.send(frame)
        answers = [await self.controller.receive() for _ in frames]
        self.assertEqual(sorted(answer["batch"] for answer in answers), list(range(100)))
        self.assertEqual({(answer["type"], answer["stored"]) for answer in answers}, {("ack", 50)})
        self.assertEqual(self.server.store.count(), 5000)

    async def test_beyond_the_credit_the_hub_is_busy_and_keeps_its_word(self):
        frames = {number: json.dumps({"batch": number, "datapoints": readings("evt_a", 500 * number, 500)})
                  for number in range(40)}
        for frame in frames.values():
            await self.controller.send(frame)
        answers = [await self.controller.receive(30) for _ in frames]
        self.assertEqual(sorted(answer["batch"] for answer in answers), list(frames))
        stored = {answer["batch"] for answer in answers if answer["type"] == "ack"}
        for answer in answers:
            if answer["type"] == "busy":
                self.assertGreater(answer["retry_after"], 0)
        rows = {moment - T0 for _, moment, _, _ in self.server.store.datapoints()}
        self.assertEqual(rows, {500 * number + i for number in stored for i in range(500)})
        for number in set(frames) - stored:  # later, it finds room
            self.assertEqual((await self.controller.ask(frames[number]))["type"], "ack")
        self.assertEqual(self.server.store.count(), 500 * len(frames))

    async def test_a_batch_without_a_number_is_stored_and_not_answered(self):
        await self.controller.send({"datapoints": readings("evt_a", 0, 3)})
        self.assertEqual(await self.batch(1, readings("evt_a", 0, 3)), self.ack(1, duplicates=3))

    async def test_backlog_is_stored_and_kept_from_the_seeds_stream(self):
        subscriber = await Subscriber.connect(self.server, self.viewer_token)
        self.assertEqual(await self.batch(1, readings("evt_a", 0, 10), backlog=True), self.ack(1, stored=10))
        self.assertEqual(await self.batch(2, readings("evt_a", 10, 1)), self.ack(2, stored=1))
        await subscriber.wait_for(1)
        self.assertEqual([point["value"] for point in subscriber.received], [10])


if __name__ == "__main__":
    unittest.main()
