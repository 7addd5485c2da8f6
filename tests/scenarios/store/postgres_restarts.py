"""PostgreSQL is restarted under a hub that runs: no idle reader fails a request, and an export that is under way goes on.
Between the hub and PostgreSQL a pooler is refused with words in transaction mode and works in session mode. Clocks that
are years off do not make partitions without end, and nothing depends on a search path."""

import asyncio
import os
import pwd
import subprocess
import unittest

from harness.case import Scenario
from harness.controller import Controller, reading
from harness.download import Download
from harness.postgres import Postgres
from harness.programs import SLOWNESS, free_port
from harness.rest import Rest
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T00:00:00Z")
SECOND = 1_000_000
ROWS = 300_000


class PostgresRestarts(Scenario):
    async def start(self, url=None):
        self.postgres = await Postgres(self).start()
        await self.start_hub_with_rig(store_url=url or self.postgres.url())
        self.operator_token = await self.server.token("operator", "operator")

    def fill(self, rows):
        self.postgres.rows_changed(
            f"INSERT INTO datapoints SELECT key, {T0} + i * 1000, i, NULL FROM events, generate_series(1, {rows}) i")

    async def push(self, *times):
        batch = [reading("evt_a", float(i), rfc3339(time)) for i, time in enumerate(times)]
        answer = await self.controller.ask({"batch": 1, "datapoints": batch}, 60 * SLOWNESS)
        self.assertEqual((answer["type"], answer["rejected"]), ("ack", []), answer)

    async def restart(self):
        await asyncio.to_thread(self.postgres.stop)
        await self.postgres.start()

    async def test_no_idle_reader_fails_a_request(self):
        await self.start()
        await self.push(T0)
        rest = Rest(self.server, self.viewer_token)
        self.addCleanup(rest.close)
        for _ in range(8):  # each reader has read once
            rest.get("/api/v1/datapoints?event_public_id=evt_a")
        for _ in range(2):
            await self.restart()
            for _ in range(8):
                self.assertEqual(len(rest.get("/api/v1/datapoints?event_public_id=evt_a")["data"]), 1)
        self.assertIn("PostgreSQL 15", self.postgres.rows("SELECT version()")[0][0])

    async def test_an_export_goes_on(self):
        await self.start()
        await self.push(T0)
        self.fill(ROWS)
        rest = Rest(self.server, self.operator_token)
        self.addCleanup(rest.close)
        status, made = rest.json("POST", "/api/v1/experiments", {
            "name": "long", "controllers": None, "started_on": rfc3339(T0), "stopped_on": rfc3339(T0 + 3600 * SECOND)})
        self.assertEqual(status, 201, made)
        download = Download(self.server.port, f"/api/v1/experiments/{made['public_id']}/export/csv", self.viewer_token)
        self.addCleanup(download.close)
        self.assertTrue(download.read_some())
        await asyncio.to_thread(self.postgres.stop)
        reading_on = asyncio.create_task(asyncio.to_thread(download.rest_of_chunks))
        await asyncio.sleep(1)
        self.assertFalse(reading_on.done())
        await self.postgres.start()
        body = await reading_on
        self.assertIsNotNone(body, "the export broke off")
        lines = body.decode().splitlines()
        self.assertEqual(len(lines), 1 + 1 + ROWS)
        self.assertEqual(lines[-1].split(",")[0], rfc3339(T0 + ROWS * 1000))

    async def test_clocks_that_are_years_off_share_a_partition(self):
        await self.start()
        await self.push(T0)
        before = len(self.partitions())
        odd = [microseconds(f"{year}-{month:02}-01T00:00:00Z") for year in [*range(1970, 2001), *range(2040, 2200)]
               for month in (1, 5, 9)]
        for i in range(0, len(odd), 500):
            await self.push(*odd[i:i + 500])
        self.assertEqual(self.partitions() - {"datapoints_far"}, self.known)
        self.assertEqual(len(self.partitions()), before + 1)
        rest = Rest(self.server, self.viewer_token)
        self.addCleanup(rest.close)
        page = rest.get("/api/v1/datapoints?event_public_id=evt_a&limit=10000")
        self.assertEqual([microseconds(point["timestamp"]) for point in page["data"]], sorted([T0, *odd]))

    def partitions(self):
        found = {name for (name,) in self.postgres.rows(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'webmacs.datapoints'::regclass")}
        self.known = getattr(self, "known", found)
        return found

    async def test_a_month_that_was_years_off_gets_its_own_partition(self):
        await self.start()
        await self.push(T0, microseconds("2150-01-01T00:00:00Z"))
        # As if the hub had met this month while it was years ahead.
        late = microseconds("2024-03-05T00:00:00Z")
        self.postgres.rows_changed(f"INSERT INTO datapoints SELECT key, {late}, 7, NULL FROM events")
        await self.push(late + 1)
        self.assertEqual(self.postgres.rows("SELECT count(*) FROM datapoints_2024_03"), [["2"]])
        self.assertEqual(self.postgres.rows("SELECT count(*) FROM datapoints_far"), [["1"]])

    async def test_nothing_depends_on_a_search_path(self):
        self.postgres = await Postgres(self).start()
        for table in ("events", "datapoints", "tokens", "experiments", "schema_version", "changes", "controllers"):
            self.postgres.rows_changed("CREATE SCHEMA IF NOT EXISTS decoy")
            self.postgres.rows_changed(f"CREATE TABLE decoy.{table} (nothing integer)")
        self.postgres.rows_changed("ALTER ROLE webmacs SET search_path = decoy")
        await self.start_hub_with_rig(store_url=self.postgres.url())
        await self.push(T0, T0 + 1)
        self.assertEqual(self.postgres.rows("SELECT count(*) FROM webmacs.datapoints"), [["2"]])
        latest = (await self.server.get("/api/v1/datapoints/latest", self.viewer_token)).json()
        self.assertEqual(latest[0]["value"], 1)

    # ---- poolers

    async def pooler(self, mode):
        folder = self.folder / "pgbouncer"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
        port = free_port()
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\nwebmacs = host={self.postgres.folder} dbname=postgres user=webmacs\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
            f"pool_mode = {mode}\nignore_startup_parameters = extra_float_digits\ndefault_pool_size = 20\n")
        as_nobody = []
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            as_nobody = ["setpriv", "--reuid", str(nobody.pw_uid), "--regid", str(nobody.pw_gid), "--clear-groups", "--"]
        self.program(f"pgbouncer-{mode}", [*as_nobody, "/usr/sbin/pgbouncer", folder / "pgbouncer.ini"]).start()
        url = f"postgresql://webmacs@127.0.0.1:{port}/webmacs"

        def answers():
            return subprocess.run(["psql", "-XAt", "-d", url, "-c", "SELECT 1"], capture_output=True, check=False).returncode == 0
        await until(answers, 20 * SLOWNESS, "the pooler answers")
        return url

    async def test_a_pooler_in_transaction_mode_is_refused(self):
        self.postgres = await Postgres(self).start()
        hub = self.hub(name="pooled", store_url=await self.pooler("transaction"))
        hub.program.start()
        self.assertEqual(hub.program.wait(30 * SLOWNESS), 1)
        self.assertIn("behind a pooler in transaction mode", hub.program.log())
        self.assertIn("pool_mode = session", hub.program.log())
        self.assertEqual(self.postgres.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'webmacs'"), [["0"]])

    async def test_a_pooler_in_session_mode_works(self):
        self.postgres = await Postgres(self).start()
        await self.start_hub_with_rig(store_url=await self.pooler("session"))
        await self.push(T0, T0 + 1)
        self.assertEqual(self.postgres.rows("SELECT count(*) FROM webmacs.datapoints"), [["2"]])


if __name__ == "__main__":
    unittest.main(verbosity=2)
