"""The whole way with nothing of ours but the agent and the hub: pymodbus' registers in, python3-websockets out."""

import struct
import time
import unittest

from harness.case import Scenario
from harness.modbus_server import ModbusServer
from harness.subscriber import Subscriber
from harness.times import microseconds
from harness.wait import until

POLL = 0.25
MEMBERS = ["public_id", "value", "timestamp", "event_public_id", "experiment_public_id"]


def words(pattern, value, order="ABCD"):
    """`value` as registers, by Python's own struct and the written rule of each order."""
    data = struct.pack(">" + pattern, value)
    pairs = [data[i:i + 2] for i in range(0, len(data), 2)]
    if order in ("CDAB", "DCBA"):
        pairs.reverse()
    if order in ("BADC", "DCBA"):
        pairs = [pair[::-1] for pair in pairs]
    return [int.from_bytes(pair, "big") for pair in pairs]


class Channel:
    """One event: where it lives, how it is written there, and the values it takes in turn."""

    def __init__(self, kind, address, type_, pattern, values, order="ABCD", **keys):
        self.event = f"evt_{kind}_{address}"
        self.kind, self.address, self.type, self.pattern, self.order = kind, address, type_, pattern, order
        self.values, self.keys = values, keys

    def section(self):
        lines = [f"[event:{self.event}]", "device = plc", f"register = {self.kind}:{self.address}",
                 f"type = {self.type}", f"order = {self.order}", *(f"{k} = {v}" for k, v in self.keys.items())]
        return "\n".join(lines) + "\n"

    def write(self, server, step):
        raw = self.values[step][0]
        block = {"coil": server.coils, "discrete": server.discrete, "input": server.input,
                 "holding": server.holding}[self.kind]
        block.setValues(self.address, [raw] if self.pattern is None else words(self.pattern, raw, self.order))

    def expected(self, step):
        return self.values[step][1]


def same(*values):
    return [(value, value) for value in values]


CHANNELS = [
    Channel("holding", 0, "float32", "f", same(23.5, -0.125) + [(2.0**100, 1.2676506e30)]),
    Channel("holding", 2, "float32", "f", same(-1.5, 4096.0625) + [(2.0**-100, 7.888609e-31)], "CDAB"),
    Channel("holding", 4, "float32", "f", same(0.75, 12345.0, -3.0), "BADC"),
    Channel("holding", 6, "float32", "f", same(7.0, 8.25, 9.5), "DCBA"),
    Channel("holding", 8, "int16", "h", same(-32768, 32767, -1)),
    Channel("holding", 9, "uint16", "H", same(65535, 0, 4660), "BADC"),
    Channel("holding", 10, "int32", "i", same(-2147483648, 2147483647, -2), "CDAB"),
    Channel("holding", 12, "uint32", "I", same(4294967295, 305419896, 1)),
    Channel("holding", 14, "float64", "d", same(0.1, -2.5e-300, 1.7976931348623157e308)),
    Channel("holding", 18, "int64", "q", same(-(2**53), 2**53, -1), "CDAB"),
    Channel("holding", 22, "uint64", "Q", same(2**53, 1, 72057594037927936), "DCBA"),
    Channel("holding", 26, "bool", "H", [(0b1000, 1), (0xFFF7, 0), (0xFFFF, 1)], bit=3),
    Channel("input", 0, "uint16", "H", [(1000, 100), (2000, 200), (5, 0.5)], scale=0.1),
    Channel("input", 1, "int16", "h", [(-40, 13), (0, 33), (40, 53)], scale=0.5, offset=33),
    Channel("input", 100, "float32", "f", same(1.5, 2.5, 3.5)),
    Channel("coil", 0, "bool", None, [(True, 1), (False, 0), (True, 1)]),
    Channel("coil", 77, "bool", None, [(False, 0), (True, 1), (True, 1)]),
    Channel("discrete", 3, "bool", None, [(True, 1), (True, 1), (False, 0)]),
]


