"""Tokens by command, while the hub runs: made once, listed without their text, revoked and expired at once."""

import asyncio
import re
import time
import unittest

from harness.case import Scenario
from harness.controller import Controller, reading
from harness.raw_websocket import RawWebSocket
from harness.subscriber import Subscriber
from harness.wait import until

LATEST = "/api/v1/datapoints/latest"


class Tokens(Scenario):
    async def asyncSetUp(self):
        self.server = await self.hub().start()

    async def status(self, token):
        return (await self.server.get(LATEST, token)).status

    async def test_a_token_is_printed_once_and_valid_at_once(self):
        done = self.server.command("token", "create", "--name", "anna", "--role", "viewer")
        self.assertRegex(done.stdout, r"\Awm_[A-Za-z0-9_-]{43}\n\Z")
        token = done.stdout.strip()
        self.tokens.append(token)
        self.assertEqual(await self.status(token), 200)
        self.assertNotIn(token, self.server.command("token", "list").stdout)
        for path in self.folder.glob("server.db*"):
            self.assertNotIn(token.encode(), path.read_bytes(), path)
            self.assertNotIn(token[3:].encode(), path.read_bytes(), path)

    async def test_a_socket_may_be_opened_with_a_token_made_a_moment_ago(self):
        for attempt in range(5):
            token = self.server.command("token", "create", "--name", f"rig{attempt}", "--role", "controller").stdout.strip()
            self.tokens.append(token)
            controller = await Controller.connect(self.server, token, ack=1)
            self.assertEqual((await controller.receive())["type"], "connected")

    async def ok(self, token):
        return await self.status(token) == 200

    async def test_the_list_names_each_token_and_its_state(self):
        await self.server.token("rig1", "controller")
        await self.server.token("anna", "viewer", "90d")
        await self.server.token("bob", "operator")
        self.server.command("token", "revoke", "--name", "bob")
        lines = [line.split() for line in self.server.command("token", "list").stdout.splitlines()]
        states = {words[0]: words[1:3] for words in lines}
        self.assertEqual(states["rig1"], ["controller", "valid"])
        self.assertEqual(states["anna"], ["viewer", "valid"])
        self.assertEqual(states["bob"], ["operator", "revoked"])

    async def test_a_name_is_unique_until_it_is_revoked(self):
        first = await self.server.token("anna", "viewer")
        again = self.server.command("token", "create", "--name", "anna", "--role", "viewer")
        self.assertEqual((again.returncode, again.stdout), (1, ""))
        self.assertIn("anna", again.stderr)
        self.assertEqual(self.server.command("token", "revoke", "--name", "anna").returncode, 0)
        second = await self.server.token("anna", "viewer")
        self.assertNotEqual(first, second)
        await until(lambda: self.ok(second))
        self.assertEqual(await self.status(first), 401)

    async def test_what_cannot_be_a_token_is_refused(self):
        for words in (["--name", "a b", "--role", "viewer"], ["--name", "", "--role", "viewer"],
                      ["--name", "anna", "--role", "queen"], ["--name", "x" * 101, "--role", "viewer"],
                      ["--name", "anna", "--role", "viewer", "--expires", "soon"],
                      ["--name", "anna", "--role", "viewer", "--expires", "90"],
                      ["--name", "anna", "--role", "viewer", "--expires", "-1d"]):
            with self.subTest(words=words):
                done = self.server.command("token", "create", *words)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(self.server.command("token", "revoke", "--name", "nobody").returncode, 1)

    async def test_revoking_closes_open_sockets_within_a_second(self):
        controller = await Controller.connect(self.server, await self.server.token("rig1", "controller"))
        subscriber = await Subscriber.connect(self.server, await self.server.token("anna", "viewer"))
        bystander = await Subscriber.connect(self.server, await self.server.token("bob", "viewer"))
        for name, peer in (("rig1", controller), ("anna", subscriber)):
            self.assertEqual(self.server.command("token", "revoke", "--name", name).returncode, 0)
            done = time.monotonic()
            self.assertEqual(await peer.closed(), (1008, "Token has been revoked"))
            self.assertLess(time.monotonic() - done, 1.0)
        self.assertFalse(bystander.socket.closed)

    async def test_a_revoked_token_does_not_enter_again(self):
        token = await self.server.token("anna", "viewer")
        await until(lambda: self.ok(token))
        self.server.command("token", "revoke", "--name", "anna")
        await asyncio.sleep(1)
        subscriber = await Subscriber.connect(self.server, token)
        self.assertEqual(await subscriber.closed(), (1008, "Token has been revoked"))
        self.assertEqual(await self.status(token), 401)

    async def test_an_expired_token_closes_its_sockets_within_a_second(self):
        token = await self.server.token("anna", "viewer", "3s")
        made = time.monotonic()
        subscriber = await Subscriber.connect(self.server, token)
        self.assertEqual(await subscriber.closed(), (1008, "Invalid or expired token"))
        self.assertGreater(time.monotonic() - made, 2.5)
        self.assertLess(time.monotonic() - made, 4.0)
        self.assertEqual(await self.status(token), 401)
        again = await Subscriber.connect(self.server, token)
        self.assertEqual(await again.closed(), (1008, "Invalid or expired token"))

    async def test_no_token_is_logged_at_the_chattiest_level(self):
        self.server.stop()
        self.server.program.command += ["--log-level", "debug"]
        await self.server.start()
        token = await self.server.token("rig1", "controller")
        controller = await Controller.connect(self.server, token)
        await controller.send(reading("evt_a", 1))
        await until(lambda: self.server.store.count() == 1)
        wrong = "wm_" + "B" * 43
        self.tokens.append(wrong)
        refused = await Subscriber.connect(self.server, wrong)
        await refused.closed()
        for secret in (token, wrong):
            for headers in ({"Authorization": f"Bearer {secret}"}, {"Sec-WebSocket-Protocol": f"bearer.{secret}"},
                            {"Origin": f"https://{secret}.example"}, {"Cookie": f"token={secret}"}):
                peer = await asyncio.to_thread(RawWebSocket, self.server.port, f"/ws/datapoints/stream?x={secret}",
                                               headers)
                peer.close()
        await self.server.get(f"{LATEST}?token={wrong}")
        await self.server.get(f"/nothing?token={token}")
        self.assertIn("rig1", self.server.program.log())
        self.assertIsNone(re.search(r"wm_[A-Za-z0-9_-]{20}", self.server.program.log()))


if __name__ == "__main__":
    unittest.main()
