"""Serial lines on which one frame in twenty is lost by chance, and on which a unit is dead: lost frames cost their own
polls and few of those, and the dead unit costs its neighbours nothing. Random; WEBMACS_SEED draws the same again."""

import random
import unittest

from harness import chance
from harness.case import Scenario
from harness.expected_lines import ExpectedLines
from harness.modbus_units import SerialServer, SerialUnits, TcpUnits, event, fixed

TIMEOUT = 0.3
REGISTERS = {0: 1, 100: 2, 200: 3}  # three equal reads
LOST = 0.05
LOSSY = 0.9  # of the planned polls


class LostFrames(Scenario):
    async def test_few_polls_are_lost_with_the_frames_and_none_beside_a_dead_unit(self):
        dice = random.Random(chance.seed())
        lines, lossy_events = ExpectedLines(), []
        answer = fixed(REGISTERS)

        def loses(*_):
            return dice.random() < LOST

        def lossy(unit, pdu, *_):
            return None if loses() else answer(unit, pdu)

        def without_nine(unit, pdu, *_):
            return None if unit == 9 else answer(unit, pdu)

        def add(name, server, least, units=(1,)):
            for unit in units:
                device = f"{name}{unit}"
                lines.add(server.device(device, unit, timeout=TIMEOUT))
                for address, value in REGISTERS.items():
                    lines.add(event(f"{device}_{address}", address, device, poll_interval=1))
                    lines.expect(f"{device}_{address}", *((value, least) if unit != 9 else (None, 0)), 1.0)
                    lossy_events.extend([f"{device}_{address}"] if least <= LOSSY else [])

        serial = [SerialUnits(lossy), SerialUnits(without_nine)]
        for each in serial:
            self.addCleanup(each.close)
        add("server", SerialServer(answer, lambda _: None if loses() else 0.02), LOSSY)
        add("line", serial[0], LOSSY)
        add("tcp", TcpUnits(lossy), LOSSY)
        # Of three units a lost frame must be told from a unit that left.
        add("three", SerialServer(answer, lambda _: None if loses() else 0.01), LOSSY - 0.1, units=(1, 2, 3))
        add("beside", serial[1], 0.98, units=(9, 1, 2))
        add("beside_server", SerialServer(without_nine, lambda _: 0.02), 0.98, units=(9, 1, 2))
        log = await lines.watch(self, settled=5.0, watched=45.0)
        self.assertLess(len(log.splitlines()), 100, "repeats are logged once")
        judged = [lines.judged[name] for name in lossy_events]
        good, bad = sum(len(each.values) for each in judged), sum(len(each.bad) for each in judged)
        print(f"with one frame in twenty lost: {good} good, {bad} bad")
        self.assertGreaterEqual(good / (good + bad), 0.98)


if __name__ == "__main__":
    unittest.main()
