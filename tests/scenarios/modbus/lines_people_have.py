"""Devices and lines as people reported them, one agent on all of them at once: late replies on a serial server, lost
frames, a dead unit behind a gateway that waits for it, reads that nobody answers, exceptions told by gateways, a device
with one socket. Nothing wrong is stored, and what is well is read."""

import asyncio
import threading
import time
import unittest

from harness.case import Scenario
from harness.judged import Judged
from harness.modbus_units import OneSocket, SerialServer, TcpUnits, event, exception, fixed
from harness.programs import SLOWNESS
from harness.wait import until

SETTLED = 8.0   # seconds until everything that there is to learn was learnt
WATCHED = 20.0
TIMEOUT = 0.3


def every(nth, then, otherwise=0.02):
    return lambda number: then if number % nth == 0 else otherwise


class Gateway:
    """One serial line behind it, and one unit on that is dead: it waits `wait` seconds for it, then says nothing or an
    exception."""

    def __init__(self, dead, wait, says=None):
        self.dead, self.wait, self.says = dead, wait, says
        self.bus = threading.Lock()
        self.units = TcpUnits(self._answer)

    def _answer(self, unit, pdu, _age):
        with self.bus:
            time.sleep(self.wait if unit == self.dead else 0.02)
        if unit != self.dead:
            return fixed({0: 100 + unit})(unit, pdu)
        return None if self.says is None else exception(pdu, self.says)

    def sections(self, name):
        return "".join(self.units.device(f"{name}{unit}", unit, timeout=TIMEOUT)
                       + event(f"{name}{unit}", 0, f"{name}{unit}", poll_interval=0.5) for unit in (self.dead, 1, 2, 3))


def touching(register, then):
    """Reads that touch the register get `then(pdu)`, everything else its value."""
    def answer(unit, pdu, _age):
        first, count = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
        return then(pdu) if first <= register < first + count else fixed({a: a for a in range(400)})(unit, pdu)
    return answer


def shorter(pdu):
    return fixed({})(1, pdu[:3] + (int.from_bytes(pdu[3:5], "big") - 1).to_bytes(2, "big"))


def counted(answer, nth, code):
    number = [0]

    def sometimes(unit, pdu, age):
        number[0] += 1
        return exception(pdu, code) if number[0] % nth == 0 else answer(unit, pdu, age)
    return sometimes


def plain(unit, pdu, _age):
    return fixed({a: a for a in range(400)})(unit, pdu)


class LinesPeopleHave(Scenario):
    def rig(self):
        """The rig, and of each event what it must read as: (value or None, least part of its planned polls, interval)."""
        text, expected = [], {}

        def add(device, *events):
            text.append(device)
            text.extend(events)

        def expect(name, value, least, interval=0.5):
            expected[name] = (value, least, interval)

        for name, server in (("late", SerialServer(fixed({0: 111, 100: 222}), every(8, 1.15 * TIMEOUT))),
                             ("very_late", SerialServer(fixed({0: 111, 100: 222}), every(11, 2.5 * TIMEOUT)))):
            add(server.device(name, timeout=TIMEOUT),
                event(f"{name}_111", 0, name, poll_interval=0.2), event(f"{name}_222", 100, name, poll_interval=0.2))
            expect(f"{name}_111", 111, 0.3, 0.2)
            expect(f"{name}_222", 222, 0.3, 0.2)
        lossy = SerialServer(fixed({0: 1, 100: 2, 200: 3}), every(20, None))
        add(lossy.device("lossy", timeout=TIMEOUT), *(event(f"lossy_{a}", a, "lossy", poll_interval=1) for a in (0, 100, 200)))
        for address, value in ((0, 1), (100, 2), (200, 3)):
            expect(f"lossy_{address}", value, 0.9, 1.0)

        self.gateways = [Gateway(9, 1.5), Gateway(9, 0.8, 11)]
        for name, gateway in zip(("quiet", "says"), self.gateways):
            text.append(gateway.sections(name))
            for unit in (1, 2, 3):
                expect(f"{name}{unit}", 100 + unit, 0.95)

        for name, then in (("silent", lambda pdu: None), ("four", lambda pdu: exception(pdu, 4)),
                           ("one", lambda pdu: exception(pdu, 1)), ("short", shorter), ("hangs_up", lambda pdu: "close")):
            unit = TcpUnits(touching(104, then))
            # 100 and 110 are read together across 104 until that is known not to work; 104 itself is never there.
            add(unit.device(name, timeout=TIMEOUT),
                *(event(f"{name}_{a}", a, name, poll_interval=0.5) for a in (100, 104, 110, 300)))
            for address in (100, 110, 300):
                expect(f"{name}_{address}", address, 0.85 if name == "hangs_up" else 0.9)
            expect(f"{name}_104", None, 0)

        for retries, least in ((1, 0.96), (2, 0.98)):
            name = f"told{retries}"
            unit = TcpUnits(counted(plain, 10, 11))
            add(unit.device(name, timeout=TIMEOUT, retries=retries),
                *(event(f"{name}_{a}", a, name, poll_interval=0.2) for a in (0, 100, 200)))
            for address in (0, 100, 200):
                expect(f"{name}_{address}", address, least, 0.2)

        warm = TcpUnits(lambda unit, pdu, age: None if age < 0.5 else plain(unit, pdu, age))
        add(warm.device("warm", timeout=TIMEOUT, pause_after_connect="600ms"), event("warm", 7, "warm", poll_interval=0.5))
        expect("warm", 7, 0.95)
        number = [0]

        def loses(unit, pdu, age):
            number[0] += 1
            return None if number[0] % 20 == 0 else plain(unit, pdu, age)
        self.one_socket = OneSocket(loses, freed_after=5)
        add(self.one_socket.device("socket", timeout=TIMEOUT), event("socket", 7, "socket", poll_interval=0.2))
        expect("socket", 7, 0.97, 0.2)
        return "\n".join(text), expected

    async def test_what_is_well_is_read_and_nothing_wrong_is_stored(self):
        rig, expected = self.rig()
        hub = await self.hub().start()
        agent = (await self.agent(rig, hub)).start()
        await until(lambda: hub.store.count() > len(expected), 20 * SLOWNESS)
        began = time.time() + SETTLED
        await asyncio.sleep(SETTLED + WATCHED + 1)
        self.assertEqual((await asyncio.to_thread(agent.stop))[0], 0)
        for name, (value, least, interval) in expected.items():
            rows = hub.store.datapoints(name)
            wrong = [row for row in rows if row[2] is not None and row[2] != value]
            judged = Judged(rows, began, began + WATCHED, interval)
            print(f"{name}: {judged}")
            with self.subTest(name):
                self.assertEqual(wrong, [], "another register's value")
                self.assertGreaterEqual(judged.kept + 1 / judged.planned, least if SLOWNESS == 1 else least - 0.15, judged)
        log = agent.program.log()
        blamed = [line for line in log.splitlines() if "each try stops the gateway" in line]
        self.assertTrue(blamed, "the log names who stops a gateway")
        self.assertTrue(all("unit 9)" in line for line in blamed), blamed)
        self.assertIn("raise timeout", log)
        self.assertEqual(self.one_socket.connections, 1, "lost replies cost no connection")
        self.assertLess(len(log.splitlines()), 120, "repeats are logged once")


if __name__ == "__main__":
    unittest.main()
