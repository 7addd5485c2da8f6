"""A controller that nobody of us wrote: python3-websockets, and messages as the wire contract shows them."""

import asyncio
import json

import websockets

PATH = "/ws/controller/telemetry"


class Controller:
    def __init__(self, socket):
        self.socket = socket

    @classmethod
    async def connect(cls, hub, token, port=None, **query):
        """`ack=1` asks for answers."""
        return cls(await websockets.connect(hub.url(PATH, token, port, **query), compression=None))

    async def send(self, message):
        await self.socket.send(message if isinstance(message, (str, bytes)) else json.dumps(message))

    async def receive(self, timeout=10.0):
        return json.loads(await asyncio.wait_for(self.socket.recv(), timeout))

    async def ask(self, message, timeout=10.0):
        await self.send(message)
        return await self.receive(timeout)

    async def closed(self, timeout=10.0):
        """Waits for the hub's close; answers (code, reason)."""
        async def drain():
            async for _ in self.socket:
                pass
        try:
            await asyncio.wait_for(drain(), timeout)
        except websockets.ConnectionClosedError:
            pass
        return self.socket.close_code, self.socket.close_reason

    async def close(self):
        await self.socket.close()


def reading(event, value, timestamp=None, **more):
    """A reading as the seed writes it."""
    message = {"event_public_id": event, "value": value, **more}
    if timestamp is not None:
        message["timestamp"] = timestamp
    return message
