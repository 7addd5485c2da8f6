"""Experiments are made, moved, shortened, taken from rigs and deleted in any order under retention, while the hub is
killed and restarted: what an experiment covered stays for the grace, counted by the newest datapoint, and goes after it.
The answers say how much lost its cover, and until when it stays. In SQLite and in PostgreSQL."""

import asyncio
import random
import signal
import unittest

from harness.case import Scenario
from harness.chance import seed
from harness.controller import Controller, reading
from harness.postgres import Postgres
from harness.programs import SLOWNESS
from harness.rest import Rest
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-30T00:00:00Z")  # two months
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
RETENTION = HOUR
GRACE = 8 * HOUR
STEPS = 30
RIGS = ("rig1", "rig2", "rig3")
# Retention moves on in stretches of a hundredth of the age, and of at least a minute.
SLACK = 2 * MINUTE


class Model:
    """What may not be gone: every reading, and until when an experiment or its grace keeps it."""

    def __init__(self):
        self.readings = {rig: set() for rig in RIGS}
        self.experiments = {}  # id -> (begin, end, rigs or None)
        self.kept_until = {rig: {} for rig in RIGS}  # time -> newest datapoint up to which the grace keeps it
        self.newest = 0
        self.may_be_gone = {rig: set() for rig in RIGS}  # what nothing kept at some time

    def covers(self, experiment, rig, time):
        begin, end, rigs = experiment
        return begin <= time and (end is None or time < end) and (rigs is None or rig in rigs)

    def covered(self, rig, time):
        return any(self.covers(each, rig, time) for each in self.experiments.values())

    def change(self, public_id, experiment):
        """`experiment`: None when it is deleted. Answers how many readings lost their cover: at least, and at most."""
        before = self.experiments[public_id]
        lost = [(rig, time) for rig in RIGS for time in self.readings[rig] if self.covers(before, rig, time)]
        if experiment:
            self.experiments[public_id] = experiment
        else:
            del self.experiments[public_id]
        lost = [(rig, time) for rig, time in lost if not self.covered(rig, time)]
        for rig, time in lost:
            self.kept_until[rig][time] = self.newest + GRACE
        self.note_what_may_go()
        return sum(time not in self.may_be_gone[rig] for rig, time in lost), len(lost)

    def note_what_may_go(self):
        for rig in RIGS:
            self.may_be_gone[rig] |= {time for time in self.readings[rig] - self.may_be_gone[rig]
                                      if time < self.newest - RETENTION and not self.covered(rig, time)
                                      and self.kept_until[rig].get(time, 0) <= self.newest}

    def must_be_there(self, rig):
        return self.readings[rig] - self.may_be_gone[rig]

    def may_be_there(self, rig):
        return {time for time in self.readings[rig]
                if time >= self.newest - RETENTION - SLACK or self.covered(rig, time)
                or self.kept_until[rig].get(time, 0) > self.newest} | {max(self.readings[rig])}


