"""What strangers and broken programs do to an open port. Each blocks; what the hub does about it is the caller's to see.
`target` is a path and query that may enter, its token included."""

import random
import socket
import time

from .controller import PATH
from .raw_websocket import TEXT, RawWebSocket

TOO_MUCH = b"x" * (64 * 1024 + 1)
# A text that never ends: fragments without payload never let it grow, those of a byte do.
NEVER_GROWS = (b"\x01\x80mask", b"\x00\x80mask")
GROWS = (b"\x01\x81\x00\x00\x00\x00 ", b"\x00\x81\x00\x00\x00\x00 ")


def connect(port):
    return socket.create_connection(("127.0.0.1", port), 10)


def read_to_the_end(peer):
    try:
        while peer.recv(65536):
            pass
    except OSError:
        pass


def slow_lorises(port, count, times=3):
    """Answers the sockets, each in the middle of its header."""
    peers = [connect(port) for _ in range(count)]
    for turn in range(times):
        for i, peer in enumerate(peers):
            peer.sendall(b"GET / HTTP/1.1\r\nX: "[: 1 + (i + turn) % 18])
    return peers


def storm(port, target, count):
    """Connections that are closed at once, before the upgrade, after it, and after they were refused."""
    for i in range(count):
        if i % 3 == 0:
            connect(port).close()
        else:
            RawWebSocket(port, target if i % 3 == 1 else PATH).close()


def garbage_before_the_upgrade(port, count, chance=random):
    for i in range(count):
        with connect(port) as peer:
            try:
                if i % 4 == 0:
                    peer.sendall(b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n")
                elif i % 4 == 1:
                    peer.sendall(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000)
                elif i % 4 == 2:
                    peer.sendall(b"GET %s HTTP/1.1\r\n\r\n" % chance.randbytes(50).replace(b" ", b"%"))
                else:
                    peer.sendall(chance.randbytes(chance.randint(1, 5000)))
                peer.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            read_to_the_end(peer)


def garbage_after_the_upgrade(port, target, count, chance=random):
    for _ in range(count):
        peer = RawWebSocket(port, target)
        try:
            peer.socket.sendall(chance.randbytes(chance.randint(1, 5000)))
            peer.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        read_to_the_end(peer.socket)
        peer.close()


def a_byte_too_many(port, target, count):
    """Answers the close codes that were seen; a reset may swallow one."""
    codes = []
    for _ in range(count):
        peer = RawWebSocket(port, target)
        try:
            peer.send(TEXT, TOO_MUCH)
            codes.append(peer.receive_close()[0])
        except ConnectionError:
            pass
        peer.close()
    return codes


def tiny_fragments(port, target, count, kind):
    """`kind`: NEVER_GROWS or GROWS."""
    first, fragment = kind
    peer = RawWebSocket(port, target, timeout=60)
    try:
        peer.socket.sendall(first)
        for _ in range(count // 1000):
            peer.socket.sendall(fragment * 1000)
            time.sleep(0)
    except OSError:
        pass  # refused at last
    peer.close()
