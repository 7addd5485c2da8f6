"""Peers that died without a word: the hub drops each within interval + timeout, whatever died of it, and keeps who is
merely quiet."""

import asyncio
import socket
import time
import unittest

from harness.case import Scenario
from harness.controller import PATH as TELEMETRY
from harness.programs import SLOWNESS
from harness.raw_websocket import PING, PONG, RawWebSocket
from harness.subscriber import PATH as STREAM

INTERVAL, TIMEOUT = 2.0, 1.0
TCP_REPAIR = 19  # linux/tcp.h; closing a socket in this mode tells nobody


class DeadPeers(Scenario):
    async def asyncSetUp(self):
        self.server = self.hub(ws_heartbeat_interval=f"{INTERVAL}s", ws_heartbeat_timeout=f"{TIMEOUT}s")
        self.controller_token = await self.server.token("rig1", "controller")
        self.viewer_token = await self.server.token("viewer", "viewer")
        await self.server.start()

    def peers(self):
        """One on each path, and one for each format."""
        targets = (f"{TELEMETRY}?token={self.controller_token}", f"{STREAM}?token={self.viewer_token}",
                   f"{STREAM}?format=batch&token={self.viewer_token}")
        return [RawWebSocket(self.server.port, target, timeout=30) for target in targets]

    async def open_sockets(self):
        text = (await self.server.get("/metrics")).body.decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if line.startswith("webmacs_connections{"))

    async def assert_gone_in_time(self, started):
        while await self.open_sockets() > 0:
            self.assertLess(time.monotonic() - started, (INTERVAL + TIMEOUT + 5) * SLOWNESS)
            await asyncio.sleep(0.05)

    async def test_a_peer_that_reads_nothing(self):
        peers = await asyncio.to_thread(self.peers)
        started = time.monotonic()
        self.assertGreater(await self.open_sockets(), 0)  # a slow machine may have lost the first by now
        await self.assert_gone_in_time(started)
        self.assertGreater(time.monotonic() - started, INTERVAL / 2)
        self.assertIn("heartbeat timeout", self.server.program.log())
        for peer in peers:
            peer.close()

    async def test_a_peer_that_reads_but_never_answers(self):
        peers = await asyncio.to_thread(self.peers)
        started = time.monotonic()

        def read_on(peer):
            try:
                while True:
                    peer.receive()
            except ConnectionError:
                pass
            peer.close()
        reading = asyncio.gather(*(asyncio.to_thread(read_on, peer) for peer in peers))
        await self.assert_gone_in_time(started)
        await reading

    async def test_a_half_open_connection(self):
        peers = await asyncio.to_thread(self.peers)
        started = time.monotonic()
        try:
            for peer in peers:
                peer.socket.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except PermissionError:
            self.skipTest("only root may let a connection vanish")
        for peer in peers:
            peer.close()  # neither FIN nor RST: as a machine that lost its power
        self.assertGreater(await self.open_sockets(), 0)
        await self.assert_gone_in_time(started)

    async def test_a_peer_that_is_only_quiet_stays(self):
        peers = await asyncio.to_thread(self.peers)

        def answer(peer):
            pings = 0
            while pings < 3:
                opcode, payload = peer.receive()
                if opcode == PING:
                    pings += 1
                    peer.send(PONG, payload)
        await asyncio.gather(*(asyncio.to_thread(answer, peer) for peer in peers))
        self.assertEqual(await self.open_sockets(), 3)
        for peer in peers:
            peer.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
