"""A GET over a socket of one's own: read as slowly as one likes, or not to its end."""

import socket

from .programs import SLOWNESS


class Download:
    """A GET whose answer is read as slowly as one likes, from a socket that holds little."""

    def __init__(self, port, target, token=None, version="1.1", headers=""):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        self.socket.settimeout(30 * SLOWNESS)
        self.socket.connect(("127.0.0.1", port))
        login = f"Authorization: Bearer {token}\r\n" if token else ""
        self.socket.sendall(f"GET {target} HTTP/{version}\r\nHost: x\r\n{login}{headers}\r\n".encode())
        self.received = b""

    def read_some(self, size=65536):
        """Answers whether there was more."""
        part = self.socket.recv(size)
        self.received += part
        return bool(part)

    def read_all(self):
        while self.read_some():
            pass
        return self.received

    def rest_of_chunks(self):
        """Reads on to the body's last chunk; answers the body, None when the connection ends before."""
        while not self.received.endswith(b"\r\n0\r\n\r\n"):
            try:
                if not self.read_some():
                    return None
            except ConnectionResetError:
                return None
        body, rest = [], memoryview(self.received.partition(b"\r\n\r\n")[2])
        while True:
            digits = bytes(rest[:16]).partition(b"\r\n")[0]
            begin, size = len(digits) + 2, int(digits, 16)
            if size == 0:
                return b"".join(body)
            body.append(rest[begin:begin + size])
            rest = rest[begin + size + 2:]

    def close(self):
        self.socket.close()
