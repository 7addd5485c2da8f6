"""SIGTERM to hub and simulator under load: exit 0 within 5 s, clients are told, nothing acknowledged is lost.
agent_stops.py has the agent."""

import asyncio
import contextlib
import signal
import unittest

import websockets

from harness.case import Scenario
from harness.controller import Controller, reading
from harness.programs import ROOT
from harness.raw_websocket import RawWebSocket
from harness.subscriber import Subscriber
from harness.times import rfc3339
from harness.wait import until

WITHIN = 5.0
T0 = 1_700_000_000_000_000


class Stopping(Scenario):
    async def assert_stops(self, program, signal_number=signal.SIGTERM):
        """Waits in a thread of its own, so that this test's sockets and servers go on meanwhile."""
        program.terminate(signal_number)
        self.assertEqual(await asyncio.to_thread(program.wait, WITHIN), 0, program.log())

    async def push(self, controller, acknowledged):
        """Sends batches as fast as they are answered, eight in the air, until the hub closes."""
        number = 0

        async def send():
            nonlocal number
            first = 50 * number
            batch = [reading("evt_a", i, rfc3339(T0 + i)) for i in range(first, first + 50)]
            await controller.send({"batch": number, "datapoints": batch})
            number += 1
        try:
            for _ in range(8):
                await send()
            while True:
                answer = await controller.receive()
                if answer["type"] == "ack":
                    acknowledged.append((answer["batch"], answer["stored"]))
                await send()
        except websockets.ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None

    async def test_the_hub_under_load(self):
        server = await self.hub().start()
        controller = await Controller.connect(server, await server.token("rig1", "controller"), ack=1)
        await controller.receive()
        subscriber = await Subscriber.connect(server, await server.token("anna", "viewer"), format="batch")
        acknowledged = []
        pushing = asyncio.create_task(self.push(controller, acknowledged))
        await until(lambda: len(acknowledged) > 50)
        await self.assert_stops(server.program)
        self.assertEqual(await pushing, 1001)
        self.assertEqual((await subscriber.closed())[0], 1001)

        stored = {value for _, _, value, _ in server.store.datapoints()}
        for batch, count in acknowledged:
            self.assertEqual(count, 50)
            self.assertLessEqual(set(range(50 * batch, 50 * batch + 50)), stored, f"batch {batch}")
        shown = {p["value"] for envelope in subscriber.received for p in envelope.get("datapoints", [])}
        self.assertLessEqual(shown, stored)

    async def test_the_hub_with_peers_that_do_not_answer(self):
        server = await self.hub().start()
        token = await server.token("anna", "viewer")
        silent = [await asyncio.to_thread(RawWebSocket, server.port, f"/ws/datapoints/stream?token={token}")
                  for _ in range(20)]
        await self.assert_stops(server.program)
        for peer in silent:
            self.assertEqual((await asyncio.to_thread(peer.receive_close))[0], 1001)
            peer.close()

    async def test_the_hub_stops_on_ctrl_c_too(self):
        server = await self.hub().start()
        await self.assert_stops(server.program, signal.SIGINT)

    async def test_the_simulator_under_load(self):
        local = self.folder / "local.ini"
        simulator = self.simulator(ROOT / "systemd" / "rigs" / "fluidised-bed.ini", local).start()
        await until(lambda: local.exists() and local.stat().st_size > 0)
        port = int(next(line.split("=")[1] for line in local.read_text().splitlines() if line.startswith("port")))
        peers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        await self.assert_stops(simulator)
        for reader, writer in peers:
            with contextlib.suppress(ConnectionResetError):  # it had not been accepted yet
                self.assertEqual(await asyncio.wait_for(reader.read(), 5), b"")
            writer.close()


if __name__ == "__main__":
    unittest.main()
