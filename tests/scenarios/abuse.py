"""What strangers and broken programs do to an open port: the hub lives, its memory stays bounded, its log too, and who
behaves is served as ever."""

import asyncio
import os
import random
import resource
import socket
import time
import unittest

from harness.case import Scenario
from harness.controller import PATH, Controller, reading
from harness.programs import SLOWNESS
from harness.raw_websocket import TEXT, RawWebSocket
from harness.subscriber import Subscriber
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T14:32:10Z")
LONG = bool(os.environ.get("WEBMACS_LONG"))
CROWD = 5000 if LONG else 1000
FRAGMENTS = 1_000_000 if LONG else 200_000
MEBIBYTE = 1024 * 1024


class Abuse(Scenario):
    async def asyncSetUp(self):
        self.server = self.hub(max_connections_per_address=CROWD + 100)
        self.server.program.command += ["--log-level", "debug"]
        self.controller_token = await self.server.token("rig1", "controller")
        self.viewer_token = await self.server.token("viewer", "viewer")
        await self.server.start()
        self.started = time.monotonic()
        self.controller = await Controller.connect(self.server, self.controller_token, ack=1)
        await self.controller.receive()
        self.subscriber = await Subscriber.connect(self.server, self.viewer_token)
        self.sent = 0
        self.memory_before = self.memory()

    def memory(self):
        with open(f"/proc/{self.server.program.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()

    async def assert_serves(self, more_memory):
        """A reading goes all the way within a second, and the hub grew by no more than this."""
        started = time.monotonic()
        self.sent += 1
        ack = await self.controller.ask({"batch": self.sent, "datapoints": [
            reading("evt_a", self.sent, rfc3339(T0 + self.sent))]})
        self.assertEqual(ack["stored"], 1)
        await until(lambda: len(self.subscriber.received) == self.sent, 1.0 * SLOWNESS)
        self.assertLess(time.monotonic() - started, 1.0 * SLOWNESS)
        self.assertLess(self.memory() - self.memory_before, more_memory * SLOWNESS)

    def assert_quiet(self, *causes):
        """At most a line a second for each cause, at the levels that a journal shows."""
        seconds = time.monotonic() - self.started
        lines = [line for line in self.server.program.log().splitlines() if not line.startswith("<7>")]
        for cause in causes:
            of_cause = [line for line in lines if cause in line]
            self.assertLessEqual(len(of_cause), seconds + 2, of_cause[:5])
        self.assertLessEqual(len(lines), 10 + (1 + len(causes)) * seconds)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.server.port), 10)

    async def test_slow_lorises(self):
        def crowd():
            peers = [self.connect() for _ in range(CROWD)]
            for _ in range(3):
                for peer in peers:
                    peer.sendall(b"GET / HTTP/1.1\r\nX: "[: random.randint(1, 18)])
            return peers
        peers = await asyncio.to_thread(crowd)
        await self.assert_serves(CROWD * 32 * 1024)

        def left():
            with_data = 0
            for peer in peers[:: CROWD // 20]:
                peer.settimeout(15 * SLOWNESS)
                try:
                    with_data += peer.recv(1) != b""
                except ConnectionResetError:
                    pass
            return with_data
        await asyncio.to_thread(left)  # the header's deadline ends each, with an answer or without
        self.assertLess(time.monotonic() - self.started, 40 * SLOWNESS)
        for peer in peers:
            peer.close()
        await self.assert_serves(CROWD * 32 * 1024)
        self.assert_quiet()

    async def test_storms_of_connections(self):
        target = f"{PATH}?token={self.controller_token}"

        def storm():
            for i in range(CROWD):
                if i % 3 == 0:
                    self.connect().close()
                elif i % 3 == 1:
                    RawWebSocket(self.server.port, target).close()
                else:
                    RawWebSocket(self.server.port, PATH).close()
        await asyncio.gather(asyncio.to_thread(storm), asyncio.to_thread(storm))
        await self.assert_serves(16 * MEBIBYTE)
        self.assert_quiet("rig1 connected", "rig1 disconnected", "Authentication required")

    async def test_garbage_before_the_upgrade(self):
        chance = random.Random(7)

        def throw():
            for i in range(300):
                with self.connect() as peer:
                    try:
                        if i % 4 == 0:
                            peer.sendall(b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n")
                        elif i % 4 == 1:
                            peer.sendall(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000)
                        elif i % 4 == 2:
                            peer.sendall(b"GET %s HTTP/1.1\r\n\r\n" % chance.randbytes(50).replace(b" ", b"%"))
                        else:
                            peer.sendall(chance.randbytes(chance.randint(1, 5000)))
                        peer.shutdown(socket.SHUT_WR)
                        while peer.recv(65536):
                            pass
                    except OSError:
                        pass
        await asyncio.to_thread(throw)
        await self.assert_serves(8 * MEBIBYTE)
        self.assert_quiet()

    async def test_garbage_after_the_upgrade(self):
        chance = random.Random(8)
        target = f"{PATH}?token={self.controller_token}"

        def throw():
            for _ in range(300):
                peer = RawWebSocket(self.server.port, target)
                try:
                    peer.socket.sendall(chance.randbytes(chance.randint(1, 5000)))
                    peer.socket.shutdown(socket.SHUT_WR)
                    while peer.socket.recv(65536):
                        pass
                except OSError:
                    pass
                peer.close()
        await asyncio.to_thread(throw)
        await self.assert_serves(16 * MEBIBYTE)
        self.assert_quiet("rig1 connected", "rig1 disconnected")

    async def test_frames_of_a_byte_too_many(self):
        target = f"{PATH}?token={self.controller_token}"
        payload = b"x" * (64 * 1024 + 1)

        def throw():
            for _ in range(100):
                peer = RawWebSocket(self.server.port, target)
                try:
                    peer.send(TEXT, payload)
                    self.assertEqual(peer.receive_close()[0], 1009)
                except ConnectionResetError:
                    pass
                peer.close()
        await asyncio.to_thread(throw)
        await self.assert_serves(16 * MEBIBYTE)
        self.assert_quiet("rig1 connected", "rig1 disconnected")

    async def test_a_million_tiny_fragments(self):
        target = f"{PATH}?token={self.controller_token}"
        empty = b"\x00\x80mask"  # a continuation without payload: it never ends and never grows
        one = b"\x00\x81\x00\x00\x00\x00 "

        def throw(fragment, first):
            peer = RawWebSocket(self.server.port, target, timeout=60)
            try:
                peer.socket.sendall(first)
                for _ in range(FRAGMENTS // 1000):
                    peer.socket.sendall(fragment * 1000)
                    time.sleep(0)
            except OSError:
                pass  # refused at last
            peer.close()
        throwing = asyncio.gather(asyncio.to_thread(throw, empty, b"\x01\x80mask"),
                                  asyncio.to_thread(throw, one, b"\x01\x81\x00\x00\x00\x00 "))
        while not throwing.done():
            await self.assert_serves(8 * MEBIBYTE)
            await asyncio.sleep(0.1)
        await throwing
        await self.assert_serves(8 * MEBIBYTE)
        self.assert_quiet("rig1 connected", "rig1 disconnected")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (CROWD + 200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    unittest.main(verbosity=2)
