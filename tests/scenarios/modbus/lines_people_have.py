"""Devices and lines as people reported them, one agent on all of them at once: late replies on a serial server, lost
frames, a dead unit behind a gateway that waits for it, reads that nobody answers, exceptions told by gateways, a device
with one socket. Nothing wrong is stored, and what is well is read."""

import unittest

from harness.case import Scenario
from harness.expected_lines import ExpectedLines, devices_of
from harness.modbus_gateway import Gateway
from harness.modbus_units import OneSocket, SerialServer, TcpUnits, event, exception, fixed

SETTLED = 8.0   # seconds until everything that there is to learn was learnt
WATCHED = 20.0
TIMEOUT = 0.3


def every(nth, then, otherwise=0.02):
    return lambda number: then if number % nth == 0 else otherwise


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
        lines = ExpectedLines()
        add, expect = lines.add, lines.expect
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
            add(gateway.sections(name, poll_interval=0.5, timeout=TIMEOUT))
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
        return lines

    async def test_what_is_well_is_read_and_nothing_wrong_is_stored(self):
        lines = self.rig()

        async def look(hub):
            # A read that is never answered is that read's trouble, and not its device's.
            shown = await devices_of(hub, await hub.token("viewer", "viewer"))
            offline = {name for name, (state, _) in shown.items() if state != "online"}
            self.assertEqual(offline, {"quiet9", "says9"})
            for name in ("late", "very_late"):
                self.assertRegex(shown[name][1] or "", r"late by [\d.]+ s: raise timeout")
        log = await lines.watch(self, SETTLED, WATCHED, look)
        blamed = [line for line in log.splitlines() if "each try stops the gateway" in line]
        self.assertTrue(blamed, "the log names who stops a gateway")
        self.assertTrue(all("unit 9)" in line for line in blamed), blamed)
        self.assertIn("raise timeout", log)
        self.assertEqual(self.one_socket.connections, 1, "lost replies cost no connection")
        self.assertLess(len(log.splitlines()), 120, "repeats are logged once")


if __name__ == "__main__":
    unittest.main()
