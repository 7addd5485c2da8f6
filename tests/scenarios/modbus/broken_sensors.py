"""Sensors that are broken or asleep say so by a raw value or a status register: what they then hold is no measurement."""

import unittest

from harness.case import Scenario
from harness.modbus_server import ModbusServer
from harness.wait import until


class BrokenSensors(Scenario):
    async def start(self, *sections):
        self.modbus = await ModbusServer().start()
        self.addAsyncCleanup(self.modbus.stop)
        self.server = await self.hub().start()
        rig = self.modbus.device() + "\n".join(sections)
        self.box = await self.agent(rig, self.server, poll_interval="0.1")

    def stored(self, event):
        """The event's values and reasons in the order of time, each once until it changes."""
        rows = sorted((moment, value, reason) for name, moment, value, reason in self.server.store.datapoints()
                      if name == event)
        told = [reason if value is None else value for _, value, reason in rows]
        return [each for each, before in zip(told, [None, *told]) if each != before]

    async def tells(self, event, *expected):
        await until(lambda: self.stored(event) == list(expected), 20, lambda: f"{event}: {self.stored(event)}")

    async def test_an_inverter_that_sleeps_at_night_produces_nothing_and_not_minus_32768_watts(self):
        await self.start("[event:W]\ndevice = plc\nregister = holding:83\ntype = int16\ninvalid = 0x8000\nunit = W\n",
                         "[event:plain]\ndevice = plc\nregister = holding:83\ntype = int16\n")
        self.modbus.holding.setValues(83, [4321])
        self.box.start()
        await self.tells("W", 4321)
        self.modbus.holding.setValues(83, [0x8000])
        await self.tells("W", 4321, "not available")
        await self.tells("plain", 4321, -32768)  # what the rig file does not say is a value
        self.modbus.holding.setValues(83, [12])
        await self.tells("W", 4321, "not available", 12)

    async def test_a_thermocouple_that_broke_is_a_sensor_fault_while_its_neighbour_goes_on(self):
        await self.start(
            "[event:t1]\ndevice = plc\nregister = input:10\ntype = int16\nscale = 0.1\ninvalid = 0x7FFF\n"
            "bad_when = input:3 bit=0\n",
            "[event:t2]\ndevice = plc\nregister = input:11\ntype = int16\nscale = 0.1\ninvalid = 0x7FFF\n"
            "bad_when = input:3 bit=1\n")
        self.modbus.input.setValues(3, [0])
        self.modbus.input.setValues(10, [215, 348])
        self.box.start()
        await self.tells("t1", 21.5)
        await self.tells("t2", 34.8)
        self.modbus.input.setValues(3, [1])  # the card holds the last value, and says in its status that it does
        await self.tells("t1", 21.5, "sensor fault")
        self.modbus.input.setValues(3, [0])
        self.modbus.input.setValues(10, [0x7FFF])
        await self.tells("t1", 21.5, "sensor fault", "not available")
        self.modbus.input.setValues(10, [216, 349])
        await self.tells("t1", 21.5, "sensor fault", "not available", 21.6)
        await self.tells("t2", 34.8, 34.9)

    async def test_a_flow_meter_whose_state_word_says_starting_or_failed(self):
        await self.start("[event:flow]\ndevice = plc\nregister = holding:100\ntype = float32\n"
                         "bad_when = holding:75 = 2,3\n")
        self.modbus.holding.setValues(75, [2])
        self.modbus.holding.setValues(100, [0x4048, 0xF5C3])
        self.box.start()
        await self.tells("flow", "sensor fault")
        self.modbus.holding.setValues(75, [1])
        await self.tells("flow", "sensor fault", 3.14)
        self.modbus.holding.setValues(75, [3])
        await self.tells("flow", "sensor fault", 3.14, "sensor fault")


if __name__ == "__main__":
    unittest.main()
