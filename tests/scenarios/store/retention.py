"""Retention by age and by size, while readings come in: what experiments hold stays, the series stays right, every
reading that came meanwhile is there, a hub that is killed in the middle goes on with it, and one that cannot hold
max_size says why. In SQLite and in PostgreSQL."""

import asyncio
import contextlib
import signal
import sqlite3
import unittest

from harness.case import Scenario
from harness.controller import Controller, reading
from harness.postgres import Postgres
from harness.programs import SLOWNESS
from harness.rest import Rest
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-31T22:00:00Z")  # two months
SECOND = 1_000_000
HOUR = 3600 * SECOND
HOURS = 3
ROWS = 6_600_000  # about 140 MB
KILLS = 3
MIB = 1024 * 1024


class Retention(Scenario):
    async def start(self, **settings):
        await self.start_hub_with_rig(**settings)
        self.operator_token = await self.server.token("operator", "operator")

    @property
    def rest(self):
        """A connection of its own: an idle one is closed."""
        rest = Rest(self.server, self.operator_token)
        self.addCleanup(rest.close)
        return rest

    async def figure(self, name):
        text = (await self.server.get("/metrics")).body.decode()
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name + " "))

    def reload(self, **store):
        """The rules of [store] become these."""
        text = self.server.ini.read_text()
        begin = text.index("[store]\n")
        lines = [line for line in text[begin:].splitlines() if line.split(" ")[0] not in ("retention", "max_size")]
        self.server.ini.write_text(text[:begin] + "\n".join([*lines, *(f"{k} = {v}" for k, v in store.items())]) + "\n")
        self.server.program.terminate(signal.SIGHUP)

    async def push(self, controller, events, times):
        times, size = list(times), 500 // len(events)
        for i in range(0, len(times), size):
            batch = [reading(event, float(time % 997), rfc3339(time)) for time in times[i:i + size] for event in events]
            answer = await controller.ask({"batch": i, "backlog": True, "datapoints": batch}, 30 * SLOWNESS)
            self.assertEqual((answer["type"], answer["rejected"]), ("ack", []), answer)

    def experiment(self, name, begin, end, controllers):
        status, answer = self.rest.json("POST", "/api/v1/experiments", {
            "name": name, "controllers": controllers, "started_on": rfc3339(begin),
            **({"stopped_on": rfc3339(end)} if end else {})})
        self.assertEqual(status, 201, answer)
        return answer["public_id"]

    def times(self, event):
        found, cursor, rest = [], "", self.rest
        while cursor is not None:
            page = rest.get(f"/api/v1/datapoints?event_public_id={event}&limit=10000&cursor={cursor}")
            found += [microseconds(point["timestamp"]) for point in page["data"]]
            cursor = page["next_cursor"]
        return found

    async def shorten_by_age(self):
        second = await Controller.connect(self.server, await self.server.token("rig2", "controller"), ack=1)
        await second.receive()
        end = T0 + HOURS * HOUR
        await self.push(self.controller, ("evt_a", "evt_b"), range(T0, end, SECOND))
        await self.push(second, ("evt_c",), range(T0, end, 60 * SECOND))
        await self.push(second, ("evt_silent",), (T0 - 9000 * HOUR, T0 - 8000 * HOUR))
        held = (T0 + HOUR // 2, T0 + HOUR)
        self.experiment("held", *held, ["rig1"])
        # With summaries of all this, so that they have to follow.
        await asyncio.sleep(1.5)
        self.reload(retention="1h")
        live = range(end, end + 600 * SECOND, SECOND)
        await self.push(self.controller, ("evt_a",), live)
        newest = live[-1]

        async def gone():
            self.found = {event: self.times(event) for event in ("evt_a", "evt_b", "evt_c", "evt_silent")}
            removed = await self.figure("webmacs_retention_removed_total")
            left = await self.figure("webmacs_readings_stored_total") - removed
            return (self.found["evt_c"][0] >= newest - HOUR - 130 * SECOND
                    and "datapoints removed" in self.server.program.log()
                    and left == sum(len(times) for times in self.found.values()))
        await until(gone, 60 * SLOWNESS, "old datapoints are gone, and each is counted", every=0.5)
        border = next(time for time in self.found["evt_b"] if time >= held[1])
        self.assertLessEqual(border, newest - HOUR)
        every = set(range(*held, SECOND)) | set(range(border, end, SECOND))
        self.assertEqual(set(self.found["evt_b"]), every)
        self.assertEqual(set(self.found["evt_a"]), every | set(live))
        self.assertEqual(self.found["evt_silent"], [T0 - 8000 * HOUR])
        line = self.rest.json("POST", "/api/v1/datapoints/series", {
            "event_public_ids": ["evt_b"], "from": rfc3339(T0 - HOUR), "to": rfc3339(end), "max_points": 500})[1]["evt_b"]
        drawn = [microseconds(point["timestamp"]) for point in line if point["value"] is not None]
        self.assertEqual((drawn[0], drawn[-1]), (held[0], end - SECOND))
        self.assertLessEqual(set(drawn), every)
        self.assertEqual(sum(point["value"] is None for point in line), 1)  # the hole between the two
        values = {point["value"] for point in line}
        self.assertLessEqual({0.0, 996.0}, values)
        # What comes late still comes in; the hub stops at once.
        await self.push(second, ("evt_c",), (T0 + 5,))
        code, seconds = await asyncio.to_thread(self.server.stop)
        self.assertEqual(code, 0)
        self.assertLess(seconds, 5 * SLOWNESS)

    async def test_by_age_in_sqlite(self):
        await self.start()
        await self.shorten_by_age()
        self.assertEqual(self.server.store.rows("PRAGMA integrity_check"), [("ok",)])

    async def test_by_age_in_postgresql(self):
        postgres = await Postgres(self).start()
        await self.start(store_url=postgres.url())
        await self.shorten_by_age()

    async def test_by_size_and_what_experiments_hold(self):
        await self.start()
        await self.push(self.controller, ("evt_a", "evt_b"), (T0 - HOUR,))
        await self.controller.close()
        await asyncio.to_thread(self.server.stop)
        with contextlib.closing(sqlite3.connect(self.server.database)) as database, database:
            for event in ("evt_a", "evt_b"):
                database.execute(
                    "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) INSERT INTO datapoints "
                    "SELECT key, ? + i * 1000000, i % 1000, NULL FROM events CROSS JOIN n WHERE public_id = ?",
                    (ROWS // 2, T0, event))
        await self.server.start()
        end = T0 + ROWS // 2 * SECOND
        held = (T0, T0 + 100 * HOUR)
        self.experiment("held", *held, ["rig1"])
        self.reload(max_size="96MiB")

        async def removing():
            return await self.figure("webmacs_retention_removed_total") > 0

        async def small_enough():
            return await self.figure("webmacs_store_bytes") <= 96 * MIB
        await until(lambda: "read again" in self.server.program.log(), 10 * SLOWNESS)
        killed = 0
        while killed < KILLS:
            await until(removing, 60 * SLOWNESS, "datapoints are removed", every=0.01)
            if await small_enough():
                break
            self.server.kill()
            killed += 1
            self.assertEqual(self.server.store.rows("PRAGMA integrity_check"), [("ok",)])
            await self.server.start()
        self.assertGreater(killed, 0)
        await until(small_enough, 90 * SLOWNESS, "max_size is held", every=0.5)
        rows = self.server.store.rows("SELECT event, min(time), count(*) FROM datapoints WHERE time >= ? GROUP BY event",
                                      held[1])
        self.assertEqual(len(rows), 2)
        self.assertLess(abs(rows[0][1] - rows[1][1]), HOUR)  # the oldest of both
        self.assertGreater(min(first for _, first, _ in rows), held[1] + HOUR)
        for _, first, count in rows:
            self.assertEqual(count, (end - first) // SECOND)
        within = self.server.store.rows("SELECT count(*) FROM datapoints WHERE time >= ? AND time < ?", *held)
        self.assertEqual(within, [(2 * 100 * 3600,)])
        health = (await self.server.get("/health")).json()
        self.assertNotIn("warning", health)

        # New readings take the pages that became free: the file does not grow.
        size = self.server.database.stat().st_size
        pushing = await Controller.connect(self.server, await self.server.token("rig2", "controller"), ack=1)
        await pushing.receive()
        await self.push(pushing, ("evt_c",), range(end, end + 20_000 * SECOND, SECOND))
        self.assertLessEqual(self.server.database.stat().st_size, size)

        # An experiment over everything: nothing may go, and the hub says so.
        self.experiment("all of it", held[1], end + 1000 * HOUR, ["rig1", "rig2"])
        await self.push(pushing, ("evt_c",), range(end + 20_000 * SECOND, end + 180_000 * SECOND, SECOND))

        async def warned():
            answer = await self.server.get("/health")
            return answer.status == 200 and "experiments fill the store" in answer.json().get("warning", "")
        await until(warned, 60 * SLOWNESS, "the hub says that experiments fill the store", every=0.5)
        self.assertIn("experiments and the latest datapoint of each event fill it", self.server.program.log())
        self.assertEqual(await self.figure("webmacs_store_too_large"), 1)
        self.assertEqual((await asyncio.to_thread(self.server.stop))[0], 0)
        self.assertEqual(self.server.store.rows("PRAGMA integrity_check"), [("ok",)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
