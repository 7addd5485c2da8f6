"""Clients that share no code with the hub, and that check what it sends more strictly than we would: python3-autobahn,
which sends any frame it is told to, and npm's ws. (python3-websockets is the client of the other scenarios.)"""

import asyncio
import json
import struct
import unittest

import txaio
from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol

from harness.case import Scenario
from harness.controller import PATH, reading
from harness.node import run_node
from harness.programs import SLOWNESS
from harness.subscriber import PATH as STREAM
from harness.times import microseconds, rfc3339

txaio.use_asyncio()
TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
PING_TEXT = b'{"type":"ping","x":"\xe2\x82\xac"}'
PONG_TEXT = '{"type":"pong"}'
T0 = microseconds("2025-01-15T14:32:10Z")


class Peer(WebSocketClientProtocol):
    """Puts what comes into a queue: texts, (PONG, payload), and ("closed", code, clean) last."""

    def onConnect(self, response):
        self.factory.response = response

    def onOpen(self):
        self.factory.opened.set_result(self)

    def onMessage(self, payload, isBinary):
        assert not isBinary
        self.factory.came.put_nowait(payload.decode())

    def onPong(self, payload):
        self.factory.came.put_nowait((PONG, payload))

    def onClose(self, wasClean, code, reason):
        self.factory.came.put_nowait(("closed", code, wasClean))


class Client:
    """`options`: of autobahn's setProtocolOptions."""

    @classmethod
    async def connect(cls, server, path, token, headers=None, protocols=None, **options):
        self = cls()
        self.factory = WebSocketClientFactory(f"ws://127.0.0.1:{server.port}{path}", protocols=protocols,
                                              headers={"Authorization": f"Bearer {token}", **(headers or {})})
        self.factory.protocol = Peer
        self.factory.came = asyncio.Queue()
        self.factory.opened = asyncio.get_running_loop().create_future()
        self.factory.setProtocolOptions(failByDrop=False, **options)
        await asyncio.get_running_loop().create_connection(self.factory, "127.0.0.1", server.port)
        self.peer = await asyncio.wait_for(self.factory.opened, 10 * SLOWNESS)
        return self

    async def receive(self):
        return await asyncio.wait_for(self.factory.came.get(), 10 * SLOWNESS)

    async def close_code(self):
        """What the hub's close frame says, behind whatever comes before it."""
        while not (isinstance(came := await self.receive(), tuple) and came[0] == "closed"):
            pass
        return self.peer.remoteCloseCode


