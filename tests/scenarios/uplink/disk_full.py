"""The agent's buffer lies on a small disk that is full while the hub is away: the agent lives, polls, and loses nothing
that its memory can hold; when there is room again, it is on the disk. DISK_FULL_SECONDS=600 makes it ten
minutes long."""

import asyncio
import os
import time
import unittest

from harness.case import Scenario
from harness.modbus_server import CountingBlock, ModbusServer
from harness.programs import AGENT, SLOWNESS, run
from harness.small_disk import SmallDisk
from harness.wait import until

CHANNELS = 4
POLL = 0.2
FULL_SECONDS = float(os.environ.get("DISK_FULL_SECONDS", "8"))
DISK = "2m"
FULL = "database or disk is full"
# Waits between two tries at a full disk grow up to 30 s.
NEXT_TRY = 35.0


class DiskFull(Scenario):
    async def asyncSetUp(self):
        self.block = CountingBlock(CHANNELS)
        self.modbus = await ModbusServer(holding=self.block).start()
        self.server = self.hub()
        rig = self.modbus.device() + "".join(
            f"[event:evt_{i}]\ndevice = plc\nregister = holding:{2 * i}\ntype = uint32\n" for i in range(CHANNELS))
        self.box = await self.agent(rig, self.server, poll_interval=str(POLL))

    async def asyncTearDown(self):
        await self.modbus.stop()
        await super().asyncTearDown()

    async def start_on_a_small_disk(self):
        disk = self.disk = await SmallDisk(self, DISK).start()
        self.box.database = disk.mount / "rig1.db"
        ini = self.box.ini.read_text().replace(f"path = {self.folder / 'rig1.db'}", f"path = {self.box.database}")
        self.box.ini.write_text(ini)
        self.box.program.command = [*disk.enter, *self.box.program.command]
        self.box.start()

    def polled(self):
        return sum(len(journal) for journal in self.block.served)

    def rows(self):
        """How many readings wait on the small disk."""
        done = run([*self.disk.enter, AGENT, "buffer", "--config", self.box.ini])
        fields = dict(line.split(None, 1) for line in done.stdout.splitlines() if " " in line)
        return int(fields.get("rows", "-1"))

    async def fill_until_noticed(self):
        await until(lambda: "polling" in self.box.program.log(), 20 * SLOWNESS)
        await until(lambda: self.rows() > 10 * CHANNELS, 20 * SLOWNESS, "readings are on the disk")
        self.disk.fill()
        await until(lambda: FULL in self.box.program.log(), 20 * SLOWNESS, "the agent notices")

    async def assert_everything_stored(self, polled, since=0.0):
        def missing():
            # The last poll may have been in the air.
            return [(channel, value) for channel, journal in enumerate(self.block.served)
                    for value, moment in journal if since < moment < polled and value not in stored(channel)]

        def stored(channel):
            if channel not in cache or time.monotonic() - cache[channel][0] > 0.5:
                rows = self.server.store.datapoints(f"evt_{channel}")
                cache[channel] = (time.monotonic(), {int(value) for _, _, value, reason in rows if reason is None})
            return cache[channel][1]
        cache = {}
        await until(lambda: not missing(), 30 * SLOWNESS, lambda: f"all is stored, but {missing()[:5]}")

    async def test_it_is_full_while_the_hub_is_away(self):
        await self.start_on_a_small_disk()
        await self.fill_until_noticed()
        before, started = self.polled(), time.monotonic()
        await asyncio.sleep(FULL_SECONDS)
        rate = (self.polled() - before) / (time.monotonic() - started)
        self.assertTrue(self.box.program.running, "no crash")
        self.assertGreater(rate, 0.8 * CHANNELS / POLL / SLOWNESS, "polling goes on")
        said = self.box.program.log().count("kept in memory only")
        self.assertEqual(said, 1, "the log says it once")
        held = self.polled()
        self.disk.make_room()
        await until(lambda: self.rows() >= held, NEXT_TRY * SLOWNESS,
                    lambda: f"{held} readings are on the disk, but {self.rows()}")
        self.assertIn("works again", self.box.program.log())
        until_then = time.time() - 2 * POLL
        await until(lambda: self.rows() >= held + 10 * CHANNELS, 20 * SLOWNESS, "and those that follow")
        await self.server.start()
        await self.assert_everything_stored(until_then)
        self.assertEqual((await asyncio.to_thread(self.box.stop))[0], 0)
        print(f"full for {FULL_SECONDS:g} s: {rate:.1f} readings/s polled meanwhile, {held} waited, all stored")

    async def test_the_hub_returns_while_it_is_full(self):
        await self.start_on_a_small_disk()
        await self.fill_until_noticed()
        noticed = time.time()
        await asyncio.sleep(2)
        await self.server.start()
        await self.assert_everything_stored(time.time(), noticed)
        self.assertNotIn("works again", self.box.program.log())
        until_then = time.time()
        self.disk.make_room()
        await self.assert_everything_stored(until_then)  # with what lay on the disk
        await until(lambda: self.rows() == 0, NEXT_TRY * SLOWNESS, "what was stored is deleted on the disk too")
        self.assertEqual((await asyncio.to_thread(self.box.stop))[0], 0)


if __name__ == "__main__":
    unittest.main()
