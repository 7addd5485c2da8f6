"""GET /metrics: who may see it, what it counts, and Prometheus' own opinion of it."""

import asyncio
import contextlib
import socket
import sqlite3
import subprocess
import unittest

from harness.case import Scenario
from harness.controller import Controller, reading
from harness.programs import SLOWNESS
from harness.subscriber import Subscriber
from harness.wait import until


def parse(text):
    """{'name{labels}': value} of the text format."""
    values = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
    return values


class Metrics(Scenario):
    async def figures(self):
        answer = await self.server.get("/metrics")
        self.assertEqual(answer.status, 200)
        return parse(answer.body.decode())

    async def test_what_happened_is_counted(self):
        self.server = await self.hub().start()
        controller = await Controller.connect(self.server, await self.server.token("rig1", "controller"), ack=1)
        await controller.receive()
        viewers = [await Subscriber.connect(self.server, await self.server.token(f"viewer{i}", "viewer")) for i in (1, 2)]
        times = [f"2025-01-15T14:32:{second:02}Z" for second in range(10)]
        await controller.ask({"batch": 1, "datapoints": [reading("evt_a", 1, time) for time in times]})
        await controller.ask({"batch": 2, "datapoints": [reading("evt_a", 1, times[0]), reading("evt_a", 2, times[1]),
                                                         reading("evt_a", "x", times[2])]})
        other = await Controller.connect(self.server, await self.server.token("rig2", "controller"))
        await other.ask(reading("evt_a", 1, "2025-01-15T15:00:00Z"))  # belongs to rig1
        for viewer in viewers:
            await viewer.wait_for(10)
        await self.server.get("/api/v1/events", "wm_wrong")
        await other.close()
        await until(lambda: self.closes_of_1000(), 5)
        figures = await self.figures()
        expected = {
            'webmacs_connections{role="controller"}': 1, 'webmacs_connections{role="viewer"}': 2,
            "webmacs_controllers_online": 1,
            "webmacs_readings_received_total": 14, "webmacs_readings_stored_total": 10,
            "webmacs_readings_duplicate_total": 1, "webmacs_readings_conflict_total": 1,
            'webmacs_readings_rejected_total{reason="invalid"}': 1,
            'webmacs_readings_rejected_total{reason="foreign_event"}': 1,
            "webmacs_broadcast_frames_total": 10, "webmacs_outbound_queue_bytes": 0,
            "webmacs_conflations_total": 0, 'webmacs_dropped_total{what="datapoints"}': 0,
            "webmacs_failed_logins_total": 1, "webmacs_store_up": 1, "webmacs_store_queue_readings": 0,
            'webmacs_websocket_closes_total{code="1000"}': 1,
            'webmacs_build_info{version="0.1.0"}': 1}
        self.assertEqual({name: figures.get(name) for name in expected}, expected)
        self.assertEqual(figures["webmacs_delivered_bytes_total"], 2 * figures["webmacs_broadcast_bytes_total"])
        self.assertEqual(figures["webmacs_store_commit_seconds_count"],
                         figures['webmacs_store_commit_seconds_bucket{le="+Inf"}'])
        self.assertGreaterEqual(figures["webmacs_store_commit_seconds_count"], 3)
        self.assertGreater(figures["process_resident_memory_bytes"], 1e6)
        with open(f"/proc/{self.server.program.pid}/stat", encoding="ascii") as stat:
            self.assertGreater(int(stat.read().split()[21]), 0)
        self.assertAlmostEqual(figures["process_start_time_seconds"], self.server.database.stat().st_mtime, delta=60)

    async def closes_of_1000(self):
        return (await self.figures()).get('webmacs_websocket_closes_total{code="1000"}') == 1

    async def test_what_waits_for_the_store_is_counted_until_it_is_stored(self):
        self.server = await self.hub().start()
        controller = await Controller.connect(self.server, await self.server.token("rig1", "controller"), ack=1)
        await controller.receive()
        await controller.ask({"batch": 1, "datapoints": [reading("evt_a", 1, "2025-01-15T14:32:10Z")]})
        with contextlib.closing(sqlite3.connect(self.server.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # as another program that keeps the database to itself
            await controller.send({"batch": 2, "datapoints": [reading("evt_a", 2, "2025-01-15T14:32:11Z")]})
            await self.until_figure("webmacs_store_queue_readings", 1)
            other.execute("ROLLBACK")
        await self.until_figure("webmacs_store_queue_readings", 0)
        await self.until_figure("webmacs_readings_stored_total", 2)
        await self.until_figure("webmacs_store_up", 1)

    async def test_who_is_turned_away_is_counted(self):
        self.server = await self.hub(max_connections_per_address=2, trusted_proxies="192.0.2.1").start()
        peers = [socket.create_connection(("127.0.0.1", self.server.port), 10, ("127.0.0.9", 0)) for _ in range(5)]
        await self.until_figure('webmacs_connections_refused_total{reason="limit"}', 3)
        figures = await self.figures()
        self.assertEqual(figures['webmacs_connections_refused_total{reason="descriptors"}'], 0)
        self.assertGreaterEqual(figures["webmacs_sockets"], 3)
        self.assertGreater(figures["process_open_fds"], 3)
        self.assertGreater(figures["process_max_fds"], figures["process_open_fds"])
        for peer in peers:
            peer.close()

    async def until_figure(self, name, value):
        async def has_it():
            return (await self.figures()).get(name) == value
        await until(has_it, 10 * SLOWNESS, f"{name} is {value}")

    async def test_promtool_finds_nothing_wrong(self):
        self.server = await self.hub().start()
        answer = await self.server.get("/metrics")
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        checked = await asyncio.to_thread(subprocess.run, ["promtool", "check", "metrics"], input=answer.body,
                                          capture_output=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, b"", b""))

    async def test_only_direct_requests_from_this_machine_see_it(self):
        self.server = await self.hub().start()
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto"):
            answer = await self.server.get("/metrics", headers={header: "127.0.0.1"})
            self.assertEqual(answer.status, 403, header)
            self.assertNotIn(b"webmacs_", answer.body)

    async def test_public_metrics_are_for_everybody(self):
        self.server = await self.hub(metrics_public="true").start()
        self.assertEqual((await self.server.get("/metrics", headers={"X-Forwarded-For": "203.0.113.5"})).status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
