"""A proxy as one finds in offices: passes HTTP, and WebSockets only as long as it is let."""

import asyncio


class Gate:
    def __init__(self, target_port):
        self.target_port = target_port
        self.port = None
        self.open = True          # for WebSockets; HTTP always passes
        self.refused = 0
        self._sockets = set()     # writers of the WebSockets that pass now
        self._server = None

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def close(self):
        """No WebSocket passes any more; those that are open are cut."""
        self.open = False
        for writer in list(self._sockets):
            writer.transport.abort()

    def stop(self):
        self.close()
        self._server.close()

    async def _serve(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            is_socket = head.startswith(b"GET /ws/")
            if is_socket and not self.open:
                self.refused += 1
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
                return
            hub_reader, hub_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
            if is_socket:
                self._sockets.update((writer, hub_writer))
            hub_writer.write(head)
            await asyncio.gather(self._pump(reader, hub_writer), self._pump(hub_reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _pump(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            self._sockets.discard(writer)
            writer.close()
