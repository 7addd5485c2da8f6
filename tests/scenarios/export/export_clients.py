"""Clients of an export that are slow, leave, use a link, or whose token is revoked; a hub that stops and a store that
breaks in the middle: what is not whole never looks whole."""

import asyncio
import os
import sqlite3
import time
import unittest

from harness.case import Scenario
from harness.controller import reading
from harness.download import Download
from harness.filled import fill
from harness.postgres import Postgres
from harness.programs import SLOWNESS, resident
from harness.rest import Rest
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T14:00:00Z")
MANY = 150_000  # rows: 11 MB, more than sockets hold


class ExportClients(Scenario):
    async def start_with_many(self, rows=MANY):
        self.server = self.hub()
        self.viewer_token = await self.server.token("viewer", "viewer")  # makes the file
        fill(self.server.database, T0, rows)
        self.path = "/api/v1/experiments/exp_long/export/csv"
        await self.server.start()

    async def text(self, path):
        answer = await self.server.get(path, self.viewer_token)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.body

    # ---- links

    async def test_a_link_is_good_once_and_for_a_minute(self):
        await self.start_with_many()
        # One that takes nothing for a minute is given up.
        stalled = Download(self.server.port, self.path, await self.server.token("patient", "viewer"))
        self.addCleanup(stalled.close)
        await asyncio.to_thread(stalled.read_some, 1000)
        viewer = Rest(self.server, self.viewer_token)
        self.addCleanup(viewer.close)
        links = []

        def make(path=self.path + "/link"):
            status, answer = viewer.json("POST", path)
            self.assertEqual(status, 201, answer)
            links.append(answer["url"])
            self.tokens.append(answer["url"].split("=")[1])  # none may stand in a log
            return answer["url"]
        late, made = make(), time.monotonic()
        url = make()
        nobody = Rest(self.server)
        self.addCleanup(nobody.close)
        self.assertEqual(nobody.request("HEAD", url)[0], 200)  # does not use it up
        body = nobody.request("GET", url)[2]
        self.assertEqual(body, await self.text(self.path))
        self.assertEqual(nobody.json("GET", url)[0], 410)
        self.assertEqual(nobody.request("GET", make(self.path + "/link?shape=wide"))[2],
                         await self.text(self.path + "?shape=wide"))
        self.assertEqual(len(set(links)), len(links))
        self.assertEqual(nobody.json("GET", url[:-1])[0], 404)
        self.assertEqual(nobody.json("POST", self.path + "/link")[0], 401)
        self.assertEqual(viewer.json("POST", self.path + "/link?shape=tall")[0], 422)
        self.assertEqual(viewer.json("POST", self.path.replace("exp_", "exp_x") + "/link")[0], 404)
        # It dies with the token that made it.
        revoked = make()
        self.assertEqual(self.server.command("token", "revoke", "viewer").returncode, 0)
        await until(lambda: viewer.request("GET", "/api/v1/events")[0] == 401, 5 * SLOWNESS)
        status, answer = nobody.json("GET", revoked)
        self.assertEqual((status, "no longer valid" in answer["detail"]), (410, True))
        nobody.close()
        await asyncio.sleep(max(0.0, made + 60.5 - time.monotonic()))
        status, answer = nobody.json("GET", late)
        self.assertEqual(status, 410)
        self.assertIn("60 s", answer["detail"])
        await until(lambda: "token patient: its client left" in self.server.program.log(), 10 * SLOWNESS)
        self.assertIsNone(await asyncio.to_thread(stalled.rest_of_chunks))

    async def test_links_do_not_pile_up(self):
        await self.start_with_many(1)
        viewer = Rest(self.server, self.viewer_token)
        self.addCleanup(viewer.close)
        made = [viewer.request("POST", self.path + "/link")[0] for _ in range(150)]
        self.assertEqual(made, [201] * 100 + [429] * 50)

    # ---- clients

    async def test_slow_clients_cost_little_and_delay_nobody(self):
        await self.start_with_many()
        other = await self.server.token("other", "viewer")
        before = resident(self.server.program.pid)
        slow = [Download(self.server.port, self.path, token) for token in [other] * 16 + [self.viewer_token] * 15]
        for each in slow:
            await asyncio.to_thread(each.read_some, 1000)
        started = time.monotonic()
        whole = await self.text(self.path)  # the last place
        self.assertEqual(whole.count(b"\r\n"), MANY + 1)
        self.assertLess(time.monotonic() - started, 20 * SLOWNESS)
        # Nothing is held open in the store: the log of a database that somebody reads could not be emptied.
        with sqlite3.connect(self.server.database) as database:
            database.execute("UPDATE events SET name = 'x'")
            database.commit()
            await until(lambda: database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, 10 * SLOWNESS)
        database.close()
        growth = resident(self.server.program.pid) - before
        if not os.environ.get("WEBMACS_SANITIZE"):
            self.assertLess(growth, 64 << 20, "31 slow clients and a quick one")
        last = Download(self.server.port, self.path, self.viewer_token)
        await asyncio.to_thread(last.read_some)
        one_more = await self.server.get(self.path, await self.server.token("third", "admin"))
        self.assertEqual(one_more.status, 503, "there is a place for each, up to a bound")
        self.assertIn("Retry-After", one_more.headers)
        last.close()

        async def free_again():
            return (await self.server.get(self.path, self.viewer_token)).status == 200
        await until(free_again, 10 * SLOWNESS)
        self.assertEqual((await self.server.get(self.path, other)).status, 503, "and up to another for each token")
        # Those that leave make room; one that goes on has it all.
        for each in slow[1:]:
            each.close()

        async def there_is_room():
            return (await self.server.get(self.path, other)).status == 200
        await until(there_is_room, 10 * SLOWNESS)
        self.assertEqual(await asyncio.to_thread(slow[0].rest_of_chunks), whole)
        slow[0].close()
        await until(lambda: "its client left after" in self.server.program.log(), 10 * SLOWNESS)
        print(f"31 slow clients and a quick one cost {growth / (1 << 20):.1f} MiB")

    async def test_a_revoked_token_gets_no_more_of_it(self):
        await self.start_with_many()
        slow = Download(self.server.port, self.path, self.viewer_token)
        await asyncio.to_thread(slow.read_some, 1000)
        self.assertEqual(self.server.command("token", "revoke", "viewer").returncode, 0)
        await until(lambda: "cut off: Token has been revoked" in self.server.program.log(), 5 * SLOWNESS)
        self.assertIsNone(await asyncio.to_thread(slow.rest_of_chunks))
        self.assertLess(len(slow.received), 4 << 20)
        slow.close()

    async def test_the_hub_stops_in_the_middle(self):
        await self.start_with_many()
        downloads = [Download(self.server.port, self.path, self.viewer_token, version) for version in ("1.1", "1.0")]
        for each in downloads:
            await asyncio.to_thread(each.read_some, 1000)
        code, seconds = await asyncio.to_thread(self.server.stop)
        self.assertEqual(code, 0)
        self.assertLess(seconds, 10 * SLOWNESS)
        self.assertIsNone(await asyncio.to_thread(downloads[0].rest_of_chunks))
        with self.assertRaises(ConnectionResetError):  # one that ends with the connection must not seem to end well
            await asyncio.to_thread(downloads[1].read_all)
        for each in downloads:
            each.close()

    async def test_postgresql_goes_away_in_the_middle(self):
        postgres = await Postgres(self).start()
        await self.start_hub_with_rig(store_url=postgres.url())
        await self.controller.ask({"batch": 1, "datapoints": [reading("evt_a", 1, rfc3339(T0))]})
        postgres.rows("INSERT INTO datapoints SELECT key, i, i / 7.0, NULL FROM events CROSS JOIN "
                      f"generate_series({T0 + 1000}, {T0 + 1000 * (MANY - 1)}, 1000) i")
        operator = Rest(self.server, await self.server.token("operator", "operator"))
        made = operator.json("POST", "/api/v1/experiments", {"name": "x", "started_on": rfc3339(T0)})[1]
        operator.close()
        path = f"/api/v1/experiments/{made['public_id']}/export/csv"
        self.assertEqual((await self.text(path)).count(b"\r\n"), MANY + 1)
        slow = Download(self.server.port, path, self.viewer_token)
        await asyncio.to_thread(slow.read_some, 1000)
        await asyncio.to_thread(postgres.stop)
        going_on = asyncio.create_task(asyncio.to_thread(slow.rest_of_chunks))
        self.assertEqual((await self.server.get(path, self.viewer_token)).status, 503)
        self.assertFalse(going_on.done())
        await postgres.start()
        self.assertEqual((await going_on or b"").count(b"\r\n"), MANY + 1)
        slow.close()

        async def whole_again():
            return (await self.server.get(path, self.viewer_token)).status == 200
        await until(whole_again, 60 * SLOWNESS, "exports go on when the database is back")

    async def test_a_store_that_breaks_in_the_middle(self):
        await self.start_with_many()
        downloads = [Download(self.server.port, self.path, self.viewer_token, version) for version in ("1.1", "1.0")]
        for each in downloads:
            await asyncio.to_thread(each.read_some, 1000)
        # The second half of the file becomes nonsense, in the log and in the file alike.
        with sqlite3.connect(self.server.database) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        size = self.server.database.stat().st_size
        with open(self.server.database, "r+b") as file:
            file.seek(size // 2)
            file.write(b"\xA5" * (size // 3))
        self.assertIsNone(await asyncio.to_thread(downloads[0].rest_of_chunks))
        with self.assertRaises(ConnectionResetError):
            await asyncio.to_thread(downloads[1].read_all)
        self.assertIn("broke off after", self.server.program.log())
        # The command leaves nothing that looks whole.
        target = self.folder / "kept.csv"
        target.write_text("before")
        done = self.server.command("export", "--experiment", "exp_long", "--output", target)
        self.assertEqual(done.returncode, 1)
        self.assertIn("damaged", done.stderr)
        self.assertEqual(target.read_text(), "before")
        self.assertEqual([path.name for path in self.folder.glob("kept.csv*")], ["kept.csv"])
        for each in downloads:
            each.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
