"""The whole chain through a real nginx with the project's own site file: simulator, agent, nginx, hub, nginx, subscriber.
No log of any of them holds a token, whatever goes wrong."""

import asyncio
import re
import unittest
import urllib.request

import websockets

from harness.case import Scenario
from harness.controller import Controller, reading
from harness.filled import fill
from harness.programs import AGENT, ROOT, free_port
from harness.rest import Rest
from harness.subscriber import Subscriber
from harness.wait import until

SITE = ROOT / "systemd" / "webmacs.nginx.conf"
RIG = ROOT / "systemd" / "rigs" / "fluidised-bed.ini"
SEED_LOCATION = """
proxy_pass http://backend:8000;
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection "upgrade";
proxy_set_header Host $host;
proxy_read_timeout 86400;
"""


class BehindNginx(Scenario):
    async def asyncSetUp(self):
        self.server = self.hub()
        self.server.program.command += ["--log-level", "debug"]
        self.port = free_port()
        self.nginx = self.program("nginx", ["/usr/sbin/nginx", "-p", self.folder, "-c", self.write_nginx_conf(),
                                            "-e", self.folder / "nginx.start.log", "-g", "daemon off;"]).start()
        await self.server.start()
        self.viewer_token = await self.server.token("viewer", "viewer")

        async def proxied():
            self.assertTrue(self.nginx.running, self.nginx.log())
            try:
                return (await self.fetch("/health")).startswith("HTTP/1.1 200")
            except OSError:
                return False
        await until(proxied)

    def write_nginx_conf(self):
        """nginx.conf around our site file: only ports and log paths are this scenario's."""
        site = SITE.read_text()
        self.assertEqual(site.count("http://127.0.0.1:8000"), 2)
        site = site.replace("127.0.0.1:8000", f"127.0.0.1:{self.server.port}")
        site = site.replace("listen 80;", f"listen 127.0.0.1:{self.port};").replace("    listen [::]:80;\n", "")
        site = re.sub(r"/var/log/nginx/(\S+\.log)", rf"{self.folder}/nginx.\1", site)
        (self.folder / "site.conf").write_text(site)
        temporary = "".join(f"  {name}_temp_path {self.folder}/{name};\n"
                            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # One process, so that none is left when it is killed. The surrounding error log has nginx's default level.
        (self.folder / "nginx.conf").write_text(
            f"pid {self.folder}/nginx.pid;\nerror_log {self.folder}/nginx.main.log;\nmaster_process off;\n"
            f"events {{ worker_connections 256; }}\nhttp {{\n{temporary}  access_log off;\n"
            f"  include {self.folder}/site.conf;\n}}\n")
        return self.folder / "nginx.conf"

    async def fetch(self, path):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n".encode())
        text = (await reader.read()).decode(errors="replace")
        writer.close()
        return text

    def test_the_location_is_the_seeds(self):
        (block,) = re.findall(r"location /ws/ \{\n(.*?)\n    \}", SITE.read_text(), re.S)
        ours = [line.strip() for line in block.splitlines() if line.strip()]
        seed = SEED_LOCATION.strip().replace("backend:8000", "127.0.0.1:8000").splitlines()
        self.assertEqual(ours[:len(seed)], seed)

    async def start_rig(self):
        local = self.folder / "rig.local.ini"
        text = RIG.read_text()
        for old, new in ((r"url = \S+", f"url = ws://127.0.0.1:{self.port}/ws/controller/telemetry"),
                         (r"token_file = \S+", f"token_file = {self.folder}/rig.token"),
                         (r"path = \S+", f"path = {self.folder}/agent.db")):
            text, count = re.subn(rf"(?m)^{old}", new, text)
            self.assertEqual(count, 1, old)
        (self.folder / "rig.ini").write_text(text)
        (self.folder / "rig.token").write_text(await self.server.token("fluidised-bed", "controller"))
        self.simulator(self.folder / "rig.ini", local).start()
        await until(lambda: local.exists() and local.stat().st_size)
        return self.start_agent(local)

    def start_agent(self, local):
        return self.program("agent", [AGENT, "--log-level", "debug", "run", "--config", local]).start()

    async def test_the_whole_chain(self):
        events = set(re.findall(r"(?m)^\[event:(\S+)\]", RIG.read_text()))
        subscriber = await Subscriber.connect(self.server, self.viewer_token, port=self.port)
        await self.start_rig()
        await until(lambda: {p["event_public_id"] for p in subscriber.received} == events, 15, "every event of the rig")
        await until(lambda: len(subscriber.of("windbox_pressure")) >= 6, 15)
        self.assertGreater(len({point["value"] for point in subscriber.of("windbox_pressure")}), 1, "values move")
        stored = {(event, value) for event, _, value, _ in self.server.store.datapoints()}
        self.assertLessEqual({(p["event_public_id"], p["value"]) for p in subscriber.received}, stored)

        # The hub goes away and comes back behind the proxy; agent and subscriber are told, and return.
        await asyncio.to_thread(self.server.stop)
        await subscriber.closed()
        for _ in range(3):  # while it is away nginx answers, and logs
            with self.assertRaises(websockets.InvalidStatusCode) as refused:
                await Subscriber.connect(self.server, self.viewer_token, port=self.port)
            self.assertEqual(refused.exception.status_code, 502)
            self.assertIn(" 502 ", await self.fetch(f"/api/v1/datapoints/latest?token={self.viewer_token}"))
        await asyncio.sleep(2)  # the agent tries as well
        await self.server.start()
        subscriber = await Subscriber.connect(self.server, self.viewer_token, port=self.port)
        await until(lambda: {p["event_public_id"] for p in subscriber.received} == events, 30, "live again")

    async def test_a_seed_controller_with_its_token_in_the_query(self):
        token = await self.server.token("rig1", "controller")
        controller = await Controller.connect(self.server, token, port=self.port)
        subscriber = await Subscriber.connect(self.server, self.viewer_token, port=self.port)
        await controller.send(reading("evt_temp01", 23.45, "2025-01-15T14:32:10.000Z"))
        self.assertEqual((await subscriber.wait_for(1))[0]["value"], 23.45)
        await asyncio.to_thread(self.server.kill)
        await controller.closed()
        with self.assertRaises(websockets.InvalidStatusCode):
            await Controller.connect(self.server, token, port=self.port)

    async def test_the_access_log_has_paths_without_queries(self):
        subscriber = await Subscriber.connect(self.server, self.viewer_token, port=self.port)
        await subscriber.close()
        await self.fetch(f"/api/v1/datapoints/latest?token={self.viewer_token}&x=1")

        def logged():
            text = (self.folder / "nginx.webmacs.access.log").read_text()
            return text.count("\n") >= 3 and text
        text = await until(logged)
        self.assertIn('"GET /ws/datapoints/stream HTTP/1.1" 101', text)
        self.assertIn('"GET /api/v1/datapoints/latest HTTP/1.1" 200', text)
        self.assertNotIn("?", text)

    async def test_a_long_export_by_its_link(self):
        await asyncio.to_thread(self.server.stop)
        fill(self.server.database, 1_700_000_000_000_000, 100_000)
        await self.server.start()
        viewer = Rest(self.server, self.viewer_token)
        self.addCleanup(viewer.close)
        url = viewer.json("POST", "/api/v1/experiments/exp_long/export/csv/link")[1]["url"]
        self.tokens.append(url.partition("link=")[2])  # in no log, nginx's included

        def download():
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{url}", timeout=60) as reply:
                return reply.read()
        self.assertEqual(await asyncio.to_thread(download),
                         viewer.request("GET", "/api/v1/experiments/exp_long/export/csv")[2])
        self.assertIn(" 410 ", await self.fetch(url))
        await asyncio.to_thread(self.server.stop)
        self.assertIn(" 502 ", await self.fetch(url))

    async def test_the_logs_that_are_searched_are_there(self):
        names = {path.name for path in self.folder.rglob("*.log")}
        self.assertLessEqual({"server.log", "nginx.webmacs.access.log", "nginx.webmacs.error.log", "nginx.main.log"},
                             names)

    async def test_the_client_behind_the_proxy_is_named_in_the_hubs_log(self):
        refused = await Subscriber.connect(self.server, "wm_wrong", port=self.port)
        self.assertEqual(await refused.closed(), (1008, "Invalid or expired token"))
        await until(lambda: "refused 127.0.0.1" in self.server.program.log())


if __name__ == "__main__":
    unittest.main()
