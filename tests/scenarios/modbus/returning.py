"""What was away is read again soon after it returns: a device's server that was stopped, a device that hung, a serial port
that was pulled, each alone on its line, each for long enough that every backoff has grown to its end."""

import asyncio
import time
import unittest

from harness.case import Scenario
from harness.modbus_server import ModbusServer
from harness.modbus_units import event, section
from harness.programs import SIM, SLOWNESS
from harness.simulator import Simulator
from harness.wait import until

AWAY = 8.0
BACK_WITHIN = 2.0  # the goal is 1.5 s; a busy machine gets half a second


class Returning(Scenario):
    async def watch(self, rig, name="e"):
        """An agent on that rig at the usual interval, once its first value is there."""
        self.server = await self.hub().start()
        self.agent_ = (await self.agent(rig, self.server, poll_interval="1")).start()
        self.name = name
        await until(lambda: self.good_since(0), 20 * SLOWNESS)

    def good_since(self, began):
        """Of the values that were read since then: the time of the first, None when there is none."""
        return next((row[1] / 1e6 for row in self.server.store.datapoints(self.name)
                     if row[2] is not None and row[1] / 1e6 > began), None)

    async def away(self, leave, return_):
        """Leaves, stays away until the agent knows, returns; answers after how many seconds it was read again."""
        await leave()
        await until(lambda: self.server.store.datapoints(self.name)[-1][2] is None, 20 * SLOWNESS)
        await asyncio.sleep(AWAY)
        returned = time.time()
        await return_()
        back = await until(lambda: self.good_since(returned), 30 * SLOWNESS) - returned
        print(f"{self.id().split('.')[-1]}: read again after {back:.2f} s")
        self.assertLess(back, BACK_WITHIN * SLOWNESS)
        self.assertLess(len(self.agent_.program.log().splitlines()), 30, "an outage is no flood of lines")

    async def test_a_device_whose_server_was_stopped(self):
        plc = await ModbusServer().start()
        await self.watch(plc.device() + event("e", 7, "plc"))
        await self.away(plc.stop, plc.start)
        await plc.stop()

    async def test_a_device_that_hung(self):
        with Simulator(self.folder, "plc", section("plc", host="10.0.0.1", unit=3) + event("e", 7, "plc")) as sim:
            await self.watch(sim.local.read_text())
            await self.away(lambda: asyncio.to_thread(sim.command, "unit 3 off"),
                            lambda: asyncio.to_thread(sim.command, "unit 3 on"))

    async def test_a_serial_port_that_was_pulled(self):
        port = self.folder / "port.tty"
        given, local = self.folder / "rig.ini", self.folder / "rig.local.ini"
        given.write_text(section("plc", serial="/dev/ttyNONE") + event("e", 7, "plc"))
        self.program("sim", [SIM, "--config", given, "--local", local]).start()
        await until(local.exists)
        ours = next(line.split("=")[1].strip() for line in local.read_text().splitlines() if line.startswith("serial"))
        cable = self.program("socat", ["socat", f"pty,raw,echo=0,link={port}", f"{ours},raw,echo=0"]).start()
        await until(port.exists)
        await self.watch(local.read_text().replace(ours, str(port)))

        async def pull():
            cable.kill()
            port.unlink(missing_ok=True)

        async def plug_in():
            cable.start()
        await self.away(pull, plug_in)


if __name__ == "__main__":
    unittest.main()