class ExperimentsAndRetention(Scenario):
    async def start(self, store_url=None):
        self.server = self.hub(**({"store_url": store_url} if store_url else {}),
                               store={"retention": "1h", "grace": "8h"})
        self.operator_token = await self.server.token("operator", "operator")
        self.rig_tokens = {rig: await self.server.token(rig, "controller") for rig in RIGS}
        self.model = Model()
        await self.server.start()
        await self.connect()

    async def connect(self):
        self.rigs = {}
        for rig, token in self.rig_tokens.items():
            self.rigs[rig] = await Controller.connect(self.server, token, ack=1)
            await self.rigs[rig].receive()

    def json(self, method, path, body=None):
        rest = Rest(self.server, self.operator_token)
        try:
            return rest.json(method, path, body)
        finally:
            rest.close()

    async def push(self, rig, times):
        batch = [reading(f"evt_{rig}", float(time // MINUTE % 997), rfc3339(time)) for time in times]
        answer = await self.rigs[rig].ask({"batch": 1, "backlog": True, "datapoints": batch}, 30 * SLOWNESS)
        self.assertEqual((answer["type"], answer["rejected"]), ("ack", []), answer)
        self.model.readings[rig].update(times)
        self.model.newest = max(self.model.newest, *times)
        self.model.note_what_may_go()

    def times(self, rig):
        found, cursor = set(), ""
        while cursor is not None:
            status, page = self.json("GET", f"/api/v1/datapoints?event_public_id=evt_{rig}&limit=10000&cursor={cursor}")
            self.assertEqual(status, 200, page)
            found |= {microseconds(point["timestamp"]) for point in page["data"]}
            cursor = page["next_cursor"]
        return found

    # ---- what people do

    def some_interval(self):
        begin = T0 + self.random.randrange(0, max(1, self.model.newest - T0 + HOUR) // MINUTE) * MINUTE
        return begin, None if self.random.random() < 0.2 else begin + self.random.randrange(10, 240) * MINUTE

    def some_rigs(self):
        return None if self.random.random() < 0.3 else sorted(self.random.sample(RIGS, self.random.randrange(1, 4)))

    def body(self, experiment):
        begin, end, rigs = experiment
        return {"started_on": rfc3339(begin), "stopped_on": rfc3339(end) if end else None, "controllers": rigs}

    async def make(self):
        experiment = (*self.some_interval(), self.some_rigs())
        status, answer = self.json("POST", "/api/v1/experiments", {"name": "run", **self.body(experiment)})
        self.assertIn(status, (201, 409), answer)
        if status == 201:
            self.model.experiments[answer["public_id"]] = experiment

    async def edit(self):
        if not self.model.experiments:
            return await self.make()
        public_id = self.random.choice(sorted(self.model.experiments))
        begin, end, rigs = self.model.experiments[public_id]
        changed = self.random.choice([(*self.some_interval(), rigs), (begin, end, self.some_rigs()),
                                      (begin, begin + self.random.randrange(1, 120) * MINUTE, rigs)])
        status, answer = self.json("PUT", f"/api/v1/experiments/{public_id}", self.body(changed))
        self.assertIn(status, (200, 409), answer)
        if status == 200:
            self.check_answer(self.model.change(public_id, changed), answer)

    async def delete(self):
        if not self.model.experiments:
            return await self.make()
        public_id = self.random.choice(sorted(self.model.experiments))
        status, answer = self.json("DELETE", f"/api/v1/experiments/{public_id}")
        self.assertIn(status, (200, 204), answer)
        self.check_answer(self.model.change(public_id, None), answer or {})

    def check_answer(self, lost, answer):
        self.assertGreaterEqual(answer.get("uncovered", 0), lost[0])
        self.assertLessEqual(answer.get("uncovered", 0), lost[1])
        if "uncovered" in answer:
            self.assertEqual(microseconds(answer["until"]), self.model.newest + GRACE)

    async def measure(self):
        begin = self.model.newest + MINUTE
        end = begin + self.random.randrange(5, 180) * MINUTE
        for rig in RIGS:
            await self.push(rig, range(begin, end, MINUTE))

    async def restart(self):
        if self.random.random() < 0.7:
            self.server.kill()
        else:
            self.assertEqual((await asyncio.to_thread(self.server.stop))[0], 0)
        await self.server.start()
        await self.connect()

    # ---- what must hold

    def check(self, step):
        for rig in RIGS:
            lost = sorted(self.model.must_be_there(rig) - self.times(rig))
            self.assertEqual(lost, [], f"step {step}: {len(lost)} readings of {rig} are gone, the first {rfc3339(lost[0]) if lost else ''}")

    async def random_order(self):
        self.random = random.Random(seed())
        for rig in RIGS:
            await self.push(rig, range(T0, T0 + 6 * HOUR, MINUTE))
        for _ in range(4):
            await self.make()
        doings = [self.make, self.edit, self.edit, self.delete, self.measure, self.measure, self.restart]
        for step in range(STEPS):
            await self.random.choice(doings)()
            # A pass begins anew under rules that are read again.
            self.server.program.terminate(signal.SIGHUP)
            await asyncio.sleep(self.random.choice([0, 0.05, 0.3]))
            self.check(step)
        await self.restart()

        def what_may_go_is_gone():
            return all(self.times(rig) <= self.model.may_be_there(rig) for rig in RIGS)
        await until(what_may_go_is_gone, 60 * SLOWNESS, "what nothing keeps is gone", every=0.3)
        self.check("at the end")
        # Without a grace nothing is kept but what experiments cover.
        text = self.server.ini.read_text()
        self.server.ini.write_text(text.replace("grace = 8h", "grace = 0"))
        self.server.program.terminate(signal.SIGHUP)
        for kept in self.model.kept_until.values():
            kept.clear()
        self.model.note_what_may_go()
        await until(what_may_go_is_gone, 60 * SLOWNESS, "grace = 0 ends the grace", every=0.3)
        self.check("without a grace")

    async def test_in_any_order_in_sqlite(self):
        await self.start()
        await self.random_order()

    async def test_in_any_order_in_postgresql(self):
        postgres = await Postgres(self).start()
        await self.start(store_url=postgres.url())
        await self.random_order()

    async def test_the_answers_say_what_lost_its_cover(self):
        await self.start()
        await self.push("rig1", range(T0, T0 + 2 * HOUR, MINUTE))
        await self.push("rig2", range(T0, T0 + 2 * HOUR, MINUTE))
        until_then = rfc3339(T0 + 2 * HOUR - MINUTE + GRACE)
        made = {"name": "run", **self.body((T0, T0 + 2 * HOUR, ["rig1", "rig2"]))}
        public_id = self.json("POST", "/api/v1/experiments", made)[1]["public_id"]
        path = f"/api/v1/experiments/{public_id}"
        status, answer = self.json("PUT", path, {"name": "another name"})
        self.assertEqual((status, "uncovered" in answer), (200, False))
        status, answer = self.json("PUT", path, {"stopped_on": rfc3339(T0 + HOUR)})
        self.assertEqual((status, answer["uncovered"], answer["until"]), (200, 120, until_then))
        self.assertEqual(answer["name"], "another name")
        status, answer = self.json("PUT", path, {"controllers": ["rig2"]})
        self.assertEqual((status, answer["uncovered"]), (200, 60))
        # What another experiment covers by then is not counted.
        self.assertEqual(self.json("DELETE", path), (200, {"uncovered": 60, "until": until_then}))
        public_id = self.json("POST", "/api/v1/experiments", {**made, **self.body((T0 + 3 * HOUR, None, None))})[1]["public_id"]
        self.assertEqual(self.json("DELETE", f"/api/v1/experiments/{public_id}"), (204, None))
        self.assertEqual(self.json("DELETE", f"/api/v1/experiments/{public_id}")[0], 404)
        # A hub that removes nothing has nothing to say.
        self.server.ini.write_text(self.server.ini.read_text().replace("retention = 1h", "retention = 0"))
        self.server.program.terminate(signal.SIGHUP)
        await until(lambda: "read again" in self.server.program.log(), 10 * SLOWNESS)
        public_id = self.json("POST", "/api/v1/experiments", made)[1]["public_id"]
        self.assertEqual(self.json("DELETE", f"/api/v1/experiments/{public_id}"), (204, None))


if __name__ == "__main__":
    unittest.main(verbosity=2)
