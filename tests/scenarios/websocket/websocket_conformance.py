"""RFC 6455 against the real hub: a table of cases after the Autobahn test suite's sections 1 to 7, each with what must
come back. A message is a ping of ours ({"type":"ping"}, padded as the case needs), so that an accepted one is answered."""

import asyncio
import os
import struct
import unittest

from harness.case import Scenario
from harness.controller import PATH
from harness.raw_websocket import BINARY, CLOSE, PING, PONG, TEXT, RawWebSocket

CONTINUATION = 0
ACCEPTED = "accepted"  # the message was understood: our pong came


def frame(opcode, payload=b"", final=True, reserved=0, masked=True, length=None, mask=None):
    """One frame as bytes. `length`: how its length is written (7, 16 or 64 bits), default the shortest."""
    size = len(payload)
    length = length or (7 if size < 126 else 16 if size < 65536 else 64)
    bit = 0x80 if masked else 0
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    if length == 7:
        head += bytes([bit | size])
    elif length == 16:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    mask = mask or os.urandom(4)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def message(size=None, filling=b""):
    """A ping of ours; `size`: of the whole message in bytes, `filling`: raw bytes in a member of it."""
    start, end = b'{"type":"ping","x":"', b'"}'
    if size is not None:
        filling = b"x" * (size - len(start) - len(end))
    return start + filling + end


def close(code=None, reason=b""):
    return frame(CLOSE, b"" if code is None else struct.pack(">H", code) + reason)


def split(payload, *cuts):
    """A text message in fragments, cut at these places."""
    edges = [0, *cuts, len(payload)]
    pieces = [payload[a:b] for a, b in zip(edges, edges[1:])]
    return b"".join(frame(TEXT if i == 0 else CONTINUATION, piece, i == len(pieces) - 1)
                    for i, piece in enumerate(pieces))


