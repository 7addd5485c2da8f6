"""The hub is killed again and again while readings come in, live, late and without a time: every acknowledged reading is
in the file once, the file is whole each time, and the series shows it all. WEBMACS_LONG=1: 200 kills instead of 20."""

import asyncio
import os
import random
import unittest

import websockets

from harness.case import Scenario
from harness.chance import seed
from harness.controller import Controller, reading
from harness.programs import SLOWNESS
from harness.rest import Rest
from harness.times import microseconds, rfc3339

T0 = microseconds("2025-01-15T14:32:10Z")
STEP = 500_000  # microseconds between readings of one event
KILLS = 200 if os.environ.get("WEBMACS_LONG") else 20
SEED = seed(11)
GONE = (OSError, websockets.WebSocketException, asyncio.TimeoutError)


class HubKilled(Scenario):
    async def test_every_acknowledged_reading_is_there_once(self):
        chance = random.Random(SEED)
        server = self.hub()
        token = await server.token("rig1", "controller")
        viewer = await server.token("viewer", "viewer")
        acknowledged = set()
        sent = 0

        async def push():
            """Sends on from what was not acknowledged, as an agent does, until the hub is gone."""
            nonlocal sent
            controller = await Controller.connect(server, token, ack=1)
            await controller.receive()
            while True:
                count = chance.randint(1, 200)
                batch = [reading(f"evt_{i % 3}", i, rfc3339(T0 + i * STEP)) for i in range(sent, sent + count)]
                answer = await controller.ask({"batch": sent, "datapoints": batch, "backlog": chance.random() < 0.3})
                if answer["type"] != "ack":
                    continue
                self.assertEqual((answer["stored"] + answer["duplicates"], answer["rejected"]), (count, []))
                acknowledged.update(range(sent, sent + count))
                sent += count

        for _ in range(KILLS):
            await server.start()
            pushing = asyncio.create_task(push())
            await asyncio.sleep(chance.uniform(0.05, 0.5) * SLOWNESS)
            server.kill()
            with self.assertRaises(GONE):
                await pushing
            self.assertEqual(server.store.rows("PRAGMA integrity_check"), [("ok",)])
            self.assertEqual(server.store.rows("PRAGMA foreign_key_check"), [])
        rows = server.store.rows("SELECT time, value FROM datapoints")
        for time, value in rows:
            self.assertEqual(time, T0 + int(value) * STEP)
        found = {int(value) for _, value in rows}
        self.assertEqual(len(found), len(rows))
        self.assertLessEqual(acknowledged, found)
        # What was in the air at a kill may be there, too: never more than one batch of it.
        self.assertLessEqual(len(found - acknowledged), 200)

        await server.start()
        rest = Rest(server, viewer)
        line = rest.json("POST", "/api/v1/datapoints/series", {
            "event_public_ids": ["evt_0"], "from": rfc3339(T0), "to": rfc3339(T0 + 400 * 86400 * 1_000_000)})[1]["evt_0"]
        rest.close()
        values = [point["value"] for point in line if point["value"] is not None]
        self.assertEqual((values[0], values[-1]), (0, max(value for value in found if value % 3 == 0)))
        print(f"{KILLS} kills, {len(acknowledged)} readings acknowledged, each stored once")


if __name__ == "__main__":
    unittest.main(verbosity=2)
