"""Experiments as CSV: over REST and by command, byte for byte the same, and exactly what is stored."""

import asyncio
import csv
import io
import random
import re
import struct
import time
import unittest

import pandas

from harness.case import Scenario
from harness.chance import seed
from harness.controller import reading
from harness.download import Download
from harness.postgres import Postgres
from harness.programs import ROOT, SLOWNESS
from harness.rest import Rest
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T14:00:00Z")
COLUMNS = ["timestamp", "event_public_id", "event_name", "value", "unit", "quality", "datapoint_public_id"]
NAMES = {"evt_a": ("Ein\"lass\", Temperatur ☃", "°C"), "evt_b": ("=SUM(A1)", "-"), "evt_c": ("", "m³/h"),
         "evt_d": ("-3 dB, \"soft\"", "")}


def at(number):
    return rfc3339(T0 + number)


class Export(Scenario):
    async def fill(self, rows, experiment=True):
        """Random values and times of four events, some bad; over an experiment that ends before the last of them."""
        chance = random.Random(seed(7))
        await self.controller.send({"type": "events", "events": [
            {"event_public_id": event, "name": name, "unit": unit} for event, (name, unit) in NAMES.items()]})
        self.operator = Rest(self.server, await self.server.token("operator", "operator"))
        self.addCleanup(self.operator.close)
        if experiment:
            status, made = self.operator.json("POST", "/api/v1/experiments", {
                "name": "Lauf 1: \"naß\"/trocken", "controllers": ["rig1"], "started_on": at(0), "stopped_on": at(rows)})
            self.assertEqual(status, 201, made)
            self.experiment = made["public_id"]
            self.path = f"/api/v1/experiments/{self.experiment}/export/csv"
        self.expected = {}  # (microseconds, event) -> value
        times = sorted({T0 + chance.choice((i, i // 1000 * 1000)) for i in range(rows + 100)})
        for first in range(0, len(times), 125):
            batch = []
            for moment in times[first:first + 125]:
                for event in NAMES:
                    if chance.random() < 0.3:
                        continue
                    value = None if chance.random() < 0.05 else self.value(chance)
                    batch.append(reading(event, value, rfc3339(moment),
                                         **({"quality": "bad", "reason": "timeout"} if value is None else {})))
                    if moment < T0 + rows:
                        self.expected[moment, event] = value
            answer = await self.controller.ask({"batch": 1, "datapoints": batch})
            self.assertEqual(answer["stored"], len(batch))

    @staticmethod
    def value(chance):
        while True:
            value, = struct.unpack("<d", chance.randbytes(8))
            if value == value and abs(value) != float("inf"):
                return chance.choice((value, round(chance.uniform(-50, 200), 2), chance.randint(-5, 5), 0.1 + 0.2))

    def command(self, *words):
        """Its bytes."""
        target = self.folder / "command.csv"
        target.unlink(missing_ok=True)
        done = self.server.command("export", *words, "--output", target)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual([path.name for path in self.folder.glob("command.csv*")], ["command.csv"])
        return target.read_bytes()

    async def text(self, path):
        answer = await self.server.get(path, self.viewer_token)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.body

    # ---- what is in it

    async def check_contents(self):
        body = await self.text(self.path)
        self.assertEqual(body, self.command("--experiment", self.experiment))
        self.assertNotIn(b"\n", body.replace(b"\r\n", b""))
        rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
        self.assertEqual(rows[0], COLUMNS)
        keys = [(microseconds(row[0]), row[1]) for row in rows[1:]]
        self.assertEqual(keys, sorted(self.expected))
        names = {**NAMES, "evt_b": ("'=SUM(A1)", "-"), "evt_d": ("'-3 dB, \"soft\"", "")}
        for key, row in zip(keys, rows[1:]):
            value = self.expected[key]
            self.assertEqual((row[2], row[4]), names[key[1]])
            self.assertEqual(row[5], "bad" if value is None else "good")
            self.assertEqual(None if row[3] == "" else float(row[3]), value)
        # The ids and the count are those of the API.
        seen, cursor = [], None
        viewer = Rest(self.server, self.viewer_token)
        while True:
            page = viewer.get(f"/api/v1/datapoints?experiment_public_id={self.experiment}&limit=10000"
                              + (f"&cursor={cursor}" if cursor else ""))
            seen += [point["public_id"] for point in page["data"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        viewer.close()
        self.assertEqual([row[6] for row in rows[1:]], seen)

        table = pandas.read_csv(io.BytesIO(body), parse_dates=["timestamp"], float_precision="round_trip")
        self.assertEqual(str(table.timestamp.dtype), "datetime64[ns, UTC]")
        self.assertEqual({(time.value // 1000, event): None if value != value else value for time, event, value in
                          zip(table.timestamp, table.event_public_id, table.value)}, self.expected)

    async def check_wide(self):
        body = await self.text(self.path + "?shape=wide")
        self.assertEqual(body, self.command("--experiment", self.experiment, "--shape", "wide"))
        rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
        self.assertEqual(rows[0], ["timestamp", "Ein\"lass\", Temperatur ☃ [°C] (evt_a)", "'=SUM(A1) [-] (evt_b)",
                                   "evt_c [m³/h]", "'-3 dB, \"soft\" (evt_d)"])
        self.assertEqual([microseconds(row[0]) for row in rows[1:]], sorted({moment for moment, _ in self.expected}))
        for row in rows[1:]:
            expected = [self.expected.get((microseconds(row[0]), event)) for event in NAMES]
            self.assertEqual([None if cell == "" else float(cell) for cell in row[1:]], expected)

    async def test_every_value_is_there_exactly(self):
        await self.start_hub_with_rig()
        await self.fill(3000)
        await self.check_contents()
        await self.check_wide()
        # Renamed since: it keeps the names that it began with. What came later has its own.
        await self.controller.send({"type": "events", "events": [{"event_public_id": "evt_a", "name": "x", "unit": "K"}]})
        await self.controller.ask({"batch": 1, "datapoints": [reading("evt_later", 1, at(5))]})
        self.expected[T0 + 5, "evt_later"] = 1
        NAMES["evt_later"] = ("", "")
        self.addCleanup(NAMES.pop, "evt_later")
        await self.check_contents()

    async def test_every_value_is_there_exactly_with_postgresql(self):
        postgres = await Postgres(self).start()
        await self.start_hub_with_rig(store_url=postgres.url())
        await self.fill(1500)
        await self.check_contents()
        await self.check_wide()

    async def test_the_queries_for_grafana_work_as_they_stand_there(self):
        queries = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "grafana.md").read_text(encoding="utf-8"), re.DOTALL)
        self.assertEqual(len(queries), 3)
        postgres = await Postgres(self).start()
        await self.start_hub_with_rig(store_url=postgres.url())
        await self.fill(10)
        rows = [reading("evt_temp01", -9 if i == 77 else i, at(i * 10_000_000)) for i in range(400)]
        self.assertEqual((await self.controller.ask({"batch": 1, "datapoints": rows}))["stored"], 400)

        def asked(query, first, last):
            for macro, number in (("From", first), ("To", last)):
                query = query.replace(f"$__unixEpoch{macro}()", str(T0 // 1_000_000 + number))
            return postgres.rows(query)
        points = asked(queries[0], 100, 200)
        self.assertEqual([(metric, value) for _, metric, value in points], [("evt_temp01", str(i)) for i in range(10, 21)])
        self.assertTrue(points[0][0].startswith("2025-01-15 14:01:40"), points[0])
        spike = ["evt_temp01 least", "-9"]
        await until(lambda: spike in [row[1:] for row in asked(queries[1], 0, 4000)], 20 * SLOWNESS, "it is summarised")
        self.assertEqual([row[2] for row in asked(queries[2], 0, 100)], ["Lauf 1: \"naß\"/trocken"])
        self.assertEqual(asked(queries[2], 1000, 2000), [])

    async def test_headers(self):
        await self.start_hub_with_rig()
        await self.fill(10)
        answer = await self.server.get(self.path, self.viewer_token)
        self.assertEqual(answer.headers["Content-Type"], "text/csv; charset=utf-8; header=present")
        self.assertEqual(answer.headers["Transfer-Encoding"], "chunked")
        self.assertEqual(answer.headers["Content-Disposition"], "attachment; filename=\"Lauf 1_ _na___trocken.csv\"; "
                         "filename*=UTF-8''Lauf%201_%20_na%C3%9F__trocken.csv")
        viewer = Rest(self.server, self.viewer_token)
        self.addCleanup(viewer.close)
        status, headers, body = viewer.request("HEAD", self.path)
        self.assertEqual((status, headers["Content-Type"], body), (200, answer.headers["Content-Type"], b""))
        wire = viewer._connection.sock
        self.assertEqual(viewer.request("GET", self.path)[2], answer.body)  # the same connection goes on
        self.assertEqual(viewer.request("GET", self.path)[2], answer.body)
        self.assertIs(viewer._connection.sock, wire)
        old = Download(self.server.port, self.path, self.viewer_token, "1.0")
        head, _, body = (await asyncio.to_thread(old.read_all)).partition(b"\r\n\r\n")
        old.close()
        self.assertNotIn(b"chunked", head)
        self.assertEqual(body, answer.body)

    # ---- who may, and what is not there

    async def test_who_may_and_what_is_not_there(self):
        await self.start_hub_with_rig()
        await self.fill(10)
        rig = await self.server.token("rig2", "controller")
        for token, status in ((None, 401), (rig, 403), (self.viewer_token, 200)):
            self.assertEqual((await self.server.get(self.path, token)).status, status)
        for path, status in ((self.path + "?shape=tall", 422), (self.path.replace("exp_", "exp_x"), 404)):
            answer = await self.server.get(path, self.viewer_token)
            self.assertEqual((answer.status, answer.json()["status"]), (status, status))
        for words, code in ((["--experiment", "exp_none"], 1), ([], 2), (["--from", at(0)], 2),
                            (["--from", at(0), "--to", "tomorrow"], 2), (["--from", at(1), "--to", at(0)], 2),
                            (["--experiment", self.experiment, "--from", at(0), "--to", at(1)], 2),
                            (["--experiment", self.experiment, "--shape", "tall"], 2),
                            (["--experiment", self.experiment, "--events", "evt_none"], 1),
                            (["--experiment", self.experiment, "--output", "/nowhere/x.csv"], 1)):
            done = self.server.command("export", *words)
            self.assertEqual((done.returncode, done.stdout), (code, ""), (words, done.stderr))
            self.assertTrue(done.stderr, words)

    async def test_a_part_of_it_by_command(self):
        await self.start_hub_with_rig()
        await self.fill(50)
        everything = self.command("--experiment", self.experiment).splitlines(keepends=True)
        part = self.command("--experiment", self.experiment, "--events", "evt_c,evt_a").splitlines(keepends=True)
        self.assertEqual(part, everything[:1] + [row for row in everything[1:] if row.split(b",")[1] in (b"evt_a", b"evt_c")])
        part = self.command("--from", at(10), "--to", at(20)).splitlines(keepends=True)
        self.assertEqual(part, everything[:1] + [
            row for row in everything[1:] if T0 + 10 <= microseconds(row.decode().split(",")[0]) < T0 + 20])
        done = self.server.command("export", "--from", at(10), "--to", at(20))  # to a pipe, and nothing beside it
        self.assertEqual((done.returncode, done.stdout.encode().splitlines(), done.stderr),
                         (0, b"".join(part).splitlines(), ""))

    async def test_one_that_runs_is_exported_up_to_now(self):
        await self.start_hub_with_rig()
        await self.fill(1, experiment=False)
        made = self.operator.json("POST", "/api/v1/experiments", {"name": "läuft"})[1]
        now = int(time.time() * 1e6)
        await self.controller.ask({"batch": 1, "datapoints": [
            reading("evt_a", 1, rfc3339(now)), reading("evt_a", 2, rfc3339(now + 3_600_000_000))]})
        body = await self.text(f"/api/v1/experiments/{made['public_id']}/export/csv")
        self.assertEqual([row["value"] for row in csv.DictReader(io.StringIO(body.decode()))], ["1"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
