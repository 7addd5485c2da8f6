"""One viewer asks for a hundred long series at once: another one's small read is answered soon all the same, and what
clients asked for that have left is not read. In SQLite and in PostgreSQL."""

import asyncio
import contextlib
import json
import socket
import sqlite3
import time
import unittest

from harness.case import Scenario
from harness.postgres import Postgres
from harness.programs import SLOWNESS
from harness.rest import Rest
from harness.times import microseconds, rfc3339

T0 = microseconds("2025-01-01T00:00:00Z")
SECOND = 1_000_000
EVENTS = 20
ROWS = 50_000  # of each event: a series over all of it takes some tenths of a second
READERS = 100


class FairReads(Scenario):
    async def start(self, **settings):
        self.server = self.hub(**settings)
        self.heavy = await self.server.token("heavy", "viewer")
        self.light = await self.server.token("light", "viewer")

    def ask(self, count):
        """So many long reads of one token, each on a connection of its own; their sockets."""
        body = json.dumps({"event_public_ids": [f"evt_{i}" for i in range(EVENTS)], "from": rfc3339(T0),
                           "to": rfc3339(T0 + ROWS * SECOND), "max_points": 4000})
        request = (f"POST /api/v1/datapoints/series HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {self.heavy}\r\n"
                   f"Content-Type: application/json\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()
        sockets = [socket.create_connection(("127.0.0.1", self.server.port)) for _ in range(count)]
        for each in sockets:
            each.settimeout(300 * SLOWNESS)
            each.sendall(request)
        return sockets

    def small_read(self, token):
        """Seconds."""
        rest = Rest(self.server, token)
        try:
            started = time.monotonic()
            self.assertEqual(len(rest.get(f"/api/v1/datapoints?event_public_id=evt_0&from={rfc3339(T0)}&limit=3")["data"]), 3)
            return time.monotonic() - started
        finally:
            rest.close()

    def seconds_of_one(self):
        started = time.monotonic()
        for each in self.ask(1):
            with each:
                while each.recv(65536):
                    pass
        return time.monotonic() - started

    async def check(self):
        one = await asyncio.to_thread(self.seconds_of_one)
        sockets = self.ask(READERS)
        try:
            waits = sorted([await asyncio.to_thread(self.small_read, self.light) for _ in range(20)])
            still_working = 0
            for each in sockets:
                each.setblocking(False)
                try:
                    each.recv(1, socket.MSG_PEEK)
                except BlockingIOError:
                    still_working += 1
            print(f"one long read takes {one:.2f} s; small reads beside {READERS}: "
                  f"{waits[len(waits) // 2]:.3f} s, at most {waits[-1]:.3f} s; {still_working} were still at work")
            self.assertGreater(still_working, READERS // 4, "the load was over before the small reads were made")
            # The goal of 200 ms is the benchmark's, on a quiet machine; in one line it would be as long as all of them.
            self.assertLess(waits[-1], max(1.0 * SLOWNESS, 2 * one))
        finally:
            for each in sockets:
                each.close()
        # All have left: the next read of the same token does not wait for them.
        wait = await asyncio.to_thread(self.small_read, self.heavy)
        print(f"after they left: {wait:.3f} s")
        self.assertLess(wait, max(2.0 * SLOWNESS, 4 * one))
        self.assertEqual((await self.server.get("/health")).json()["status"], "ok")
        # What is asked for by two at once is right for both.
        first, second = self.ask(2)
        answers = []
        for each in (first, second):
            with each:
                text = b""
                while part := each.recv(65536):
                    text += part
            answers.append(json.loads(text.partition(b"\r\n\r\n")[2]))
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(sorted(answers[0]), sorted(f"evt_{i}" for i in range(EVENTS)))
        self.assertTrue(all(len(line) > 1000 for line in answers[0].values()))
        self.assertEqual((await asyncio.to_thread(self.server.stop))[0], 0)

    async def test_in_sqlite(self):
        await self.start()
        with contextlib.closing(sqlite3.connect(self.server.database)) as database:
            for i in range(EVENTS):
                database.execute("INSERT INTO events (public_id, controller) VALUES (?, 'rig1')", (f"evt_{i}",))
            database.execute("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
                             f"INSERT INTO datapoints SELECT key, {T0} + i * {SECOND}, i % 1000, NULL FROM events CROSS JOIN n "
                             "ORDER BY key, i", (ROWS,))
            database.commit()
        await self.server.start()
        await self.check()

    async def test_in_postgresql(self):
        postgres = await Postgres(self).start()
        await self.start(store_url=postgres.url())
        for i in range(EVENTS):
            postgres.rows_changed(f"INSERT INTO events (public_id, controller) VALUES ('evt_{i}', 'rig1')")
        postgres.rows_changed("CREATE TABLE datapoints_2025_01 PARTITION OF datapoints "
                              f"FOR VALUES FROM ({T0}) TO ({microseconds('2025-02-01T00:00:00Z')})")
        postgres.rows_changed(f"INSERT INTO datapoints SELECT key, {T0} + i * {SECOND}::bigint, i % 1000, NULL "
                              f"FROM events, generate_series(0, {ROWS - 1}) i")
        await self.server.start()
        await self.check()


if __name__ == "__main__":
    unittest.main(verbosity=2)
