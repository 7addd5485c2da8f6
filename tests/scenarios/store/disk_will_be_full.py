"""The disk of the store fills up: the hub says beforehand when it will be full, in `webmacs-server store`, /metrics,
/health and /api/v1/store; a store that does not grow, or is held by max_size, has no such day. In SQLite and in
PostgreSQL."""

import contextlib
import json
import sqlite3
import time
import unittest

from harness.case import Scenario
from harness.controller import Controller, reading
from harness.postgres import Postgres
from harness.programs import SLOWNESS
from harness.rest import Rest
from harness.small_disk import SmallDisk
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T00:00:00Z")
SECOND = 1_000_000
DAY = 86_400
MEMBERS = ["datapoints", "bytes", "bytes_per_datapoint", "sealed_datapoints", "oldest", "newest", "days_until_full"]


class DiskWillBeFull(Scenario):
    async def push(self, count):
        controller = await Controller.connect(self.server, self.rig_token, ack=1)
        await controller.receive()
        for first in range(0, count, 500):
            batch = [reading("evt_a", float(i), rfc3339(T0 + i * SECOND)) for i in range(first, first + 500)]
            answer = await controller.ask({"batch": 1, "backlog": True, "datapoints": batch}, 30 * SLOWNESS)
            self.assertEqual(answer["stored"], 500, answer)
        await controller.close()

    async def start(self, **settings):
        self.server = self.hub(**settings)
        self.viewer_token = await self.server.token("viewer", "viewer")
        self.rig_token = await self.server.token("rig1", "controller")
        await self.server.start()

    def command(self):
        done = self.server.command("store", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        figures = json.loads(done.stdout)
        self.assertEqual(list(figures), MEMBERS)
        return figures

    def shown(self):
        rest = Rest(self.server, self.viewer_token)
        try:
            return rest.get("/api/v1/store")
        finally:
            rest.close()

    async def metric(self, name):
        for line in (await self.server.get("/metrics")).body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        return None

    async def check_figures(self):
        figures = self.command()
        self.assertEqual((figures["datapoints"], figures["sealed_datapoints"]), (10_000, 0))
        self.assertEqual((figures["oldest"], figures["newest"]), (rfc3339(T0), rfc3339(T0 + 9_999 * SECOND)))
        self.assertGreater(figures["bytes"], 200_000)
        self.assertGreater(figures["bytes_per_datapoint"], 20)
        self.assertLess(figures["bytes_per_datapoint"], 400)
        lines = self.server.command("store").stdout
        self.assertIn("datapoints       10000\n", lines)
        return figures

    def grown_from(self, bytes_then, seconds_ago, run):
        """As if the hub had noted this size then."""
        run("DELETE FROM store_sizes")
        run(f"INSERT INTO store_sizes VALUES ({int((time.time() - seconds_ago) * SECOND)}, {int(bytes_then)})")

    async def test_in_sqlite(self):
        await self.start()
        await self.push(10_000)
        figures = await self.check_figures()
        self.assertIsNone(figures["days_until_full"])  # it was not watched for long enough

        def run(sql):
            with contextlib.closing(sqlite3.connect(self.server.database)) as database, database:
                database.execute(sql)
        await until(lambda: self.shown()["bytes_left"], 20 * SLOWNESS, "the hub has looked at the disk")
        shown = self.shown()
        self.server.stop()
        # Half a megabyte in half a day: what is left lasts so long.
        record = self.server.store.rows("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")[0][0]
        self.grown_from(record - 500_000, DAY / 2, run)
        expected = shown["bytes_left"] / 1_000_000
        await self.server.start()
        self.assertAlmostEqual(self.command()["days_until_full"] / expected, 1, delta=0.1)

        def told():
            return self.shown()["days_until_full"]
        await until(told, 20 * SLOWNESS, "the hub knows when its disk is full")
        self.assertAlmostEqual(told() / expected, 1, delta=0.1)
        self.assertAlmostEqual(await self.metric("webmacs_store_days_until_full") / expected, 1, delta=0.1)
        self.assertNotIn("full in", str((await self.server.get("/health")).json()))
        # So fast that it is full in about ten days.
        self.server.stop()
        self.grown_from(record - shown["bytes_left"] / 100, DAY / 10, run)
        await self.server.start()

        async def warned():
            answer = await self.server.get("/health")
            health = answer.json()
            return answer.status == 200 and health["status"] == "ok" and "will be full in" in health.get("warning", "")
        await until(warned, 20 * SLOWNESS, "/health warns of the disk")
        health = (await self.server.get("/health")).json()
        self.assertIn(health["warning"], health["warnings"])
        self.assertEqual(self.server.program.log().count("will be full in"), 1)
        # max_size holds it before that.
        self.server.stop()
        self.server.ini.write_text(self.server.ini.read_text() + "max_size = 64MiB\n")
        await self.server.start()
        self.assertIsNone(self.command()["days_until_full"])
        await until(lambda: self.shown()["bytes_left"], 20 * SLOWNESS, "the hub has looked at the disk")
        self.assertNotIn("warning", (await self.server.get("/health")).json())

    async def test_in_postgresql(self):
        postgres = await Postgres(self).start()
        await self.start(store_url=postgres.url())
        await self.push(10_000)
        figures = await self.check_figures()
        self.assertIsNone(figures["days_until_full"])
        self.server.stop()
        self.grown_from(figures["bytes"] - 500_000, DAY / 2, postgres.rows_changed)
        await self.server.start()
        await until(lambda: self.shown()["days_until_full"], 20 * SLOWNESS, "the hub knows when the database's disk is full")
        self.assertAlmostEqual(self.shown()["days_until_full"] / (self.shown()["bytes_left"] / 1_000_000), 1, delta=0.3)

    async def test_a_disk_that_is_nearly_full(self):
        disk = await SmallDisk(self, "64m").start()
        self.server = self.hub(store_url=f"sqlite://{disk.mount}/hub.db").within(disk.enter)
        await self.server.start()
        await until(lambda: self.log_has_started(), 10 * SLOWNESS, "it runs")
        self.assertNotIn("warning", (await self.server.get("/health")).json())
        with open(disk.inside("ballast"), "wb") as ballast:
            ballast.write(b"x" * 61 * 1024 * 1024)

        async def warned():
            return "nearly full" in (await self.server.get("/health")).json().get("warning", "")
        await until(warned, 30 * SLOWNESS, "/health warns of the disk", every=0.5)
        disk.make_room()

        async def fine():
            return "warning" not in (await self.server.get("/health")).json()
        await until(fine, 30 * SLOWNESS, "the warning ends", every=0.5)

    def log_has_started(self):
        return "listens on" in self.server.program.log()


if __name__ == "__main__":
    unittest.main(verbosity=2)
