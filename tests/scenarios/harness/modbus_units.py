"""Modbus units that behave as real ones were reported to: late, deaf, behind a gateway that waits, with holes that nobody
answers for. Each tells the [device:…] lines that lead to it."""

import os
import pty
import queue
import socket
import struct
import threading
import time
import tty


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


def framed(unit, pdu):
    body = bytes([unit]) + pdu
    return body + crc(body)


def exception(pdu, code):
    return bytes([pdu[0] | 0x80, code])


def fixed(registers):
    """A reply from a dict of registers, 0 where there is none."""
    def reply(_unit, pdu):
        function, first, count = struct.unpack(">BHH", pdu[:5])
        words = b"".join(struct.pack(">H", registers.get(first + i, 0)) for i in range(count))
        return bytes([function, 2 * count]) + words
    return reply


def receive(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            return None
        data += part
    return data


class Server:
    """Listens on a free port of the loopback; each connection on a thread of its own."""

    def __init__(self):
        self.connections = 0
        self.requests = 0
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._take(connection)

    def _take(self, connection):
        threading.Thread(target=self._guarded, args=(connection,), daemon=True).start()

    def _guarded(self, connection):
        try:
            self.serve(connection)
        except OSError:
            pass
        finally:
            connection.close()


class TcpUnits(Server):
    """`answer(unit, pdu, age)` gives a reply's PDU, None for silence, or "close". `age`: seconds since the connection was
    made."""
    transport = "tcp"

    def __init__(self, answer):
        self.answer = answer
        super().__init__()

    def serve(self, connection):
        made = time.monotonic()
        while head := receive(connection, 7):
            transaction, _, length, unit = struct.unpack(">HHHB", head)
            self.requests += 1
            reply = self.answer(unit, receive(connection, length - 1), time.monotonic() - made)
            if reply == "close":
                return
            if reply is not None:
                connection.sendall(struct.pack(">HHHB", transaction, 0, len(reply) + 1, unit) + reply)

    def device(self, name="d", unit=1, **keys):
        return section(name, transport=self.transport, host="127.0.0.1", port=self.port, unit=unit, **keys)


class OneSocket(TcpUnits):
    """Serves one connection at a time, and frees its socket only so many seconds after that was closed."""

    def __init__(self, answer, freed_after):
        self.free = threading.Lock()
        self.freed_after = freed_after
        super().__init__(answer)

    def serve(self, connection):
        if not self.free.acquire(blocking=False):
            return
        try:
            super().serve(connection)
        finally:
            threading.Timer(self.freed_after, self.free.release).start()


class SerialServer(Server):
    """A transparent serial server (RTU over TCP). One line behind it; a reply goes to whoever is connected last, however
    late it is. `delay(number)`: how long the reply to that request takes, None: it is lost."""

    def __init__(self, answer, delay):
        self.answer, self.delay = answer, delay
        self.line = queue.Queue()
        self.last = None
        threading.Thread(target=self._slave, daemon=True).start()
        super().__init__()

    def _slave(self):
        while True:
            frame = self.line.get()
            self.requests += 1
            delay = self.delay(self.requests)
            reply = self.answer(frame[0], frame[1:6])
            if delay is None or reply is None:
                continue
            time.sleep(delay)
            try:
                self.last.sendall(framed(frame[0], reply))
            except OSError:
                pass

    def serve(self, connection):
        self.last = connection
        while frame := receive(connection, 8):
            self.line.put(frame)

    def device(self, name="d", unit=1, **keys):
        return section(name, transport="rtu_over_tcp", host="127.0.0.1", port=self.port, unit=unit, **keys)


class SerialUnits:
    """RTU on a pty. `answer(unit, pdu)` gives a PDU or None; `wrap(request, reply)` what is really put on the line."""

    def __init__(self, answer, wrap=lambda request, reply: reply):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.master)
        tty.setraw(self.slave)
        self.name = os.ttyname(self.slave)
        self.answer, self.wrap = answer, wrap
        self.requests = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        data = b""
        while True:
            try:
                data += os.read(self.master, 256)
            except OSError:
                return
            while len(data) >= 8:
                frame, data = data[:8], data[8:]
                if crc(frame[:6]) != frame[6:]:
                    data = b""
                    continue
                self.requests += 1
                reply = self.answer(frame[0], frame[1:6])
                if reply is not None:
                    os.write(self.master, self.wrap(frame, framed(frame[0], reply)))

    def close(self):
        for end in (self.master, self.slave):
            os.close(end)

    def device(self, name="d", unit=1, **keys):
        return section(name, serial=self.name, **{"baud": 19200, "parity": "none", "unit": unit, **keys})


def section(name, **keys):
    return "".join([f"[device:{name}]\n", *(f"{key} = {value}\n" for key, value in keys.items())])


def event(name, register, device="d", kind="uint16", **keys):
    return "".join([f"[event:{name}]\ndevice = {device}\nregister = holding:{register}\ntype = {kind}\n",
                    *(f"{key} = {value}\n" for key, value in keys.items())])
