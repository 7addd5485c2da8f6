"""webmacs-sim misbehaves as devices on people's lines were reported to, seen by a bare socket or serial port."""

import os
import socket
import struct
import subprocess
import time
import tty
import unittest
from configparser import ConfigParser

from harness.case import Scenario
from harness.modbus_units import crc, framed
from harness.programs import SIM, SLOWNESS
from harness.simulator import Simulator

PATIENCE = 0.4 * SLOWNESS  # within it what is to come has come


def read(first, count=1, function=3):
    return struct.pack(">BHH", function, first, count)


def rig(transport="tcp", units=(1,)):
    where = {"tcp": "host = 10.0.0.1", "rtu": "serial = /dev/ttyNONE",
             "rtu_over_tcp": "transport = rtu_over_tcp\nhost = 10.0.0.1"}[transport]
    text = ""
    for unit in units:
        text += f"[device:u{unit}]\n{where}\nunit = {unit}\ntimeout = 100ms\n"
        for address in (0, 1, 2, 3, 100):
            text += f"[event:u{unit}.{address}]\ndevice = u{unit}\nregister = holding:{address}\ntype = uint16\n"
    return text


class Client:
    """A connection; `ask` answers the reply's PDU, None for silence, and "closed"."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.transaction = 0

    def close(self):
        self.socket.close()

    def send(self, pdu, unit=1):
        self.transaction += 1
        self.socket.sendall(struct.pack(">HHHB", self.transaction, 0, len(pdu) + 1, unit) + pdu)

    def receive(self, patience=PATIENCE):
        self.socket.settimeout(patience)
        try:
            return self.socket.recv(1000) or "closed"
        except TimeoutError:
            return None
        except ConnectionResetError:
            return "closed"

    def receive_all(self, size):
        received = b""
        while len(received) < size:
            part = self.receive(10)
            assert part and part != "closed", received
            received += part
        return received

    def ask(self, pdu, unit=1, patience=PATIENCE):
        self.send(pdu, unit)
        reply = self.receive(patience)
        return reply if reply in (None, "closed") else reply[7:]

    def ask_rtu(self, frame, patience=PATIENCE):
        self.socket.sendall(frame)
        return self.receive(patience)


class SimulatedDevices(Scenario):
    def serve(self, text, *options, journal=False):
        options = [*(word for option in options for word in ("--device", option)), "--counter"]
        simulator = Simulator(self.folder, "rig", text, *options)
        simulator.__enter__()
        self.addCleanup(simulator.__exit__, None, None, None)
        config = ConfigParser(strict=False)
        config.read(simulator.local)
        self.port = config["device:u1"].get("port")
        self.port = self.port and int(self.port)
        self.tty = config["device:u1"].get("serial")
        return simulator

    def client(self):
        client = Client(self.port)
        self.addCleanup(client.close)
        return client

    def assert_good(self, reply, registers=1):
        self.assertIsInstance(reply, bytes)
        self.assertEqual((reply[0], reply[1], len(reply)), (3, 2 * registers, 2 + 2 * registers))

    async def test_silent_registers_and_other_ways_to_refuse(self):
        sim = self.serve(rig(), "u1:silent=holding:2")
        client = self.client()
        self.assertIsNone(client.ask(read(0, 4)))
        self.assertIsNone(client.ask(read(2)))
        self.assert_good(client.ask(read(0, 2)), 2)
        self.assertEqual(client.ask(read(50)), b"\x83\x02")
        sim.command("device u1:refusal=exception4")
        self.assertEqual(client.ask(read(50)), b"\x83\x04")
        self.assertEqual(client.ask(b"\x63"), b"\xe3\x04")  # an unknown function
        sim.command("device u1:refusal=silence")
        self.assertIsNone(client.ask(read(50)))
        sim.command("device u1:silent=none")
        self.assert_good(client.ask(read(2)))

    async def test_reads_that_are_too_long_are_refused_or_cut(self):
        sim = self.serve(rig(), "u1:longest=2")
        client = self.client()
        self.assert_good(client.ask(read(0, 2)), 2)
        self.assertEqual(client.ask(read(0, 3)), b"\x83\x03")
        sim.command("device u1:longest=125")
        sim.command("device u1:shortens=2")
        self.assert_good(client.ask(read(0, 4)), 2)
        sim.command("device u1:shortens=125")
        sim.command("short:1")
        self.assert_good(client.ask(read(0, 4)), 3)

    async def test_a_device_that_sleeps_wakes_by_a_request_that_it_does_not_answer(self):
        self.serve(rig(), "u1:sleeps=600ms")
        client = self.client()
        for _ in range(2):
            self.assertIsNone(client.ask(read(0), patience=0.2))
            self.assert_good(client.ask(read(0)))
            self.assert_good(client.ask(read(0)))
            time.sleep(0.7)

    async def test_a_device_that_needs_a_moment_after_connect(self):
        self.serve(rig(), "u1:warmup=500ms")
        client = self.client()
        self.assertIsNone(client.ask(read(0), patience=0.1))
        time.sleep(0.5)
        self.assert_good(client.ask(read(0)))

    async def test_a_dongle_with_one_socket_that_it_frees_late(self):
        self.serve(rig(), "u1:sockets=1", "u1:frees=700ms")
        first = self.client()
        self.assert_good(first.ask(read(0)))
        self.assertEqual(self.client().ask(read(0)), "closed")
        self.assert_good(first.ask(read(0)))
        first.close()
        closed = time.monotonic()
        while self.client().ask(read(0)) == "closed":
            self.assertLess(time.monotonic() - closed, 20)
            time.sleep(0.02)
        self.assertGreater(time.monotonic() - closed, 0.6)

    async def test_a_gateway_that_waits_for_a_dead_unit_serves_nobody_meanwhile(self):
        sim = self.serve(rig(units=(1, 9)), "u1:gateway_wait=500ms")
        sim.command("unit 9 off")
        dead, alive = self.client(), self.client()
        dead.send(read(0), unit=9)
        time.sleep(0.1)
        asked = time.monotonic()
        self.assert_good(alive.ask(read(0), patience=5))
        self.assertGreater(time.monotonic() - asked, 0.3)
        self.assertIsNone(dead.receive(0.1))
        sim.command("device u1:gateway_says=exception11")
        self.assertEqual(dead.ask(read(0), unit=9, patience=5), b"\x83\x0b")
        self.assertEqual(dead.ask(read(0), unit=77, patience=5), b"\x83\x0b")

    async def test_a_serial_server_sends_a_late_reply_to_whoever_connected_last(self):
        sim = self.serve(rig("rtu_over_tcp"))
        first = self.client()
        self.assert_good(first.ask_rtu(framed(1, read(0)))[1:-2])
        sim.command("late:1:5")  # timeouts of 100 ms
        first.socket.sendall(framed(1, read(0, 2)))
        time.sleep(0.1)
        first.close()
        sim.command("none")
        second = self.client()
        self.assertEqual(len(second.receive(5)), 9)  # two registers, that it never asked for
        self.assert_good(second.ask_rtu(framed(1, read(0)))[1:-2])

    async def test_a_serial_line_serves_one_request_at_a_time(self):
        sim = self.serve(rig("rtu_over_tcp", (1, 2)))
        client = self.client()
        sim.command("late:1:4")
        client.socket.sendall(framed(1, read(0)))
        time.sleep(0.1)
        sim.command("none")
        client.socket.sendall(framed(2, read(0)))
        self.assertEqual(client.receive_all(14)[0::7], b"\x01\x02")
        self.assertIsNone(client.ask_rtu(framed(3, read(0))))  # nobody is there

    async def test_bytes_around_a_frame_an_echo_and_another_unit_number(self):
        sim = self.serve(rig("rtu_over_tcp"), "u1:leading=1", "u1:trailing=2")
        client = self.client()
        reply = client.ask_rtu(framed(1, read(0)))
        self.assertEqual((reply[0], reply[-2:]), (0, b"\0\0"))
        self.assertEqual(reply[-4:-2], crc(reply[1:-4]))
        sim.command("device u1:leading=0")
        sim.command("device u1:trailing=0")
        sim.command("device u1:echo=yes")
        sim.command("device u1:answers_as=255")
        client.socket.sendall(framed(1, read(0)))
        received = client.receive_all(15)
        self.assertEqual(received[:8], framed(1, read(0)))
        self.assertEqual((received[8], received[-2:]), (255, crc(received[8:-2])))

    async def test_faults_of_every_kind(self):
        sim = self.serve(rig("rtu_over_tcp"))
        client = self.client()
        for fault, seen in (("exception1", b"\x01\x83\x01"), ("exception4", b"\x01\x83\x04"),
                            ("exception5", b"\x01\x83\x05"), ("busy", b"\x01\x83\x06"),
                            ("exception10", b"\x01\x83\x0a"), ("exception11", b"\x01\x83\x0b")):
            sim.command(f"{fault}:1")
            self.assertEqual(client.ask_rtu(framed(1, read(0))), seen + crc(seen), fault)
            sim.command("none")
        for fault, size, right in (("leading", 8, lambda r: r[-2:] == crc(r[1:-2])), ("trailing", 8, lambda r: r[-3:-1] == crc(r[:-3])),
                                   ("extra", 9, lambda r: r[-4:-2] == crc(r[:-4])), ("wrong_checksum", 7, lambda r: r[-2:] != crc(r[:-2])),
                                   ("truncate", 5, lambda r: True), ("wrong_unit", 7, lambda r: r[0] == 0 and r[-2:] == crc(r[:-2]))):
            sim.command(f"{fault}:1")
            reply = client.ask_rtu(framed(1, read(0)))
            self.assertEqual((len(reply), right(reply)), (size, True), fault)
            sim.command("none")
        sim.command("drop:1")
        self.assertIsNone(client.ask_rtu(framed(1, read(0))))
        sim.command("none")
        self.assert_good(client.ask_rtu(framed(1, read(0)))[1:-2])

    def open_tty(self):
        port = os.open(self.tty, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, port)
        tty.setraw(port)
        os.set_blocking(port, False)
        return port

    def ask_tty(self, port, frame, size):
        os.write(port, frame)
        reply, ends = b"", time.monotonic() + 5 * SLOWNESS
        while len(reply) < size and time.monotonic() < ends:
            try:
                reply += os.read(port, 100)
            except BlockingIOError:
                time.sleep(0.005)
        return reply

    async def test_an_unknown_function_noise_and_half_a_frame_cost_no_later_request(self):
        self.serve(rig("rtu"))
        port = self.open_tty()
        right = framed(1, read(0))
        for unknown in (b"\x11", b"\x2b\x0e\x01\x00", b"\x16\x00\x04\x00\xf2\x00\x25", b"\x17" + bytes(11)):
            refusal = bytes([1, unknown[0] | 0x80, 1])
            self.assertEqual(self.ask_tty(port, framed(1, unknown), 5), refusal + crc(refusal))
            self.assertEqual(len(self.ask_tty(port, right, 7)), 7)
        for spoilt in (b"\0", right[:5], right[:-1] + bytes([right[-1] ^ 1]), os.urandom(300)):
            os.write(port, spoilt)
            time.sleep(0.1)
            self.assertEqual(self.ask_tty(port, right, 7)[:3], b"\x01\x03\x02", spoilt)

    async def test_what_is_no_option_is_told_and_ends_the_start(self):
        self.serve(rig())
        given = self.folder / "rig.given.ini"
        for option, said in (("u1:slow=1", "unknown option"), ("u7:sockets=1", "no such device"),
                             ("u1:sockets=few", "e.g. sockets=1")):
            done = subprocess.run([SIM, "--config", given, "--local", self.folder / "out.ini", "--device", option],
                                  capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main()