class Autobahn(Scenario):
    async def asyncSetUp(self):
        self.server = await self.hub(max_connections_per_address=2000).start()
        self.token = await self.server.token("rig1", "controller")

    async def client(self, path=PATH, **options):
        return await Client.connect(self.server, path, self.token, **options)

    async def assert_closes(self, code, *frames, **options):
        """`frames`: (opcode, payload, and what more sendFrame takes)."""
        client = await self.client(**options)
        for opcode, payload, *more in frames:
            client.peer.sendFrame(opcode, payload, **(more[0] if more else {}))
        self.assertEqual(await client.close_code(), code)

    async def test_readings_in_fragments_are_stored_and_reach_a_subscriber(self):
        viewer = await Client.connect(self.server, STREAM, await self.server.token("viewer", "viewer"))
        client = await self.client(f"{PATH}?ack=1", autoFragmentSize=100)
        self.assertEqual(json.loads(await client.receive())["type"], "connected")
        points = [reading("evt_a", i, rfc3339(T0 + i)) for i in range(100)]
        client.peer.sendMessage(json.dumps({"batch": 1, "datapoints": points}).encode())
        self.assertEqual(json.loads(await client.receive())["stored"], 100)
        self.assertEqual([json.loads(await viewer.receive())["value"] for _ in range(100)], list(range(100)))
        viewer.peer.sendClose(1000, "seen")
        self.assertEqual(await viewer.receive(), ("closed", 1000, True))

    async def test_fragments_of_every_size_written_in_pieces_of_every_size(self):
        client = await self.client()
        for fragment in range(1, len(PING_TEXT) + 1):
            for chop in (None, 1, 3):
                for at in range(0, len(PING_TEXT), fragment):
                    client.peer.sendFrame(TEXT if at == 0 else CONTINUATION, PING_TEXT[at:at + fragment],
                                          fin=at + fragment >= len(PING_TEXT), chopsize=chop)
                self.assertEqual(await client.receive(), PONG_TEXT)

    async def test_control_frames_between_fragments(self):
        client = await self.client()
        client.peer.sendFrame(TEXT, PING_TEXT[:9], fin=False)
        client.peer.sendFrame(PING, b"\xff" * 125)
        client.peer.sendFrame(PONG, b"unasked")
        client.peer.sendFrame(CONTINUATION, b"", fin=False)
        client.peer.sendFrame(PING, b"")
        client.peer.sendFrame(CONTINUATION, PING_TEXT[9:])
        self.assertEqual([await client.receive() for _ in range(3)], [(PONG, b"\xff" * 125), (PONG, b""), PONG_TEXT])
        await self.assert_closes(1000, (TEXT, b"a", {"fin": False}), (CLOSE, struct.pack(">H", 1000)))
        for opcode in (PING, PONG, CLOSE):
            await self.assert_closes(1002, (opcode, b"", {"fin": False}))

    async def test_every_reserved_bit_and_opcode(self):
        for bits in range(1, 8):
            for opcode, payload in ((TEXT, PING_TEXT), (PING, b"a"), (CLOSE, struct.pack(">H", 1000))):
                await self.assert_closes(1002, (opcode, payload, {"rsv": bits}))
            await self.assert_closes(1002, (TEXT, b"a", {"fin": False}), (CONTINUATION, b"b", {"rsv": bits}))
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
            await self.assert_closes(1002, (opcode, b"payload"))
            await self.assert_closes(1002, (TEXT, b"a", {"fin": False}), (opcode, b""))

    async def test_frames_without_a_mask(self):
        for opcode in (TEXT, PING, CLOSE):
            await self.assert_closes(1002, (opcode, b""), maskClientFrames=False)

    async def test_text_that_is_no_utf8_whole_and_split(self):
        for bad in (b"\x80", b"\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xf0\x9f\x98"):
            await self.assert_closes(1007, (TEXT, b"a" + bad))
            pieces = [(CONTINUATION, bytes([byte]), {"fin": i == len(bad) - 1}) for i, byte in enumerate(bad)]
            await self.assert_closes(1007, (TEXT, b"a", {"fin": False}), *pieces)

    async def test_close_codes(self):
        for code in (1000, 1001, 1002, 1003, *range(1007, 1014), 3000, 3999, 4000, 4999):
            await self.assert_closes(code, (CLOSE, struct.pack(">H", code) + b"why"))
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2999, 5000, 65535):
            await self.assert_closes(1002, (CLOSE, struct.pack(">H", code)))
        await self.assert_closes(1002, (CLOSE, b"\x03"))
        await self.assert_closes(1007, (CLOSE, struct.pack(">H", 1000) + b"\xff"))

    async def test_what_is_too_large(self):
        await self.assert_closes(1009, (TEXT, b"x" * 65537))
        await self.assert_closes(1009, (TEXT, b"x" * 40000, {"fin": False}), (CONTINUATION, b"x" * 25537))
        await self.assert_closes(1002, (PING, b"x" * 126))
        await self.assert_closes(1003, (BINARY, b"x"))


class Ws(Scenario):
    async def test_every_case(self):
        server = await self.hub().start()
        done = await asyncio.to_thread(
            run_node, "client.js", f"WEBMACS_HUB=ws://127.0.0.1:{server.port}",
            f"WEBMACS_CONTROLLER={await server.token('rig1', 'controller')}",
            f"WEBMACS_VIEWER={await server.token('viewer', 'viewer')}")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        print(done.stdout.strip())


if __name__ == "__main__":
    unittest.main(verbosity=2)
