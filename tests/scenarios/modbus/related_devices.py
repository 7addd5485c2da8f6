"""A second device of each kind that people reported: one that misbehaves for the same cause in another way. One agent on all
of them at once; what is well is read, nothing wrong is stored, and no device is offline that answers."""

import time
import unittest

from harness.case import Scenario
from harness.expected_lines import ExpectedLines, devices_of
from harness.modbus_units import SerialServer, SerialUnits, TcpUnits, event, exception, fixed, section
from harness.simulator import Simulator

TIMEOUT = 0.3
SETTLED = 12.0
WATCHED = 36.0
MAP = {address: address for address in range(400)}
PI = {100: 0x4048, 101: 0xF5C3, 110: 0x4048, 111: 0xF5C3}  # 3.14, twice
FORGOTTEN_AFTER = 10.5  # seconds without a request


def plain(unit, pdu, *_):
    return fixed(MAP)(unit, pdu)


def beyond(last, then):
    """Reads that touch a register above `last` get `then(pdu)`."""
    def answer(unit, pdu, *_):
        first, count = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
        return then(pdu) if first + count - 1 > last else plain(unit, pdu)
    return answer


def each(nth, spoilt, otherwise=plain):
    number = [0]

    def answer(unit, pdu, *rest):
        number[0] += 1
        return spoilt(pdu) if number[0] % nth == 0 else otherwise(unit, pdu, *rest)
    return answer


def only(registers, code):
    def answer(unit, pdu, *_):
        first, count = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
        return fixed(registers)(unit, pdu) if all(first + i in registers for i in range(count)) else exception(pdu, code)
    return answer


class Firewall(TcpUnits):
    """Forgets a connection that was idle, without a word: what comes on it later reaches nobody."""

    def __init__(self):
        self.last = {}
        super().__init__(self._pass)

    def _pass(self, unit, pdu, age):
        made, now = time.monotonic() - age, time.monotonic()
        key = round(made, 1)  # of the connection
        idle = now - self.last.setdefault(key, now)
        if idle > FORGOTTEN_AFTER:
            return None
        self.last[key] = now
        return plain(unit, pdu)


class RelatedDevices(Scenario):
    def serial(self, answer, wrap=lambda request, reply: reply):
        units = SerialUnits(answer, wrap)
        self.addCleanup(units.close)
        return units

    def rig(self):
        lines = ExpectedLines()

        def add(name, server, addresses, least, interval=0.5, absent=(), kind="uint16", value=None, **keys):
            lines.add(server.device(name, timeout=TIMEOUT, **keys),
                      *(event(f"{name}_{a}", a, name, kind, poll_interval=interval) for a in (*addresses, *absent)))
            for address in addresses:
                lines.expect(f"{name}_{address}", address if value is None else value, least, interval)
            for address in absent:
                lines.expect(f"{name}_{address}", None, 0, interval)

        # Late: on a line of its own, behind two timeouts; and a first answer after start-up that is late.
        def tardy(pdu):
            time.sleep(2.2 * TIMEOUT)
            return plain(1, pdu)
        add("tardy_line", self.serial(each(9, tardy)), (0, 100, 200), 0.3, 0.4)
        add("tardy_server", SerialServer(plain, lambda number: 2.8 * TIMEOUT if number % 13 == 1 else 0.02), (0, 100, 200),
            0.3, 0.4)
        # After a connect: without the key the first request is lost, and no more.
        self.warm = TcpUnits(lambda unit, pdu, age: None if age < 0.25 else plain(unit, pdu))
        add("warm", self.warm, (7,), 0.98)
        # Silent: a whole range, on a serial line; and everything of more than two registers.
        add("range", self.serial(beyond(250, lambda pdu: None)), (100, 104, 240), 0.9,
            absent=range(260, 280, 2))
        add("longest", TcpUnits(lambda unit, pdu, _: plain(unit, pdu) if pdu[4] <= 2 else None), (100, 101, 102, 103), 0.9)
        # Fewer than asked for, as a success: on a serial line it may be another master's reply.
        add("shortens", self.serial(lambda unit, pdu: plain(unit, pdu[:3] + bytes([0, min(pdu[4], 2)]))), (100, 101, 102, 103),
            0.9)
        # Exceptions that pass: no path, busy, and those of a serial line's server.
        add("no_path", TcpUnits(each(10, lambda pdu: exception(pdu, 10))), (0, 100, 200), 0.96, 0.4)
        add("busy", TcpUnits(each(4, lambda pdu: exception(pdu, 6))), (0, 100, 200), 0.98, 0.4)
        add("served", SerialServer(each(10, lambda pdu: exception(pdu, 11)), lambda _: 0.01), (0, 100, 200), 0.96, 0.4)
        for code in (1, 4):  # the register's own poll, and no more
            add(f"passing{code}", TcpUnits(each(10, lambda pdu, code=code: exception(pdu, code))), (0, 100, 200), 0.8, 0.4)
        # Holes: refused with 1, 2 and 3, on each transport.
        for code, server in ((1, self.serial(only(PI, 1))), (2, TcpUnits(only(PI, 2))),
                             (3, SerialServer(only(PI, 3), lambda _: 0.01)), (4, TcpUnits(only(PI, 4)))):
            add(f"hole{code}", server, (100, 110), 0.95, absent=(105,), kind="float32", value=3.14)
        # Bytes around a frame: two behind it, and one before it that comes in a read of its own.
        add("behind", SerialServer(plain, lambda _: 0.01), (7,), 0.95)
        add("trailing", self.serial(plain, lambda request, reply: reply + b"\0\xff"), (0, 100), 0.98)
        add("both", self.serial(plain, lambda request, reply: b"\xff" + reply + b"\0"), (0, 100), 0.98, baud=9600)
        # A firewall that forgets what is idle, polled more seldom than that.
        self.firewall = Firewall()
        add("seldom", self.firewall, (7,), 1.0, 12)
        return lines

    async def test_what_is_well_is_read_and_nothing_wrong_is_stored(self):
        lines = self.rig()
        # Two devices that sleep and wake by a request that they do not answer: each poll is one of the first of a connection.
        sleeper = "".join(section(f"sleeps{unit}", host=f"10.0.0.{unit}", timeout=TIMEOUT)
                          + event(f"sleeps{unit}", 0, f"sleeps{unit}", poll_interval=1.5 * unit) for unit in (1, 2))
        with Simulator(self.folder, "sleeper", sleeper, "--counter", "--device", "sleeps1:sleeps=900ms",
                       "--device", "sleeps2:sleeps=2s") as simulator:
            lines.add(simulator.local.read_text())

            async def look(hub):
                shown = await devices_of(hub, await hub.token("viewer", "viewer"))
                self.assertEqual({state for state, _ in shown.values()}, {"online"}, shown)
                for unit in (1, 2):  # it counts what it answers
                    rows = hub.store.datapoints(f"sleeps{unit}")
                    values = [row[2] for row in rows if row[2] is not None]
                    self.assertEqual(values, list(range(1, len(values) + 1)))
                    self.assertEqual([row[3] for row in rows[1:] if row[2] is None], [], "good from the second try on")
                    self.assertGreaterEqual(len(values), 0.9 * (SETTLED + WATCHED) / (1.5 * unit) - 1)
            log = await lines.watch(self, SETTLED, WATCHED, look)
        self.assertEqual(self.warm.connections, 1)
        self.assertGreater(self.firewall.connections, 2, "it was forgotten now and then")
        self.assertLess(len(log.splitlines()), 120, "repeats are logged once")


if __name__ == "__main__":
    unittest.main()
