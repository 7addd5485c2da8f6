"""The disk under the agent's buffer fills up while there is no hub: it goes on polling from memory, and when there is room
again everything is written and arrives. A small tmpfs is the disk. DISK_FULL_SECONDS=600 makes it ten minutes long."""

import asyncio
import os
import subprocess
import sys
import unittest

from harness.case import Scenario
from harness.programs import SLOWNESS
from harness.simulator import Simulator
from harness.wait import until

EVENTS = 10
SECONDS = float(os.environ.get("DISK_FULL_SECONDS", "10"))
DISK_BYTES = 1024 * 1024


def rig():
    lines = ["[device:plc]", "host = 10.0.0.1"]
    for i in range(EVENTS):
        lines += [f"[event:evt_{i}]", "device = plc", f"register = holding:{2 * i}", "type = uint32"]
    return "\n".join(lines) + "\n"


class DiskFull(Scenario):
    def mount(self):
        folder = self.folder / "small"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", folder], check=True)
        return folder

    def fill(self):
        with open(self.filler, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass

    def journal(self):
        """Each event's values as they went out: they count its polls."""
        values = {}
        for line in self.journal_path.read_text().splitlines():
            _, event, value = line.split()
            values.setdefault(event, []).append(float(value))
        return values

    async def test_polling_goes_on_and_nothing_is_lost(self):
        disk = self.mount()
        self.filler, self.journal_path = disk / "filler", self.folder / "journal"
        hub = self.hub()
        self.box = await self.agent("", hub, poll_interval="0.5", max_size="64MiB")
        with Simulator(self.folder, "rig", rig(), "--counter", "--journal", self.journal_path) as simulator:
            text = self.box.ini.read_text().replace(str(self.box.database), str(disk / "rig1.db"))
            self.box.ini.write_text(text + simulator.local.read_text())
            self.box.start()
            await until(lambda: (disk / "rig1.db-wal").exists(), 20 * SLOWNESS)
            self.fill()
            await until(lambda: "full" in self.box.program.log(), 60 * SLOWNESS, self.box.program.log)
            polled = sum(map(len, self.journal().values()))
            await asyncio.sleep(SECONDS)
            self.assertTrue(self.box.program.running)
            self.assertGreater(sum(map(len, self.journal().values())) - polled, 0.8 * EVENTS * SECONDS / 0.5 / SLOWNESS)
            self.filler.unlink()
            await until(lambda: "works again" in self.box.program.log(), 60 * SLOWNESS, self.box.program.log)
            await hub.start()
            await until(lambda: hub.store.count() > sum(map(len, self.journal().values())) - 5 * EVENTS, 60 * SLOWNESS)
            self.assertEqual((await asyncio.to_thread(self.box.stop))[0], 0)
        for event, values in self.journal().items():
            stored = [row[2] for row in hub.store.datapoints(event)]
            # The last reply may have been in the air when the agent stopped.
            self.assertIn(len(values) - len(stored), (0, 1), event)
            self.assertEqual(stored, values[:len(stored)], event)


if __name__ == "__main__":
    if os.geteuid() != 0:  # to mount, it is root in a namespace of its own
        os.execvp("unshare", ["unshare", "--user", "--map-root-user", "--mount", sys.executable, *sys.argv])
    unittest.main()
