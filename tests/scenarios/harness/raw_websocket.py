"""A WebSocket peer as a bare socket: it does what a library would not let a test do."""

import base64
import os
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class RawWebSocket:
    """Blocking; use it from asyncio.to_thread where something else must go on meanwhile."""

    def __init__(self, port, target, headers=None, timeout=10.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._buffer = b""
        fields = {"Host": f"127.0.0.1:{port}", "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Version": "13",
                  **(headers or {})}
        lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        status_line, *fields = head.decode().split("\r\n")
        self.status = int(status_line.split()[1])
        self.headers = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}

    def _receive(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the hub closed the connection")
        self._buffer += data

    def _take(self, count):
        while len(self._buffer) < count:
            self._receive()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def send(self, opcode, payload=b"", final=True):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([(0x80 if final else 0) | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        self.socket.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def receive(self):
        """One frame as (opcode, payload). ConnectionError when the hub is gone."""
        first, second = self._take(2)
        size = second & 127
        if size == 126:
            (size,) = struct.unpack(">H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", self._take(8))
        return first & 15, self._take(size)

    def receive_close(self):
        """Reads until the hub's close frame; answers (code, reason)."""
        while True:
            opcode, payload = self.receive()
            if opcode == CLOSE:
                return (struct.unpack(">H", payload[:2])[0] if payload else 1005), payload[2:].decode()

    def close(self):
        self.socket.close()
