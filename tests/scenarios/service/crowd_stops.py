"""SIGTERM to a hub with many clients: it ends within its deadline, and every one of them is told 1001."""

import asyncio
import resource
import struct
import unittest

from harness.case import Scenario
from harness.programs import SLOWNESS
from harness.subscriber import PATH

CLIENTS = 5000 if SLOWNESS == 1 else 2000
WITHIN = 10.0


class CrowdStops(Scenario):
    async def test_all_of_a_crowd_are_told(self):
        server = self.hub(max_connections_per_address=CLIENTS + 10)
        token = await server.token("viewer", "viewer")
        await server.start()
        request = (f"GET {PATH}?token={token}&format=batch HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                   "Sec-WebSocket-Version: 13\r\n\r\n").encode()

        async def client():
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(request)
            await reader.readuntil(b"\r\n\r\n")
            await reader.readuntil(b"}")  # `connected`
            return reader, writer

        async def close_code(reader, writer):
            rest = await reader.read()  # until the hub has closed; it waits for our answer no longer than its deadline
            writer.close()
            at = rest.rfind(b"\x88")
            return struct.unpack(">H", rest[at + 2:at + 4])[0] if at >= 0 else None
        clients = []
        for _ in range(0, CLIENTS, 100):
            clients += await asyncio.gather(*(client() for _ in range(100)))
        codes = asyncio.gather(*(close_code(*each) for each in clients))
        await asyncio.sleep(0)
        code, seconds = await asyncio.to_thread(server.program.stop, WITHIN)
        self.assertEqual(code, 0)
        self.assertLess(seconds, WITHIN * SLOWNESS)
        self.assertEqual(set(await codes), {1001})
        print(f"{CLIENTS} clients, {seconds:.1f} s")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (CLIENTS + 200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    unittest.main(verbosity=2)
