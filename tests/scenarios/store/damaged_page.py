"""One page of the store's file is damaged, as by a failing disk: whoever reads it is told so with 500, the log says it
once, it is counted and shown in /health; all other readings are read, stored and shown as before, also after a restart."""

import asyncio
import contextlib
import sqlite3
import unittest

from harness.case import Scenario
from harness.controller import Controller, reading
from harness.programs import SLOWNESS
from harness.rest import Rest
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T00:00:00Z")
SECOND = 1_000_000
ROWS = 3000  # of each event: some twenty pages
EVENTS = ("evt_a", "evt_b", "evt_c")


def time_of(event, i):
    """Each event has times of its own, which name its pages."""
    return T0 + i * SECOND + EVENTS.index(event)


class DamagedPage(Scenario):
    async def start(self):
        await self.start_hub_with_rig()
        for event in EVENTS:
            for first in range(0, ROWS, 500):
                await self.push(*[(event, time_of(event, i)) for i in range(first, first + 500)])
        await self.controller.close()
        self.assertEqual((await asyncio.to_thread(self.server.stop))[0], 0)

    async def push(self, *readings):
        batch = [reading(event, float(time // SECOND % 997), rfc3339(time)) for event, time in readings]
        return await self.controller.ask({"batch": 1, "datapoints": batch}, 30 * SLOWNESS)

    def damage(self, event, time):
        """Overwrites the leaf page that holds this datapoint."""
        with contextlib.closing(sqlite3.connect(self.server.database)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            size = database.execute("PRAGMA page_size").fetchone()[0]
            key = database.execute("SELECT key FROM events WHERE public_id = ?", (event,)).fetchone()[0]
            rows = database.execute("SELECT time FROM datapoints WHERE event = ? ORDER BY time", (key,)).fetchall()
        data = bytearray(self.server.database.read_bytes())
        needle = time.to_bytes(8, "big")
        found = [i for i in range(len(data) // size)
                 if data[i * size] == 10 and needle in data[i * size:(i + 1) * size]]
        self.assertEqual(len(found), 1, (found, len(rows)))
        begin = found[0] * size
        data[begin:begin + size] = b"\xa5" * size
        self.server.database.write_bytes(data)

    async def run_again(self):
        await self.server.start()
        token = next(iter(self.tokens[1:]))
        self.controller = await Controller.connect(self.server, token, ack=1)
        await self.controller.receive()
        self.rest = Rest(self.server, self.viewer_token)
        self.addCleanup(self.rest.close)

    def read(self, event, since=T0):
        return self.rest.json("GET", f"/api/v1/datapoints?event_public_id={event}&limit=10000&from={rfc3339(since)}")

    async def test_in_the_middle_of_an_event(self):
        await self.start()
        self.damage("evt_b", time_of("evt_b", ROWS // 2))
        await self.run_again()
        for _ in range(3):
            status, answer = self.read("evt_b")
            self.assertEqual(status, 500, answer)
            self.assertIn("damaged", answer["detail"])
            self.assertNotIn(str(self.server.database), answer["detail"])
        self.assertEqual(self.server.program.log().count("the file is damaged"), 1)
        health = await self.server.get("/health")
        self.assertEqual((health.status, health.json()["status"]), (200, "ok"))
        self.assertIn("the store is damaged: ", health.json()["warning"])
        metrics = (await self.server.get("/metrics")).body.decode()
        count = next(float(line.split()[1]) for line in metrics.splitlines() if line.startswith("webmacs_store_damage_total "))
        self.assertGreaterEqual(count, 3)
        # The rest is readable, of the same event, too.
        for event in ("evt_a", "evt_c"):
            status, answer = self.read(event)
            self.assertEqual((status, len(answer["data"])), (200, ROWS))
        status, answer = self.read("evt_b", T0 + (ROWS - 300) * SECOND)
        self.assertEqual((status, len(answer["data"])), (200, 300))
        # And writable.
        answer = await self.push(*[(event, time_of(event, ROWS + i)) for i in range(50) for event in EVENTS])
        self.assertEqual((answer["type"], answer["stored"], answer["rejected"]), ("ack", 150, []), answer)
        self.assertEqual((await self.server.get("/health")).status, 200)

    async def test_the_last_page_of_an_event(self):
        await self.start()
        self.damage("evt_b", time_of("evt_b", ROWS - 1))
        await self.run_again()
        latest = {point["event_public_id"] for point in self.rest.get("/api/v1/datapoints/latest")}
        self.assertLessEqual({"evt_a"}, latest)
        later = [(event, time_of(event, ROWS + i)) for i in range(20) for event in ("evt_a", "evt_b")]
        answer = await self.push(*later)
        self.assertEqual((answer["type"], answer["stored"]), ("ack", 20), answer)
        self.assertEqual(sorted(each["index"] for each in answer["rejected"]), list(range(1, 40, 2)))
        self.assertEqual({each["reason"] for each in answer["rejected"]}, {"the store is damaged there"})
        await self.push(("evt_new", T0))
        self.assertEqual(self.read("evt_new")[0], 200)

        async def warned():
            return "damaged" in (await self.server.get("/health")).json().get("warning", "")
        await until(warned, 10 * SLOWNESS, "/health warns of the damage")
        self.assertEqual((await self.server.get("/health")).json()["status"], "ok")


if __name__ == "__main__":
    unittest.main(verbosity=2)
