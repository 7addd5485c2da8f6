"""A frontend that nobody of us wrote: python3-websockets on the datapoint stream; keeps every frame."""

import asyncio
import json
import time

import websockets

from .wait import until

PATH = "/ws/datapoints/stream"


class Subscriber:
    def __init__(self, socket):
        self.socket = socket
        self.frames = []    # as text
        self.received = []  # parsed
        self.times = []     # time.time() at which each came
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, hub, token, port=None, **query):
        return cls(await websockets.connect(hub.url(PATH, token, port, **query), compression=None, max_queue=None))

    async def _read(self):
        try:
            async for frame in self.socket:
                self.times.append(time.time())
                self.frames.append(frame)
                self.received.append(json.loads(frame))
        except websockets.ConnectionClosedError:
            pass

    def of(self, event):
        """The datapoints of one event."""
        return [point for point in self.received if point.get("event_public_id") == event]

    async def wait_for(self, count, timeout=10.0):
        await until(lambda: len(self.received) >= count, timeout,
                    lambda: f"{count} frames received, but {len(self.received)}: {self.received[-3:]}")
        return self.received

    async def closed(self, timeout=10.0):
        """Waits for the hub's close; answers (code, reason)."""
        await asyncio.wait_for(self._reader, timeout)
        return self.socket.close_code, self.socket.close_reason

    async def close(self):
        await self.socket.close()
        await self._reader
