"""A unit behind a gateway dies, with the agent's default settings: however long the gateway waits for it, whatever it says
then, from half a minute after the death on the units beside it keep their samples, and the unit to blame is named."""

import asyncio
import re
import unittest

from harness.case import Scenario
from harness.expected_lines import ExpectedLines, devices_of
from harness.modbus_gateway import Gateway
from harness.programs import SLOWNESS
from harness.wait import until

POLL = 1.0
DEAD = 9
# How long the gateway waits, and the exception that it says then; None: nothing. The agent's timeout is one second.
GATEWAYS = {"short": (0.5, None), "equal": (1.0, None), "long": (3.0, None), "longest": (10.0, None), "told": (0.5, 11),
            "told_late": (3.0, 11), "no_path": (2.0, 10)}
BLAME = re.compile(r"asked again in (\d+) s because each try stops the gateway for ([\d.]+) s")


class DyingUnits(Scenario):
    async def test_its_neighbours_keep_their_samples_and_it_is_named(self):
        lines, gateways = ExpectedLines(), {}
        for name, (wait, says) in GATEWAYS.items():
            gateways[name] = Gateway(DEAD, wait, says, is_dead=False)
            lines.add(gateways[name].sections(name, POLL))
            for unit in (1, 2, 3):
                lines.expect(f"{name}{unit}", 100 + unit, 0.95, POLL)
            lines.expect(f"{name}{DEAD}", 100 + DEAD, 0, POLL)

        async def dies():
            await until(lambda: all(gateway.units.requests >= 20 for gateway in gateways.values()), 60 * SLOWNESS)
            for gateway in gateways.values():
                gateway.is_dead = True

        async def look(hub):
            shown = await devices_of(hub, await hub.token("viewer", "viewer"))
            for name, (state, error) in shown.items():
                with self.subTest(name):
                    self.assertEqual(state == "online", not name.endswith(str(DEAD)), error)
            for name in ("long", "longest", "told_late"):
                said = BLAME.search(shown[f"{name}{DEAD}"][1])
                self.assertTrue(said, shown[f"{name}{DEAD}"])
                pause, cost = int(said[1]), float(said[2])
                self.assertGreaterEqual(pause, min(300, 20 * 0.9 * cost))
                self.assertLessEqual(pause, 300)

        death = asyncio.create_task(dies())
        # 5 s until all have been asked often enough, and 30 s after the death.
        log = await lines.watch(self, settled=36.0, watched=40.0, meanwhile=look)
        await death
        for line in log.splitlines():
            if BLAME.search(line):
                self.assertRegex(line, rf"{DEAD}\W", "nobody else is to blame")
        self.assertLess(len(log.splitlines()), 120, "repeats are logged once")


if __name__ == "__main__":
    unittest.main()
