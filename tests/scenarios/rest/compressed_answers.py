"""Answers of REST and exports are compressed for clients that take that: curl and Python's zlib get the same bytes as who
takes them plain, and a day of curves becomes small."""

import asyncio
import gzip
import json
import math
import subprocess
import time
import unittest

from harness.case import Scenario
from harness.controller import reading
from harness.programs import SLOWNESS
from harness.rest import Rest
from harness.threads import hang, threads_of
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T00:00:00Z")
DAY = 86_400
CURVES = 8
EVERY = 20  # seconds between the readings of a curve
MANY = 400  # events, so that what is told of them is long


class CompressedAnswers(Scenario):
    async def asyncSetUp(self):
        await self.start_hub_with_rig()
        self.addAsyncCleanup(self.controller.close)
        self.rest = Rest(self.server, self.viewer_token)
        self.addCleanup(self.rest.close)

    async def describe(self, count, poll_interval):
        await self.controller.send({"type": "events", "events": [
            {"event_public_id": f"evt_{i}", "name": f"Temperature {i}", "unit": "°C", "poll_interval": poll_interval}
            for i in range(count)]})
        await until(lambda: self.rest.get("/api/v1/events")["total"] == count, 20 * SLOWNESS)

    async def send_day(self, rows):
        """So many readings of each curve, as a rig measures them: slowly moving, with noise in the last digits."""
        await self.describe(CURVES, EVERY)
        for first in range(0, rows, 60):
            batch = [reading(f"evt_{i}", round(20 * i + math.sin(row / 200 + i) + (row * 7919 + i) % 97 / 500, 3),
                             rfc3339(T0 + row * EVERY * 1_000_000))
                     for row in range(first, min(rows, first + 60)) for i in range(CURVES)]
            answer = await self.controller.ask({"batch": first + 1, "backlog": True, "datapoints": batch})
            self.assertEqual(answer["stored"], len(batch), answer)

    async def curl(self, path, *words):
        """(status, the bytes after decoding, how many came over the line)"""
        out = self.folder / "curl.out"
        done = await asyncio.to_thread(subprocess.run, [
            "curl", "--silent", "--show-error", "--output", out, "--write-out", "%{http_code} %{size_download}",
            "--header", f"Authorization: Bearer {self.viewer_token}", *words, f"http://127.0.0.1:{self.server.port}{path}"],
            capture_output=True, text=True, timeout=60 * SLOWNESS, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        status, size = done.stdout.split()
        return int(status), out.read_bytes(), int(size)

    async def test_a_day_of_eight_curves_is_a_fraction_and_the_same_bytes(self):
        await self.send_day(DAY // EVERY)
        ask = {"event_public_ids": [f"evt_{i}" for i in range(CURVES)], "from": rfc3339(T0), "max_points": 2000,
               "to": rfc3339(T0 + DAY * 1_000_000)}
        status, headers, plain = self.rest.request("POST", "/api/v1/datapoints/series", ask)
        self.assertEqual((status, headers["Content-Encoding"], headers["Vary"]), (200, None, "Accept-Encoding"))
        self.assertTrue(all(len(points) > 1500 for points in json.loads(plain).values()))
        status, headers, packed = self.rest.request("POST", "/api/v1/datapoints/series", ask, Accept_Encoding="gzip")
        self.assertEqual((status, headers["Content-Encoding"], headers["Vary"]), (200, "gzip", "Accept-Encoding"))
        self.assertEqual(int(headers["Content-Length"]), len(packed))
        self.assertEqual(gzip.decompress(packed), plain)
        print(f"{CURVES} curves over 24 h: {len(plain) / 1000:.0f} kB, gzip {len(packed) / 1000:.0f} kB", flush=True)
        self.assertLess(len(packed), len(plain) / 4)
        status, unpacked, size = await self.curl("/api/v1/datapoints/series", "--compressed", "--json", json.dumps(ask))
        self.assertEqual((status, unpacked), (200, plain))
        self.assertLess(size, len(plain) / 4)

    async def test_every_long_answer_is_the_same_bytes_and_head_says_the_same(self):
        await self.describe(MANY, 60)
        batch = [reading(f"evt_{i}", i / 7, rfc3339(T0 + i)) for i in range(MANY)]
        self.assertEqual((await self.controller.ask({"batch": 1, "datapoints": batch}))["stored"], MANY)
        for path in ("/api/v1/datapoints/latest", "/api/v1/events", "/api/v1/openapi.json",
                     f"/api/v1/datapoints?event_public_id=evt_1&from={rfc3339(T0)}"):
            with self.subTest(path):
                status, _, plain = self.rest.request("GET", path)
                self.assertEqual(status, 200)
                status, unpacked, size = await self.curl(path, "--compressed")
                self.assertEqual((status, unpacked), (200, plain))
                status, got, packed = self.rest.request("GET", path, Accept_Encoding="gzip")
                if len(plain) > 1024:
                    self.assertEqual((got["Content-Encoding"], gzip.decompress(packed)), ("gzip", plain))
                    self.assertLess(size, len(plain))
                status, head, nothing = self.rest.request("HEAD", path, Accept_Encoding="gzip")
                self.assertEqual((status, nothing), (200, b""))
                for name in ("Content-Length", "Content-Encoding", "Content-Type", "Vary", "Cache-Control"):
                    self.assertEqual(head[name], got[name], name)

    async def test_an_export_is_compressed_piece_by_piece(self):
        await self.send_day(1200)
        operator = Rest(self.server, await self.server.token("operator", "operator"))
        self.addCleanup(operator.close)
        status, made = operator.json("POST", "/api/v1/experiments", {
            "name": "a day", "controllers": ["rig1"], "started_on": rfc3339(T0), "stopped_on": rfc3339(T0 + DAY * 1_000_000)})
        self.assertEqual(status, 201, made)
        path = f"/api/v1/experiments/{made['public_id']}/export/csv"
        status, plain, _ = await self.curl(path)
        self.assertEqual(plain.count(b"\r\n"), 1 + 1200 * CURVES)
        status, unpacked, size = await self.curl(path, "--compressed")
        self.assertEqual((status, unpacked), (200, plain))
        self.assertLess(size, len(plain) / 4)
        _, headers, packed = self.rest.request("GET", path, Accept_Encoding="gzip")
        self.assertEqual((headers["Content-Encoding"], headers["Vary"]), ("gzip", "Accept-Encoding"))
        self.assertEqual(gzip.decompress(packed), plain)
        _, headers, nothing = self.rest.request("HEAD", path, Accept_Encoding="gzip")
        self.assertEqual((headers["Content-Encoding"], nothing), ("gzip", b""))
        # HTTP/1.0 knows no chunks: the body ends with the connection, and is whole.
        status, unpacked, _ = await self.curl(path, "--compressed", "--http1.0")
        self.assertEqual((status, unpacked), (200, plain))

    async def test_who_refuses_gzip_gets_none_and_who_refuses_the_plain_body_gets_none_of_that(self):
        await self.describe(MANY, 60)
        path = "/api/v1/events?page_size=100"
        plain = self.rest.request("GET", path)[2]
        self.assertGreater(len(plain), 10_000)
        for header in ("gzip;q=0", "br", "identity, gzip;q=0.5", "gzip;q=0, *", "*;q=0", "gzip;q=2"):
            _, headers, body = self.rest.request("GET", path, Accept_Encoding=header)
            self.assertEqual((headers["Content-Encoding"], body), (None, plain), header)
        for header in ("*", "GZIP;q=0.001", "identity;q=0.5, gzip;q=0.5", "br, x-gzip"):
            _, headers, body = self.rest.request("GET", path, Accept_Encoding=header)
            self.assertEqual((headers["Content-Encoding"], gzip.decompress(body)), ("gzip", plain), header)
        _, headers, short = self.rest.request("GET", "/health", Accept_Encoding="gzip")
        self.assertIsNone(headers["Content-Encoding"], "it would be longer")
        status, headers, packed = self.rest.request("GET", "/api/v1/events/none", Accept_Encoding="gzip, identity;q=0")
        self.assertEqual((status, headers["Content-Encoding"]), (404, "gzip"))
        self.assertEqual(json.loads(gzip.decompress(packed))["status"], 404)

    async def test_a_long_answer_from_memory_waits_for_no_disk(self):
        await self.describe(MANY, 60)
        pid = self.server.program.pid
        for thread, name in threads_of(pid).items():
            if name == "store reader":
                hang(pid, thread)
        begin = time.monotonic()
        status, headers, _ = self.rest.request("GET", "/api/v1/datapoints/latest", Accept_Encoding="gzip")
        self.assertEqual(status, 200)
        _, headers, packed = self.rest.request("GET", "/api/v1/openapi.json", Accept_Encoding="gzip")
        self.assertEqual(headers["Content-Encoding"], "gzip")
        self.assertIn("paths", json.loads(gzip.decompress(packed)))
        self.assertLess(time.monotonic() - begin, 5 * SLOWNESS)


if __name__ == "__main__":
    unittest.main()
