"""While the hub answers in time the agent does not write to its disk: by the kernel's own count of what the process wrote,
which grows at once when each reading is to be on disk before it is sent."""

import asyncio
import shutil
import tempfile
import unittest
from pathlib import Path

from harness.case import Scenario
from harness.programs import BUILD, SLOWNESS
from harness.simulator import Simulator
from harness.wait import until

RIG = "[device:plc]\nhost = 10.0.0.1\n" + "".join(
    f"[event:evt_{i}]\ndevice = plc\nregister = holding:{2 * i}\ntype = float32\n" for i in range(10))
SECONDS = 8


class DiskUntouched(Scenario):
    def written(self):
        """Bytes that the process sent towards a disk; sockets do not count."""
        text = Path(f"/proc/{self.box.program.pid}/io").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("write_bytes:"))

    async def start(self, **buffer):
        # A temporary folder might be in memory; where the programs are there is a disk.
        disk = Path(tempfile.mkdtemp(prefix="scenario-", dir=BUILD))
        self.addCleanup(shutil.rmtree, disk, ignore_errors=True)
        self.hub_ = await self.hub().start()
        self.simulator = Simulator(self.folder, "rig", RIG).__enter__()
        self.addCleanup(self.simulator.__exit__)
        self.box = await self.agent(self.simulator.local.read_text(), self.hub_, poll_interval="0.1", **buffer)
        self.files = [disk / "rig1.db", disk / "rig1.db-wal"]
        self.box.ini.write_text(self.box.ini.read_text().replace(str(self.box.database), str(self.files[0])))
        self.box.start()
        await until(lambda: self.hub_.store.count() > 500, 30 * SLOWNESS)

    def looks(self):
        return [(file.stat().st_size, file.stat().st_mtime_ns) for file in self.files]

    async def written_in_a_while(self):
        before, stored = self.written(), self.hub_.store.count()
        await asyncio.sleep(SECONDS)
        self.assertGreater(self.hub_.store.count() - stored, 40 * SECONDS / SLOWNESS, "readings arrived meanwhile")
        return self.written() - before

    async def test_nothing_is_written_while_the_hub_answers(self):
        # Far above what an answer takes on a busy machine; a spilled reading would show.
        await self.start(spill_after="5s")
        looks = self.looks()
        self.assertEqual(await self.written_in_a_while(), 0)
        self.assertEqual(self.looks(), looks)

    async def test_each_reading_is_written_first_when_it_shall_be(self):
        await self.start(spill_after="0")
        self.assertGreater(await self.written_in_a_while(), 40 * SECONDS / SLOWNESS * 20)


if __name__ == "__main__":
    unittest.main()
