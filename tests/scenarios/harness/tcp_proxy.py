"""The cable between an agent and the hub: a TCP proxy on loopback that cuts, delays, half-closes or swallows."""

import asyncio
import contextlib
import socket
import struct

CHUNK = 65536


class _Link:
    """One connection that came in, and the one that was made for it."""

    def __init__(self, near, far):
        self.near, self.far = near, far  # writers: to who connected, to the target
        self.ended = set()               # writers whose peer was told that no more comes
        self.passes = asyncio.Event()
        self.passes.set()

    def end(self, writer):
        self.ended.add(writer)
        with contextlib.suppress(OSError):
            writer.write_eof()

    def reset(self):
        for writer in (self.near, self.far):
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class TcpProxy:
    """Passes on what it gets until told otherwise. What it does to the path holds for connections to come, too, until
    `restore()`; only half-closing is done once, to those that are there."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.port = None
        self.accepted = 0  # connections so far
        self._links = set()
        self._tasks = set()
        self._delay = 0.0
        self._refuses = False
        self._passes = asyncio.Event()
        self._passes.set()
        self._server = None

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- what happens to the path

    def restore(self):
        """As if nothing had been: what a black hole holds goes on its way, as TCP has it when a cable is back."""
        self._delay = 0.0
        self._refuses = False
        self._passes.set()
        for link in self._links:
            link.passes.set()

    def reset_all(self):
        """Both sides of every connection see a reset; new ones are welcome."""
        for link in list(self._links):
            link.reset()

    def cut(self):
        """Every connection is reset, new ones too."""
        self._refuses = True
        self.reset_all()

    def delay(self, seconds):
        """Whatever is read waits so long before it goes on, and the next behind it."""
        self._delay = seconds

    def black_hole(self, new_too=True):
        """Nothing goes on, neither bytes nor the news that a side is gone. Connections stay, and new ones are made;
        they work unless `new_too`."""
        for link in self._links:
            link.passes.clear()
        if new_too:
            self._passes.clear()

    def half_close(self, near):
        """The side that connected (`near`) or the target is told that no more comes, and gets no more; the other
        direction goes on."""
        for link in list(self._links):
            link.end(link.near if near else link.far)

    # ---- passing on

    async def _serve(self, reader, writer):
        self.accepted += 1
        task = asyncio.current_task()
        self._tasks.add(task)
        link = None
        try:
            await self._passes.wait()
            if self._refuses:
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
            link = _Link(writer, far_writer)
            self._links.add(link)
            await asyncio.gather(self._pass_on(link, reader, far_writer), self._pass_on(link, far_reader, writer))
        except OSError:
            pass  # a side is gone: so shall be the other
        finally:
            self._links.discard(link)
            (link or _Link(writer, writer)).reset()
            self._tasks.discard(task)

    async def _pass_on(self, link, reader, writer):
        try:
            while data := await reader.read(CHUNK):
                await link.passes.wait()
                if self._delay:
                    await asyncio.sleep(self._delay)
                if writer not in link.ended:
                    writer.write(data)
                    await writer.drain()
        finally:
            await link.passes.wait()
        if writer not in link.ended:
            link.end(writer)
