"""Drives websocket_echo_server with Debian's python3-websockets: open, echo, fragments, pings, every kind of close."""
import asyncio
import subprocess
import sys
import unittest

import websockets


class EchoServer:
    def __enter__(self):
        self.process = subprocess.Popen([SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = f"ws://127.0.0.1:{int(self.process.stdout.readline())}/ws/test"
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()
        assert self.process.returncode == 0, f"the echo server ended with {self.process.returncode}"

    def closed(self):
        """What on_closed of the connection that ended last said."""
        return self.process.stdout.readline().strip()


def connect(url, **options):
    return websockets.connect(url, max_size=None, ping_interval=None, compression=None, **options)


class Conformance(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.server = self.enterContext(EchoServer())

    async def expect_close(self, socket, code, reason=None):
        with self.assertRaises(websockets.ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 5)
        self.assertEqual(socket.close_code, code)
        if reason is not None:
            self.assertEqual(socket.close_reason, reason)

    async def test_echo_of_every_length_encoding(self):
        async with connect(self.server.url) as socket:
            for size in (0, 1, 125, 126, 127, 65535, 65536, 1024 * 1024):
                text = "ü" * (size // 2) + "x" * (size % 2)
                await socket.send(text)
                self.assertEqual(await asyncio.wait_for(socket.recv(), 10), text)
        self.assertEqual(self.server.closed(), "closed 1000")

    async def test_many_messages_at_once_keep_their_order(self):
        async with connect(self.server.url) as socket:
            async def send():
                for number in range(5000):
                    await socket.send(f"message {number}")
            sending = asyncio.create_task(send())
            for number in range(5000):
                self.assertEqual(await asyncio.wait_for(socket.recv(), 10), f"message {number}")
            await sending

    async def test_fragments_become_one_message(self):
        async with connect(self.server.url) as socket:
            await socket.send(["frag", "men", "", "ted ü"])
            self.assertEqual(await socket.recv(), "fragmented ü")

    async def test_ping_is_answered(self):
        async with connect(self.server.url) as socket:
            await asyncio.wait_for(await socket.ping(b"payload"), 5)

    async def test_peer_that_answers_pings_stays(self):
        async with connect(self.server.url) as socket:
            await asyncio.sleep(1)  # five heartbeats
            await socket.send("still here")
            self.assertEqual(await socket.recv(), "still here")

    async def test_close_with_code_and_reason(self):
        socket = await connect(self.server.url)
        await socket.close(4001, "bye")
        self.assertEqual(self.server.closed(), "closed 4001 bye")

    async def test_server_closes_behind_what_is_queued(self):
        socket = await connect(self.server.url)
        await socket.send("first")
        await socket.send("close 1001 shutting down")
        self.assertEqual(await socket.recv(), "first")
        await self.expect_close(socket, 1001, "shutting down")
        self.assertEqual(self.server.closed(), "closed 1001 shutting down")

    async def test_policy_close_waits_for_the_peer(self):
        socket = await connect(self.server.url)
        await socket.send("close 1008 Authentication required")
        await self.expect_close(socket, 1008, "Authentication required")

    async def test_binary_is_refused(self):
        socket = await connect(self.server.url)
        await socket.send(b"\x00\x01")
        await self.expect_close(socket, 1003, "binary frames are not accepted")

    async def test_message_over_the_limit_is_refused(self):
        socket = await connect(self.server.url)
        try:
            await socket.send("x" * (1024 * 1024 + 1))
        except websockets.ConnectionClosed:
            pass
        await self.expect_close(socket, 1009)
        self.assertTrue(self.server.closed().startswith("closed 1009"))

    async def test_handler_that_throws_closes_with_1011(self):
        socket = await connect(self.server.url)
        await socket.send("throw")
        await self.expect_close(socket, 1011, "internal error")

    async def test_drop_ends_without_a_close_frame(self):
        socket = await connect(self.server.url)
        await socket.send("drop")
        await self.expect_close(socket, 1006)
        self.assertEqual(self.server.closed(), "closed 1006 asked to")

    async def test_compression_is_declined(self):
        async with websockets.connect(self.server.url) as socket:
            self.assertEqual(socket.extensions, [])
            await socket.send("plain")
            self.assertEqual(await socket.recv(), "plain")


if __name__ == "__main__":
    SERVER = sys.argv.pop(1)
    unittest.main(verbosity=2)
