"""HTTP as RFC 9112 says, seen by foreign clients: what frames a body, which host is meant, and the forms of a target."""

import asyncio
import http.client
import socket
import subprocess
import unittest

from harness.case import Scenario
from harness.programs import SLOWNESS
from harness.subscriber import PATH as STREAM


class HttpAsWritten(Scenario):
    async def asyncSetUp(self):
        self.server = self.hub()
        self.viewer_token = await self.server.token("viewer", "viewer")
        self.operator_token = await self.server.token("otto", "operator")
        await self.server.start()

    def ask(self, *requests, answers=None):
        """Sends them at once on one connection; the statuses of what comes back, until the hub closes, or all are
        answered and `answers` came."""
        with socket.create_connection(("127.0.0.1", self.server.port), 20 * SLOWNESS) as peer:
            peer.sendall(b"".join(request if isinstance(request, bytes) else request.encode() for request in requests))
            found = b""
            while found.count(b"HTTP/1.1 ") < (answers or len(requests)) and (data := peer.recv(65536)):
                found += data
        return [int(part[:3]) for part in found.split(b"HTTP/1.1 ")[1:]]

    def get(self, *fields, line="GET /health HTTP/1.1"):
        return "\r\n".join([line, *fields, "", ""])

    def chunked_post(self, *fields, line="POST /api/v1/events HTTP/1.1"):
        body = '{"event_public_id":"evt_smuggled","name":"x"}'
        return "\r\n".join([line, f"Authorization: Bearer {self.operator_token}", "Content-Type: application/json",
                            *fields, "", f"{len(body):x}", body, "0", "", ""])

    async def assert_nothing_was_smuggled(self):
        self.assertEqual((await self.server.get("/api/v1/events/evt_smuggled", self.viewer_token)).status, 404)

    async def test_a_transfer_coding_other_than_chunked(self):
        for fields in (["Transfer-Encoding: gzip, chunked"], ["Transfer-Encoding: gzip"], ["Transfer-Encoding: identity"],
                       ["Transfer-Encoding: xchunked"], ["Transfer-Encoding: chunked, gzip"],
                       ["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"]):
            with self.subTest(fields):
                # What follows is not taken for a request: nobody knows where the body ends.
                self.assertEqual(self.ask(self.chunked_post("Host: hub", *fields), self.get("Host: hub")), [501])
                self.assertEqual(self.ask(self.get("Host: hub", *fields), self.get("Host: hub")), [501])
        await self.assert_nothing_was_smuggled()

    async def test_two_framings_at_once(self):
        for fields in (["Transfer-Encoding: chunked", "Content-Length: 5"],
                       ["Content-Length: 5", "Transfer-Encoding: chunked"],
                       ["Transfer-Encoding: chunked, chunked"], ["Transfer-Encoding: chunked"] * 2,
                       ["Transfer-Encoding:"], ["Content-Length: 5", "Content-Length: 6"], ["Content-Length: +5"],
                       ["Content-Length: 5, 6"], ["Content-Length: -1"], ["Content-Length: 0x5"], ["Content-Length: "],
                       ["Content-Length: 99999999999999999999999"], ["Transfer-Encoding : chunked"],
                       ["Transfer-Encoding\t: chunked"]):
            with self.subTest(fields):
                self.assertEqual(self.ask(self.chunked_post("Host: hub", *fields), self.get("Host: hub")), [400])
        with self.subTest("HTTP/1.0 has no codings"):
            request = self.chunked_post("Host: hub", "Transfer-Encoding: chunked", line="POST /api/v1/events HTTP/1.0")
            self.assertEqual(self.ask(request), [400])
        await self.assert_nothing_was_smuggled()
        # And the right one is taken.
        self.assertEqual(self.ask(self.chunked_post("Host: hub", "Transfer-Encoding: Chunked"), self.get("Host: hub")),
                         [201, 200])

    async def test_no_host_or_two(self):
        self.assertEqual(self.ask(self.get()), [400])
        self.assertEqual(self.ask(self.get("Host: a", "Host: b")), [400])
        self.assertEqual(self.ask(self.get("Host: a", "host: a")), [400])
        self.assertEqual(self.ask(self.get("Host: a/b")), [400])
        self.assertEqual(self.ask(self.get("Host: user@hub")), [400])
        self.assertEqual(self.ask(self.get(line="GET /health HTTP/1.0")), [200])
        self.assertEqual(self.ask(self.get("Host: [::1]:8000"), self.get("Host: hub.lab")), [200, 200])

    async def test_the_absolute_form_of_a_target(self):
        place = f"http://127.0.0.1:{self.server.port}"
        for target, status in ((f"{place}/health", 200), (f"{place}/api/v1/me?token={self.viewer_token}", 200),
                               ("https://hub.example/health", 200), ("HTTP://hub.example/health", 200),
                               (f"{place}/nothing", 404), ("ftp://hub/health", 400), ("http://", 400),
                               ("http://user@hub/health", 400), ("health", 400)):
            with self.subTest(target.split("?")[0]):
                self.assertEqual(self.ask(self.get("Host: x", line=f"GET {target} HTTP/1.1")), [status])
        # As a program does that takes the hub for its proxy.
        done = await asyncio.to_thread(subprocess.run, ["curl", "-sS", "--noproxy", "", "-x", place, "http://hub.example/health"],
                                       capture_output=True, text=True, check=False)
        self.assertIn('"status":"ok"', done.stdout, done.stderr)
        done = await asyncio.to_thread(subprocess.run, ["curl", "-sS", "--noproxy", "", "-x", place, "https://hub.example/health"],
                                       capture_output=True, text=True, check=False)
        self.assertIn("501", done.stderr)

    async def test_a_websocket_by_the_absolute_form_and_its_origin(self):
        fields = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                  f"Sec-WebSocket-Key: {'A' * 22}=="]
        line = f"GET http://hub.example{STREAM}?token={self.viewer_token} HTTP/1.1"
        # The target's host outranks Host: the page of another host does not enter by naming itself there.
        for origin, status in (("http://hub.example", 101), ("http://evil.example", 403)):
            self.assertEqual(self.ask(self.get("Host: evil.example", f"Origin: {origin}", *fields, line=line)), [status])

    async def test_the_target_that_is_a_star(self):
        self.assertEqual(self.ask(self.get("Host: x", line="OPTIONS * HTTP/1.1"), self.get("Host: x")), [204, 200])
        self.assertEqual(self.ask(self.get("Host: x", line="GET * HTTP/1.1")), [400])

    async def test_an_empty_line_before_a_request(self):
        self.assertEqual(self.ask("\r\n" + self.get("Host: x"), "\r\n\r\n" + self.get("Host: x")), [200, 200])

    async def test_versions(self):
        for version, status in (("HTTP/1.1", 200), ("HTTP/1.0", 200), ("HTTP/2.0", 505), ("HTTP/1.2", 505),
                                ("HTTP/0.9", 505), ("http/1.1", 400), ("XTTP/1.1", 400), ("HTTP/1.1 ", 400), ("HTTP/11", 400)):
            with self.subTest(version):
                self.assertEqual(self.ask(self.get("Host: x", line=f"GET /health {version}")), [status])

    async def test_a_client_of_1_0_is_kept_when_it_asks(self):
        def twice():
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10 * SLOWNESS)
            connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
            statuses = []
            for _ in range(2):
                connection.request("GET", "/health", headers={"Connection": "keep-alive"})
                reply = connection.getresponse()
                reply.read()
                statuses.append((reply.status, reply.getheader("Connection")))
            connection.close()
            return statuses
        self.assertEqual(await asyncio.to_thread(twice), [(200, "keep-alive")] * 2)

    async def test_a_client_of_1_0_hears_of_no_100_continue(self):
        body = '{"event_public_ids":["evt_a"],"minutes":1}'
        fields = [f"Authorization: Bearer {self.viewer_token}", "Expect: 100-continue", "Host: x",
                  f"Content-Length: {len(body)}"]
        line = "POST /api/v1/datapoints/series HTTP/"
        self.assertEqual(self.ask(self.get(*fields, line=line + "1.1") + body, answers=2), [100, 200])
        self.assertEqual(self.ask(self.get(*fields, line=line + "1.0") + body), [200])


if __name__ == "__main__":
    unittest.main(verbosity=2)