class RegisterToScreen(Scenario):
    async def asyncSetUp(self):
        self.modbus = await ModbusServer().start()
        self.addAsyncCleanup(self.modbus.stop)
        self.write(0)
        self.server = self.hub()
        self.viewer_token = await self.server.token("viewer", "viewer")
        await self.server.start()
        self.subscriber = await Subscriber.connect(self.server, self.viewer_token)
        rig = self.modbus.device() + "".join(channel.section() for channel in CHANNELS)
        self.box = await self.agent(rig, self.server, poll_interval=str(POLL))

    def write(self, step):
        for channel in CHANNELS:
            channel.write(self.modbus, step)

    def newest(self):
        return {point["event_public_id"]: point["value"] for point in self.subscriber.received}

    async def shows(self, step):
        expected = {channel.event: channel.expected(step) for channel in CHANNELS}
        await until(lambda: self.newest() == expected, 10, lambda: f"step {step} in {self.newest()}")

    async def test_every_value_of_every_kind_arrives_as_it_was_written(self):
        started = time.time()
        self.box.start()
        for step in range(3):
            self.write(step)
            await self.shows(step)

        for point in self.subscriber.received:
            self.assertEqual(list(point), MEMBERS)
            self.assertTrue(point["public_id"].startswith("dp_"))
            self.assertIsNone(point["experiment_public_id"])
            self.assertTrue(started * 1e6 - 1 <= microseconds(point["timestamp"]) <= time.time() * 1e6)
        ids = [point["public_id"] for point in self.subscriber.received]
        self.assertEqual(len(set(ids)), len(ids))
        for channel in CHANNELS:  # nothing but what was written, in the order in which it was written
            values = [point["value"] for point in self.subscriber.of(channel.event)]
            changes = [value for value, before in zip(values, [None, *values]) if value != before]
            written = [channel.expected(step) for step in range(3)]
            self.assertEqual(changes, [v for v, before in zip(written, [None, *written]) if v != before])

    async def test_the_store_and_rest_hold_what_the_screen_shows(self):
        self.box.start()
        await until(lambda: len(self.subscriber.received) >= 5 * len(CHANNELS))
        self.box.stop()
        await until(lambda: len(self.subscriber.received) == self.server.store.count())
        shown = sorted((microseconds(p["timestamp"]), p["event_public_id"], p["value"]) for p in self.subscriber.received)
        stored = [(moment, event, value) for event, moment, value, _ in self.server.store.datapoints()]
        self.assertEqual(stored, shown)

        latest = (await self.server.get("/api/v1/datapoints/latest", self.viewer_token)).json()
        newest = {point["event_public_id"]: point for point in self.subscriber.received}
        self.assertEqual({point["event_public_id"]: point for point in latest}, newest)
        self.assertEqual(len(latest), len(CHANNELS))

    async def test_the_time_step_is_the_poll_interval(self):
        self.box.start()
        await until(lambda: len(self.subscriber.of(CHANNELS[0].event)) >= 21, 20)
        for channel in CHANNELS:
            times = [microseconds(point["timestamp"]) / 1e6 for point in self.subscriber.of(channel.event)][:20]
            steps = [later - earlier for earlier, later in zip(times, times[1:])]
            self.assertAlmostEqual((times[-1] - times[0]) / len(steps), POLL, delta=0.02 * POLL)  # no drift
            for step in steps:
                self.assertAlmostEqual(step, POLL, delta=0.4 * POLL)

    async def test_the_events_are_described_as_the_rig_file_does(self):
        self.box.start()

        async def described():
            events = (await self.server.get("/api/v1/events?page_size=100", self.viewer_token)).json()["data"]
            return len(events) == len(CHANNELS) and events
        for event in await until(described):
            self.assertEqual((event["controller"], event["device"], event["poll_interval"]), ("rig1", "plc", POLL))
            digital = event["event_public_id"] in {c.event for c in CHANNELS if c.type == "bool"}
            self.assertEqual(event["type"], "digital" if digital else "analog")

    async def test_a_device_that_leaves_and_returns(self):
        self.box.start()
        await self.shows(0)
        await self.modbus.stop()
        await until(lambda: self.server.store.rows("SELECT 1 FROM datapoints WHERE reason IS NOT NULL"), 10,
                    "a bad datapoint marks where the good data ends")
        self.write(1)
        await self.modbus.start()
        await self.shows(1)

        async def online():
            (controller,) = (await self.server.get("/api/v1/controllers", self.viewer_token)).json()
            return [device["state"] for device in controller["devices"]] == ["online"]
        await until(online, 15)


if __name__ == "__main__":
    unittest.main()
