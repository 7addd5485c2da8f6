"""Who may not enter, and what may not be said: each answered as the wire contract says."""

import asyncio
import json
import unittest

from harness.case import Scenario
from harness.controller import PATH as TELEMETRY
from harness.controller import Controller, reading
from harness.raw_websocket import BINARY, TEXT, RawWebSocket
from harness.subscriber import PATH as STREAM
from harness.subscriber import Subscriber
from harness.wait import until


class BadInput(Scenario):
    async def asyncSetUp(self):
        self.server = self.hub()
        self.controller_token = await self.server.token("rig1", "controller")
        self.viewer_token = await self.server.token("viewer", "viewer")
        await self.server.start()

    async def close_of(self, target, headers=None):
        """How the hub closes a WebSocket that it accepted only to say why not: (code, reason)."""
        def look():
            peer = RawWebSocket(self.server.port, target, headers)
            try:
                self.assertEqual(peer.status, 101)
                return peer.receive_close()
            finally:
                peer.close()
        return await asyncio.to_thread(look)

    async def status_of(self, target, headers=None):
        def look():
            peer = RawWebSocket(self.server.port, target, headers)
            peer.close()
            return peer.status
        return await asyncio.to_thread(look)

    # ---- who may not enter

    async def test_no_token(self):
        for path in (TELEMETRY, STREAM):
            for target in (path, f"{path}?token=", f"{path}?ack=1&format=batch"):
                with self.subTest(target=target):
                    self.assertEqual(await self.close_of(target), (1008, "Authentication required"))

    async def test_a_wrong_token(self):
        wrong = ["wm_" + "A" * 43, "x", self.controller_token[:-1], self.controller_token + "A", "%00", "a" * 4000]
        for path in (TELEMETRY, STREAM):
            for token in wrong:
                with self.subTest(path=path, token=token[:20]):
                    self.assertEqual(await self.close_of(f"{path}?token={token}"),
                                     (1008, "Invalid or expired token"))

    async def test_a_token_of_the_wrong_role(self):
        self.assertEqual(await self.close_of(f"{TELEMETRY}?token={self.viewer_token}"),
                         (1008, "Token not allowed here"))
        self.assertEqual(await self.close_of(f"{STREAM}?token={self.controller_token}"),
                         (1008, "Token not allowed here"))

    async def test_a_token_in_the_header_or_the_subprotocol_enters(self):
        ways = [{"Authorization": f"Bearer {self.viewer_token}"},
                {"Sec-WebSocket-Protocol": f"webmacs.v1, bearer.{self.viewer_token}"}]
        for headers in ways:
            peer = await asyncio.to_thread(RawWebSocket, self.server.port, f"{STREAM}?format=batch", headers)
            opcode, payload = await asyncio.to_thread(peer.receive)
            peer.close()
            self.assertEqual((opcode, json.loads(payload)["type"]), (TEXT, "connected"))
        self.assertEqual(peer.headers["sec-websocket-protocol"], "webmacs.v1")

    async def test_a_wrong_token_in_the_header_or_the_subprotocol_does_not(self):
        self.assertEqual(await self.close_of(STREAM, {"Authorization": "Bearer wm_wrong"}),
                         (1008, "Invalid or expired token"))
        self.assertEqual(await self.close_of(STREAM, {"Sec-WebSocket-Protocol": "webmacs.v1, bearer.wm_wrong"}),
                         (1008, "Invalid or expired token"))
        self.assertEqual(await self.close_of(STREAM, {"Sec-WebSocket-Protocol": "webmacs.v1"}),
                         (1008, "Authentication required"))

    async def test_rest_answers_401_and_403(self):
        latest = "/api/v1/datapoints/latest"
        for token, status in ((None, 401), ("wm_wrong", 401), (self.controller_token, 403), (self.viewer_token, 200)):
            answer = await self.server.get(latest, token)
            self.assertEqual(answer.status, status)
            if status != 200:
                self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
                self.assertEqual(answer.json()["status"], status)

    async def test_an_unknown_path_gets_404_before_the_upgrade(self):
        for target in ("/ws/unknown", "/ws/", "/ws", "/ws/datapoints/stream/", "/ws/datapoints", "/other",
                       "/ws/datapoints/stream%00", f"/ws/nothing?token={self.viewer_token}"):
            with self.subTest(target=target):
                self.assertEqual(await self.status_of(target), 404)

    async def test_a_foreign_origin_gets_403_before_the_upgrade(self):
        target = f"{STREAM}?token={self.viewer_token}"
        for origin in ("https://evil.example", "http://127.0.0.1.evil.example", "http://localhost:8000", "null"):
            with self.subTest(origin=origin):
                self.assertEqual(await self.status_of(target, {"Origin": origin}), 403)
        for origin in ("http://127.0.0.1", "https://127.0.0.1:4433", f"http://127.0.0.1:{self.server.port}"):
            with self.subTest(origin=origin):
                self.assertEqual(await self.status_of(target, {"Origin": origin}), 101)

    # ---- what may not be said

    async def connected(self):
        return await asyncio.to_thread(RawWebSocket, self.server.port, f"{TELEMETRY}?token={self.controller_token}")

    async def closed_after(self, *frames):
        """The hub's close after these (opcode, payload) frames."""
        peer = await self.connected()

        def talk():
            try:
                for opcode, payload in frames:
                    peer.send(opcode, payload)
                return peer.receive_close()
            finally:
                peer.close()
        return await asyncio.to_thread(talk)

    async def test_a_binary_frame_closes_with_1003(self):
        code, _ = await self.closed_after((BINARY, b'{"event_public_id":"evt_a","value":1}'))
        self.assertEqual(code, 1003)

    async def test_a_frame_of_64_kib_is_read_and_one_byte_more_closes_with_1009(self):
        frame = json.dumps(reading("evt_a", 1, "2025-01-15T14:32:10Z")).encode()
        fits = frame[:-1] + b', "padding": "'
        fits += b"x" * (65536 - len(fits) - 2) + b'"}'
        self.assertEqual(len(fits), 65536)
        code, _ = await self.closed_after((TEXT, fits), (TEXT, fits + b" "))
        self.assertEqual(code, 1009)
        await until(lambda: self.server.store.count() == 1)

    async def test_invalid_utf8_closes_with_1007(self):
        code, _ = await self.closed_after((TEXT, b'{"event_public_id":"evt_\xff","value":1}'))
        self.assertEqual(code, 1007)

    async def test_malformed_frames_are_answered_and_the_connection_stays(self):
        controller = await Controller.connect(self.server, self.controller_token, ack=1)
        await controller.receive()
        wrong = ["", "{", "not json", "[]", "null", "7", '"text"', "{}", '{"type":"unknown"}', '{"type":7}', '{"a":1}}',
                 '{"datapoints":7}', '{"datapoints":[7]}', "[" * 60000, '{"event_public_id":"evt_a"}']
        for text in wrong:
            with self.subTest(text=text[:30]):
                answer = await controller.ask(text)
                self.assertEqual((answer["type"], bool(answer["message"])), ("error", True))
                self.assertEqual(await controller.ask({"type": "ping"}), {"type": "pong"})

    async def test_an_error_names_the_batch_where_it_could_be_read(self):
        controller = await Controller.connect(self.server, self.controller_token, ack=1)
        await controller.receive()
        for text in ('{"batch":42,"datapoints":7}', '{"batch":42,"datapoints":{}}', '{"batch":42,"datapoints":[]}'):
            with self.subTest(text=text):
                answer = await controller.ask(text)
                self.assertEqual((answer["type"], answer.get("batch")), ("error", 42))

    async def test_twenty_invalid_frames_in_a_row_close_with_1008(self):
        controller = await Controller.connect(self.server, self.controller_token)
        for _ in range(19):
            self.assertEqual((await controller.ask("{"))["type"], "error")
        await controller.send(reading("evt_a", 1))  # a right one ends the row
        for _ in range(19):
            self.assertEqual((await controller.ask("{"))["type"], "error")
        await controller.send("{")
        self.assertEqual(await controller.closed(), (1008, "Too many invalid frames"))

    async def test_one_bad_peer_disturbs_nobody(self):
        good = await Controller.connect(self.server, self.controller_token)
        subscriber = await Subscriber.connect(self.server, self.viewer_token)
        for payload in (b"\xff", b"x" * 70000):
            await self.closed_after((TEXT, payload))
        await good.send(reading("evt_a", 1))
        await subscriber.wait_for(1)
        await until(lambda: self.server.store.count() == 1)


if __name__ == "__main__":
    unittest.main()
