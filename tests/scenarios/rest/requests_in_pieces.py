"""Requests that a network has cut, or a stranger sends drop by drop: cut anywhere they are the same request, and none of
them holds a connection or memory for longer than it may."""

import asyncio
import socket
import time
import unittest

from harness.case import Scenario
from harness.programs import SLOWNESS, resident
from harness.subscriber import PATH as STREAM

MEBIBYTE = 1024 * 1024


class RequestsInPieces(Scenario):
    async def asyncSetUp(self):
        self.server = self.hub()
        self.viewer_token = await self.server.token("viewer", "viewer")
        await self.server.start()

    def answer_to(self, pieces, answers=1):
        """What comes back, until so many heads of answers did."""
        with socket.create_connection(("127.0.0.1", self.server.port), 10 * SLOWNESS) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in pieces:
                peer.sendall(piece)
                time.sleep(0.002)
            found = b""
            while found.count(b"HTTP/1.1 ") < answers or not found.endswith((b"\r\n\r\n", b"}")):
                data = peer.recv(65536)
                if not data:
                    break
                found += data
            return found

    def handshake(self, *more):
        return "\r\n".join([f"GET {STREAM}?token={self.viewer_token} HTTP/1.1", "Host: hub", "Upgrade: websocket",
                            "Connection: Upgrade", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                            "Sec-WebSocket-Version: 13", *more, "", ""]).encode()

    async def test_a_handshake_cut_at_every_byte(self):
        request = self.handshake()
        for at in range(1, len(request)):
            answer = await asyncio.to_thread(self.answer_to, [request[:at], request[at:]])
            self.assertTrue(answer.startswith(b"HTTP/1.1 101 "), (request[:at], answer))
        for size, filler in ((1, 512), (16, 4096), (1024, 4096)):  # well within the deadline of a head
            long = self.handshake("Cookie: " + "x" * filler)
            pieces = [long[i:i + size] for i in range(0, len(long), size)]
            answer = await asyncio.to_thread(self.answer_to, pieces)
            self.assertTrue(answer.startswith(b"HTTP/1.1 101 "), (size, answer))

    async def test_two_requests_cut_at_every_byte(self):
        both = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        for at in range(1, len(both)):
            answer = await asyncio.to_thread(self.answer_to, [both[:at], both[at:]], 2)
            statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
            self.assertEqual(statuses, [b"200", b"404"], (both[:at], answer))

    async def test_a_body_has_one_deadline_and_a_header_has(self):
        def lives(start, drop, every):
            began = time.monotonic()
            with socket.create_connection(("127.0.0.1", self.server.port), 5) as peer:
                peer.sendall(start)
                peer.settimeout(every)
                while time.monotonic() - began < 60 * SLOWNESS:
                    try:
                        peer.sendall(drop)
                        if not peer.recv(4096):
                            break
                    except TimeoutError:
                        continue
                    except OSError:
                        break
                return time.monotonic() - began
        body, header = await asyncio.gather(
            asyncio.to_thread(lives, f"GET /api/v1/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.viewer_token}\r\n"
                                     "Content-Length: 100000\r\n\r\n".encode(), b"x", 1),
            asyncio.to_thread(lives, b"GET /health HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n", 1))
        self.assertLess(body, 35 * SLOWNESS)
        self.assertGreater(body, 25)
        self.assertLess(header, 14 * SLOWNESS)

    async def test_an_honest_sender_may_pause(self):
        body = b'{"event_public_ids":["evt_a"],"minutes":1}'
        head = (f"POST /api/v1/datapoints/series HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.viewer_token}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()

        def status(*pieces):
            with socket.create_connection(("127.0.0.1", self.server.port), 30 * SLOWNESS) as peer:
                for i, piece in enumerate(pieces):
                    if i:
                        time.sleep(11)
                    peer.sendall(piece)
                return peer.recv(12)
        answers = await asyncio.gather(asyncio.to_thread(status, head, body), asyncio.to_thread(status, head + body[:5], body[5:]),
                                       asyncio.to_thread(status, head + body[:5], body[5:9], body[9:]))
        self.assertEqual(answers, [b"HTTP/1.1 200"] * 3)

    async def test_a_stranger_s_body_takes_little_memory(self):
        head = b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\n"
        large = b" " * 100_000
        for pieces in ([head + b"Content-Length: 100000\r\n\r\n", large],
                       [head + b"Transfer-Encoding: chunked\r\n\r\n", b"186a0\r\n" + large + b"\r\n0\r\n\r\n"],
                       [head.replace(b"POST /api/v1/session", b"GET /health") + b"Content-Length: 100000\r\n\r\n", large]):
            answer = await asyncio.to_thread(self.answer_to, pieces)
            self.assertRegex(answer, rb"(?s)\AHTTP/1.1 413 .*larger than 4 KiB")

    async def test_chunk_extensions_and_trailers_without_an_end(self):
        def flood(start, filler):
            with socket.create_connection(("127.0.0.1", self.server.port), 10 * SLOWNESS) as peer:
                peer.sendall(start)
                try:
                    for _ in range(50):
                        peer.sendall(filler * (MEBIBYTE // len(filler)))
                except OSError:
                    pass
        chunked = b"GET /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        before = resident(self.server.program.pid)
        for start, filler in ((b"1;", b"a"), (b"0\r\n", b"X: yyyyyyyyyyy\r\n")):
            await asyncio.to_thread(flood, chunked + start, filler)
            answer = await asyncio.to_thread(self.answer_to, [chunked + start, filler * (20_000 // len(filler))])
            self.assertIn(b"larger than 16 KiB", answer)
        self.assertLess(resident(self.server.program.pid) - before, 8 * MEBIBYTE * SLOWNESS)
        self.assertEqual((await self.server.get("/health")).status, 200)


if __name__ == "__main__":
    unittest.main()