def cases():
    """(section, what is sent: bytes or a list that is sent piece by piece, what must come)."""
    ping = message()
    # 1: framing
    for size in (22, 125, 126, 127, 128, 65535, 65536):
        yield f"1.1 text of {size} bytes", frame(TEXT, message(size)), [ACCEPTED]
    yield "1.1 text of 65536 bytes in small writes", chop(frame(TEXT, message(65536)), 997), [ACCEPTED]
    yield "1.1 empty text is no JSON, and no end", frame(TEXT) + frame(TEXT, ping), ["error", ACCEPTED]
    yield "1.2 binary", frame(BINARY, ping), 1003
    yield "1.2 empty binary", frame(BINARY), 1003
    yield "1.2 binary in fragments", frame(BINARY, b"a", False) + frame(CONTINUATION, b"b"), 1003
    yield "1 a length that is not the shortest (16 bits)", frame(TEXT, ping, length=16), 1002
    yield "1 a length that is not the shortest (64 bits)", frame(TEXT, ping, length=64), 1002
    yield "1 a 64-bit length with the highest bit", b"\x81\xff" + b"\xff" * 8 + b"mask", [{1002, 1009}]
    yield "1 not masked", frame(TEXT, ping, masked=False), 1002
    for opcode in (CONTINUATION, BINARY, CLOSE, PING, PONG):
        yield f"1 opcode {opcode} that is not masked", frame(opcode, b"", masked=False), 1002
    yield ("1 a continuation that is not masked",
           frame(TEXT, ping[:7], False) + frame(CONTINUATION, ping[7:], masked=False), 1002)
    yield "1 not masked after a good message", frame(TEXT, ping) + frame(TEXT, ping, masked=False), [ACCEPTED, 1002]
    for mask in (bytes(4), b"\xff" * 4):
        yield f"1 a mask of {mask.hex()}", frame(TEXT, ping, mask=mask), [ACCEPTED]
    # 2: pings and pongs
    yield "2.1 ping without payload", frame(PING), [(PONG, b"")]
    yield "2.2 ping with payload", frame(PING, b"Hello"), [(PONG, b"Hello")]
    yield "2.3 ping with bytes that are no text", frame(PING, b"\x00\xff\xfe"), [(PONG, b"\x00\xff\xfe")]
    yield "2.4 ping of 125 bytes", frame(PING, b"\xfe" * 125), [(PONG, b"\xfe" * 125)]
    yield "2.5 ping of 126 bytes", frame(PING, b"x" * 126, length=16), 1002
    yield "2.6 ping in small writes", chop(frame(PING, b"x" * 125), 1), [(PONG, b"x" * 125)]
    yield "2.7 pong that nobody asked for", frame(PONG) + frame(TEXT, ping), [ACCEPTED]
    yield "2.8 pong with payload", frame(PONG, b"unsolicited") + frame(TEXT, ping), [ACCEPTED]
    yield "2.9 pong, then ping", frame(PONG, b"a") + frame(PING, b"b"), [(PONG, b"b")]
    yield "2.10 ten pings", b"".join(frame(PING, b"%d" % i) for i in range(10)), [(PONG, b"%d" % i) for i in range(10)]
    yield "2.11 ten pings in small writes", chop(b"".join(frame(PING, b"%d" % i) for i in range(10)), 3), [
        (PONG, b"%d" % i) for i in range(10)]
    # 3: reserved bits
    for reserved in range(1, 8):
        yield f"3 reserved bits {reserved:03b} in a text", frame(TEXT, ping, reserved=reserved), 1002
        yield f"3 reserved bits {reserved:03b} in a ping", frame(PING, b"a", reserved=reserved), 1002
        yield (f"3 reserved bits {reserved:03b} after a good message",
               frame(TEXT, ping) + frame(TEXT, ping, reserved=reserved), [ACCEPTED, 1002])
        yield (f"3 reserved bits {reserved:03b} in a continuation",
               frame(TEXT, ping[:5], False) + frame(CONTINUATION, ping[5:], reserved=reserved), 1002)
    # 4: reserved opcodes
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield f"4 opcode {opcode}", frame(opcode), 1002
        yield f"4 opcode {opcode} with payload", frame(opcode, b"payload"), 1002
        yield f"4 opcode {opcode} between fragments", frame(TEXT, b"a", False) + frame(opcode), 1002
        yield (f"4 opcode {opcode} after a good message", frame(TEXT, ping) + frame(opcode) + frame(PING),
               [ACCEPTED, 1002])
    # 5: fragmentation
    yield "5.1 ping in fragments", frame(PING, b"a", False) + frame(CONTINUATION, b"b"), 1002
    yield "5.2 pong in fragments", frame(PONG, b"a", False) + frame(CONTINUATION, b"b"), 1002
    yield "5.2 close in fragments", frame(CLOSE, b"", False) + frame(CONTINUATION), 1002
    yield "5.3 text in two fragments", split(ping, 7), [ACCEPTED]
    yield "5.4 text in two fragments, bytewise", chop(split(ping, 7), 1), [ACCEPTED]
    yield "5.5 text in fragments of one byte", split(ping, *range(1, len(ping))), [ACCEPTED]
    yield "5.5 empty fragments", split(ping, 0, 0, 7, 7, 7, len(ping)), [ACCEPTED]
    yield ("5.6 ping between fragments",
           frame(TEXT, ping[:7], False) + frame(PING, b"between") + frame(CONTINUATION, ping[7:]),
           [(PONG, b"between"), ACCEPTED])
    yield ("5.7 pong between fragments", frame(TEXT, ping[:7], False) + frame(PONG, b"a") +
           frame(CONTINUATION, ping[7:]), [ACCEPTED])
    yield ("5.8 ping between fragments, bytewise",
           chop(frame(TEXT, ping[:7], False) + frame(PING, b"between") + frame(CONTINUATION, ping[7:]), 1),
           [(PONG, b"between"), ACCEPTED])
    yield "5.9 continuation of nothing", frame(CONTINUATION, ping), 1002
    yield "5.10 continuation of nothing, more to come", frame(CONTINUATION, ping, False), 1002
    yield "5.11 continuation after a whole message", frame(TEXT, ping) + frame(CONTINUATION, ping), [ACCEPTED, 1002]
    yield ("5.12 continuation of nothing, then a good message",
           frame(CONTINUATION, b"", False) + frame(TEXT, ping), 1002)
    yield "5.15 text before the other has ended", frame(TEXT, ping[:7], False) + frame(TEXT, ping), 1002
    yield "5.18 binary before the text has ended", frame(TEXT, ping[:7], False) + frame(BINARY, b"a"), [{1002, 1003}]
    yield ("5.19 pings between many fragments",
           frame(TEXT, ping[:5], False) + frame(PING, b"1") + frame(CONTINUATION, ping[5:9], False) +
           frame(PING, b"2") + frame(CONTINUATION, ping[9:]), [(PONG, b"1"), (PONG, b"2"), ACCEPTED])
    yield "5.20 close between fragments", frame(TEXT, ping[:7], False) + close(1000), 1000
    # 6: UTF-8
    for name, text in (("two bytes", "ä"), ("three bytes", "κόσμε €"), ("four bytes", "😀\U0010ffff"),
                       ("U+0000 escaped nowhere else", "\ue000"), ("the last before the surrogates", "\ud7ff"),
                       ("a non-character", "\ufffe\uffff"), ("a byte order mark inside", "\ufeff")):
        yield f"6.2 {name}", frame(TEXT, message(filling=text.encode())), [ACCEPTED]
        whole = message(filling=text.encode())
        yield f"6.2 {name}, split between all bytes", split(whole, *range(1, len(whole))), [ACCEPTED]
        yield f"6.2 {name}, written bytewise", chop(frame(TEXT, whole), 1), [ACCEPTED]
    wrong = {"a lone continuation byte": b"\x80", "FE": b"\xfe", "FF": b"\xff", "an overlong slash": b"\xc0\xaf",
             "an overlong slash of three": b"\xe0\x80\xaf", "an overlong NUL": b"\xc0\x80",
             "an overlong of four": b"\xf0\x80\x80\xaf", "five bytes": b"\xf8\x88\x80\x80\x80",
             "six bytes": b"\xfc\x84\x80\x80\x80\x80", "a high surrogate": b"\xed\xa0\x80",
             "a low surrogate": b"\xed\xbf\xbf", "a surrogate pair": b"\xed\xa0\x80\xed\xb0\x80",
             "beyond U+10FFFF": b"\xf4\x90\x80\x80", "F5": b"\xf5\x80\x80\x80", "cut off after one": b"\xc3",
             "cut off after two": b"\xe2\x82", "cut off after three": b"\xf0\x9f\x98",
             "the suite's own": b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"}
    for name, bad in wrong.items():
        whole = message(filling=bad)
        yield f"6.3 {name}", frame(TEXT, whole), 1007
        yield f"6.4 {name}, split between all bytes", split(whole, *range(1, len(whole))), 1007
    yield "6.1 the message ends within a character", frame(TEXT, "ä".encode()[:1]), 1007
    yield ("6.1 the message ends within a character, in the last fragment",
           frame(TEXT, b"a", False) + frame(CONTINUATION, "😀".encode()[:3]), 1007)
    # 7: closing
    yield "7.1 close, then a message: not heard", close(1000) + frame(TEXT, ping), 1000
    yield "7.1 close, then a ping: not answered", close(1000) + frame(PING, b"a"), 1000
    yield "7.1 close, then close", close(1000) + close(1001), 1000
    yield ("7.1 close within a fragmented message, then its end: not heard",
           frame(TEXT, ping[:7], False) + close(1000) + frame(CONTINUATION, ping[7:]), 1000)
    yield "7.1 close behind a long message", frame(TEXT, message(65536)) + close(1000), [ACCEPTED, 1000]
    yield "7.3 close without payload", close(), [{1000, 1005}]
    yield "7.3 close with one byte", frame(CLOSE, b"\x03"), 1002
    yield "7.3 close with a code", close(1000), 1000
    yield "7.3 close with a reason", close(1000, b"bye"), 1000
    yield "7.3 close with the longest reason", close(1000, b"x" * 123), 1000
    yield "7.3 close that is too long", frame(CLOSE, struct.pack(">H", 1000) + b"x" * 124, length=16), 1002
    yield "7.5 close whose reason is no text", close(1000, b"\xed\xa0\x80"), [{1007, 1002}]
    for code in (1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4999):
        yield f"7.7 close with {code}", close(code), code
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        yield f"7.9 close with {code}, which nobody may send", close(code), 1002
    # 9: what is too large is refused before it is read
    yield "9 a byte more than the most", frame(TEXT, message(65537)), 1009
    yield "9 a length of 2^62, announced only", b"\x81\xff" + struct.pack(">Q", 2**62) + b"mask", 1009
    yield ("9 fragments that together are a byte too long",
           frame(TEXT, message(65537)[:40000], False) + frame(CONTINUATION, message(65537)[40000:]), 1009)


def chop(data, size):
    return [data[i:i + size] for i in range(0, len(data), size)]


def exchange(port, target, sent, expected):
    """Sends the case and answers what came, as long as something is expected."""
    peer = RawWebSocket(port, target, timeout=5)
    try:
        try:
            for piece in sent if isinstance(sent, list) else [sent]:
                peer.socket.sendall(piece)
        except OSError:
            pass  # closed while we still talk
        came = []
        while len(came) < len(expected):
            opcode, payload = peer.receive()
            if opcode == CLOSE:
                came.append(struct.unpack(">H", payload[:2])[0] if payload else 1005)
                break
            if opcode == TEXT:
                came.append(ACCEPTED if payload == b'{"type":"pong"}' else "error")
            else:
                came.append((opcode, payload))
        if came and isinstance(came[-1], int) and came[-1] in (1000, 1002, 1003, 1007, 1009):
            peer.socket.sendall(close(came[-1]))
            try:
                while peer.socket.recv(65536):
                    pass
            except ConnectionResetError:
                pass  # it had closed before our answer came
        return came
    finally:
        peer.close()


class Conformance(Scenario):
    async def test_the_table(self):
        server = await self.hub(max_connections_per_address=2000).start()
        target = f"{PATH}?token={await server.token('rig1', 'controller')}"
        count = 0
        for name, sent, expected in cases():
            expected = expected if isinstance(expected, list) else [expected]
            count += 1
            with self.subTest(name):
                came = await asyncio.to_thread(exchange, server.port, target, sent, expected)
                fits = len(came) == len(expected) and all(
                    c in e if isinstance(e, set) else c == e for c, e in zip(came, expected))
                self.assertTrue(fits, f"expected {expected}, got {came}")
        print(f"{count} cases")
        self.assertEqual((await server.get("/health")).status, 200)

    async def test_the_upgrade(self):
        server = await self.hub().start()
        target = f"{PATH}?token={await server.token('rig1', 'controller')}"
        for name, headers, status in (
                ("version 8", {"Sec-WebSocket-Version": "8"}, 426), ("version 12", {"Sec-WebSocket-Version": "12"}, 426),
                ("version 14", {"Sec-WebSocket-Version": "14"}, 426), ("no version", {"Sec-WebSocket-Version": ""}, 426),
                ("two versions", {"Sec-WebSocket-Version": "13, 8"}, 426),
                ("another protocol", {"Upgrade": "h2c"}, 426), ("no upgrade", {"Connection": "keep-alive"}, 426),
                ("no host", {"Host": ""}, 400), ("a body", {"Content-Length": "5"}, 400),
                ("no key", {"Sec-WebSocket-Key": ""}, 400), ("a key of 15 bytes", {"Sec-WebSocket-Key": "A" * 20}, 400),
                ("a key that is no base64", {"Sec-WebSocket-Key": "!" * 22 + "=="}, 400),
                ("two keys", {"sec-websocket-key": "B" * 22 + "=="}, 400),
                ("two fields of versions", {"sec-websocket-version": "8"}, 426), ("upper case", {"Upgrade": "WebSocket"}, 101),
                ("keep-alive too", {"Connection": "keep-alive, Upgrade"}, 101)):
            with self.subTest(name):
                peer = await asyncio.to_thread(RawWebSocket, server.port, target, headers)
                peer.close()
                self.assertEqual(peer.status, status)
                if status == 426:
                    self.assertEqual(peer.headers["sec-websocket-version"], "13")

    async def test_requests_that_are_no_upgrade(self):
        server = await self.hub().start()
        target = f"{PATH}?token={await server.token('rig1', 'controller')}"
        fields = ("Host: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  f"Sec-WebSocket-Key: {'A' * 22}==\r\n\r\n")
        for line, status in ((f"GET {target} HTTP/1.1", b"101"), (f"GET {target} HTTP/1.0", b"426"),
                             (f"POST {target} HTTP/1.1", b"426"), (f"OPTIONS {target} HTTP/1.1", b"426"),
                             (f"GET {target} HTTP/2.0", b"505"), (f"get {target} HTTP/1.1", b"426")):
            with self.subTest(line.split("?")[0]):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(f"{line}\r\n{fields}".encode())
                answer = await asyncio.wait_for(reader.readline(), 10)
                writer.close()
                self.assertEqual(answer.split(b" ")[1], status)

    async def test_compression_that_is_offered_is_declined(self):
        server = await self.hub().start()
        target = f"{PATH}?token={await server.token('rig1', 'controller')}"
        peer = await asyncio.to_thread(RawWebSocket, server.port, target,
                                       {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"})
        peer.close()
        self.assertEqual(peer.status, 101)
        self.assertNotIn("sec-websocket-extensions", peer.headers)


if __name__ == "__main__":
    unittest.main(verbosity=2)
