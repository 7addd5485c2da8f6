"""A hub whose store is PostgreSQL, and a PostgreSQL that is stopped and killed while readings come in: health says so,
nothing unstored is acknowledged or shown, and every acknowledged reading is there once. WEBMACS_LONG=1: more often."""

import asyncio
import os
import random
import unittest

from harness.case import Scenario
from harness.chance import seed
from harness.controller import Controller, reading
from harness.postgres import Postgres
from harness.programs import SLOWNESS
from harness.subscriber import Subscriber
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-31T23:59:59.990Z")  # two months
ROUNDS = 20 if os.environ.get("WEBMACS_LONG") else 4
SEED = seed(7)


class HubOnPostgres(Scenario):
    async def asyncSetUp(self):
        self.postgres = await Postgres(self).start()
        await self.start_hub_with_rig(store_url=self.postgres.url())
        self.acknowledged = {}  # microseconds -> value

    async def health(self):
        return (await self.server.get("/health")).json()["status"]

    async def push(self, first, count):
        """Sends until it is acknowledged, as an agent does; answers how many were stored, and were there already."""
        batch = [reading(f"evt_{i % 3}", i, rfc3339(T0 + i)) for i in range(first, first + count)]
        while True:
            answer = await self.controller.ask({"batch": first, "datapoints": batch}, 60 * SLOWNESS)
            if answer["type"] == "ack":
                self.assertEqual(answer["rejected"], [])
                self.acknowledged.update({T0 + i: float(i) for i in range(first, first + count)})
                return answer["stored"], answer["duplicates"]
            self.assertEqual(answer["type"], "busy")
            await asyncio.sleep(0.1)

    def assert_each_once(self):
        found = [(time, value) for _, time, value in self.postgres.datapoints()]
        self.assertEqual(len(found), len(set(found)))
        self.assertEqual(dict(found), self.acknowledged)

    async def test_stopped_and_killed_again_and_again(self):
        subscriber = await Subscriber.connect(self.server, self.viewer_token)
        chance = random.Random(SEED)
        pushed, enough = 0, False

        async def flow():
            nonlocal pushed
            while not enough:
                count = chance.randint(1, 300)
                self.assertEqual(sum(await self.push(pushed, count)), count)
                pushed += count
        flowing = asyncio.create_task(flow())
        for turn in range(ROUNDS):
            before = pushed
            await until(lambda: flowing.done() or pushed > before + 1000, 60 * SLOWNESS, "readings flow")
            await asyncio.sleep(chance.uniform(0, 0.1))
            await asyncio.to_thread(self.postgres.kill if turn % 2 else self.postgres.stop)

            async def degraded():
                return await self.health() == "degraded"
            await until(degraded, 30 * SLOWNESS, "the hub is degraded")
            await self.postgres.start()

            async def well():
                return await self.health() == "ok"
            await until(well, 60 * SLOWNESS, "the hub is well again")
            self.assertEqual(await asyncio.to_thread(self.postgres.check_indexes), "")
        enough = True
        await flowing
        self.assert_each_once()
        # Each newly stored one was shown once, whatever became of its first acknowledgement.
        await subscriber.wait_for(pushed)
        self.assertEqual(sorted(point["value"] for point in subscriber.received), list(range(pushed)))
        print(f"{ROUNDS} ends of PostgreSQL, {pushed} readings, each stored and shown once")

    async def test_readings_without_a_time_wait_for_the_database(self):
        seed = await Controller.connect(self.server, await self.server.token("rig2", "controller"))
        await seed.send(reading("evt_seed", 0))
        await until(lambda: len(self.postgres.rows("SELECT 1 FROM datapoints")) == 1, 20 * SLOWNESS)
        await asyncio.to_thread(self.postgres.stop)
        for value in range(1, 4):
            await seed.send(reading("evt_seed", value))
        await self.postgres.start()
        await until(lambda: len(self.postgres.rows("SELECT 1 FROM datapoints")) == 4, 60 * SLOWNESS)
        self.assertEqual([value for _, _, value in self.postgres.datapoints()], [0, 1, 2, 3])

    async def test_another_hub_finds_all_that_the_first_one_left(self):
        await self.push(0, 500)
        await self.controller.send({"type": "events", "events": [
            {"event_public_id": "evt_0", "name": "Füllstand ½", "unit": "m³"}]})
        await self.controller.send({"type": "status", "agent": "rig1", "version": "1.2.3", "backlog": 7, "dropped": 0,
                                    "devices": []})
        await until(lambda: self.postgres.rows("SELECT 1 FROM events WHERE unit = 'm³'"), 20 * SLOWNESS)
        await self.controller.close()
        self.assertEqual(self.server.stop()[0], 0)
        await self.server.start()
        latest = (await self.server.get("/api/v1/datapoints/latest", self.viewer_token)).json()
        self.assertEqual(sorted(point["value"] for point in latest), [497, 498, 499])
        events = (await self.server.get("/api/v1/events", self.viewer_token)).json()["data"]
        self.assertEqual(events[0]["name"], "Füllstand ½")
        (rig,) = (await self.server.get("/api/v1/controllers", self.viewer_token)).json()
        self.assertEqual((rig["name"], rig["online"], rig["version"], rig["backlog"]), ("rig1", False, "1.2.3", 7))
        self.assertEqual(self.server.command("token", "revoke", "--name", "viewer").returncode, 0)

        async def out():
            return (await self.server.get("/api/v1/events", self.viewer_token)).status == 401
        await until(out, 5 * SLOWNESS, "the viewer is out")

    async def test_without_its_database_a_hub_does_not_start_and_says_why(self):
        self.postgres.stop()
        self.server.stop()
        self.server.program.start()
        self.assertEqual(self.server.program.wait(30), 1)
        self.assertIn("is PostgreSQL running and reachable", self.server.program.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
