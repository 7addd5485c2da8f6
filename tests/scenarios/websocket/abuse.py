"""What strangers and broken programs do to an open port: the hub lives, its memory stays bounded, its log too, and who
behaves is served as ever."""

import asyncio
import random
import resource
import time
import unittest

from harness import attacks
from harness.case import Scenario
from harness.chance import seed
from harness.controller import PATH, Controller, reading
from harness.programs import SLOWNESS
from harness.subscriber import Subscriber
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T14:32:10Z")
CROWD = 5000 if SLOWNESS == 1 else 1000
FRAGMENTS = 1_000_000 if SLOWNESS == 1 else 200_000
MEBIBYTE = 1024 * 1024


class Abuse(Scenario):
    async def asyncSetUp(self):
        self.server = self.hub(max_connections_per_address=CROWD + 100)
        self.server.program.command += ["--log-level", "debug"]
        self.controller_token = await self.server.token("rig1", "controller")
        self.viewer_token = await self.server.token("viewer", "viewer")
        self.target = f"{PATH}?token={self.controller_token}"
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

    async def test_slow_lorises(self):
        peers = await asyncio.to_thread(attacks.slow_lorises, self.server.port, CROWD)
        await self.assert_serves(CROWD * 32 * 1024)

        def left():
            for peer in peers[:: CROWD // 20]:
                peer.settimeout(15 * SLOWNESS)
                try:
                    peer.recv(1)
                except ConnectionResetError:
                    pass
        await asyncio.to_thread(left)  # the header's deadline ends each, with an answer or without
        self.assertLess(time.monotonic() - self.started, 40 * SLOWNESS)
        for peer in peers:
            peer.close()
        await self.assert_serves(CROWD * 32 * 1024)
        self.assert_quiet()

    async def test_storms_of_connections(self):
        await asyncio.gather(*(asyncio.to_thread(attacks.storm, self.server.port, self.target, CROWD) for _ in range(2)))
        await self.assert_serves(16 * MEBIBYTE)
        self.assert_quiet("rig1 connected", "rig1 disconnected", "Authentication required")

    async def test_garbage_before_the_upgrade(self):
        await asyncio.to_thread(attacks.garbage_before_the_upgrade, self.server.port, 300, random.Random(seed(7)))
        await self.assert_serves(8 * MEBIBYTE)
        self.assert_quiet()

    async def test_garbage_after_the_upgrade(self):
        await asyncio.to_thread(attacks.garbage_after_the_upgrade, self.server.port, self.target, 300, random.Random(seed(8)))
        await self.assert_serves(16 * MEBIBYTE)
        self.assert_quiet("rig1 connected", "rig1 disconnected")

    async def test_frames_of_a_byte_too_many(self):
        codes = await asyncio.to_thread(attacks.a_byte_too_many, self.server.port, self.target, 100)
        self.assertEqual(set(codes), {1009})
        await self.assert_serves(16 * MEBIBYTE)
        self.assert_quiet("rig1 connected", "rig1 disconnected")

    async def test_a_million_tiny_fragments(self):
        throwing = asyncio.gather(*(
            asyncio.to_thread(attacks.tiny_fragments, self.server.port, self.target, FRAGMENTS, kind)
            for kind in (attacks.NEVER_GROWS, attacks.GROWS)))
        while not throwing.done():
            await self.assert_serves(8 * MEBIBYTE)
            await asyncio.sleep(0.1)
        await throwing
        await self.assert_serves(8 * MEBIBYTE)
        self.assert_quiet("rig1 connected", "rig1 disconnected")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (CROWD + 200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    unittest.main(verbosity=2)
