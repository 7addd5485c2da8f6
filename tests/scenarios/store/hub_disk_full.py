"""The disk under the hub's store is full, again and again, while readings come in: SQLite, and PostgreSQL with all of its
files. Health says so, nothing unstored is acknowledged, the hub goes on by itself when there is room again, also when
it was killed meanwhile, and every acknowledged reading is there once, in files that are whole each time."""

import asyncio
import os
import pwd
import unittest

from harness.case import Scenario
from harness.flow import Flow
from harness.postgres import Postgres
from harness.programs import SLOWNESS
from harness.small_disk import SmallDisk
from harness.wait import until

ROUNDS = 10 if os.environ.get("WEBMACS_LONG") else 3


class HubDiskFull(Scenario):
    async def answers(self, status):
        try:
            return (await self.server.get("/health")).status == status
        except OSError:
            return False

    async def well(self):
        return await self.answers(200)

    async def degraded(self):
        return await self.answers(503)

    async def run_full_again_and_again(self, disk, check, kill, mend):
        self.flow = Flow(self.server, await self.server.token("rig1", "controller")).start()
        for turn in range(ROUNDS):
            before = self.flow.count
            await until(lambda: self.flow.count > before + 2000, 60 * SLOWNESS, "readings flow")
            await asyncio.to_thread(disk.fill)
            await until(self.degraded, 60 * SLOWNESS, "the hub says that it is degraded")
            held = self.flow.count
            await asyncio.sleep(2)
            self.assertEqual(self.flow.count, held, "nothing is acknowledged that cannot be stored")
            self.assertTrue(self.server.program.running)
            if turn == ROUNDS - 1:
                kill()
            disk.make_room()
            await mend(turn)
            await until(self.well, 60 * SLOWNESS, "the hub is well again")
            await until(lambda: self.flow.count > held, 60 * SLOWNESS, "readings are acknowledged again")
            await asyncio.to_thread(check)
        await self.flow.stop()
        await asyncio.to_thread(check)
        self.assertGreater(self.flow.busy, 0)
        print(f"{ROUNDS} times full, {self.flow.count} readings acknowledged, {self.flow.busy} times told to wait")

    async def test_sqlite(self):
        disk = await SmallDisk(self, "24m").start()
        self.server = self.hub(store_url=f"sqlite://{disk.mount}/hub.db").within(disk.enter)
        await self.server.start()

        def check():
            self.assertEqual(disk.sqlite_rows("hub.db", "PRAGMA integrity_check"), [("ok",)])
            self.assertEqual(disk.sqlite_rows("hub.db", "PRAGMA foreign_key_check"), [])
            before = dict(self.flow.acknowledged)
            self.flow_compare(before, disk.sqlite_rows("hub.db", "SELECT time, value FROM datapoints"))

        async def mend(turn):
            if turn == ROUNDS - 1:
                await self.server.start()
        await self.run_full_again_and_again(disk, check, self.server.kill, mend)
        self.assertIn("free some space on its disk", self.server.program.log())
        self.flow.compare(disk.sqlite_rows("hub.db", "SELECT time, value FROM datapoints"))
        self.assertEqual((await asyncio.to_thread(self.server.stop))[0], 0)
        self.assertEqual(disk.sqlite_rows("hub.db", "PRAGMA integrity_check"), [("ok",)])

    def flow_compare(self, acknowledged, rows):
        """While readings flow."""
        found = dict(rows)
        self.assertEqual(len(found), len(rows))
        self.assertEqual({time: found.get(time) for time in acknowledged}, acknowledged)

    @unittest.skipIf(os.geteuid() != 0, "PostgreSQL does not run as the root of a user namespace")
    async def test_postgresql(self):
        nobody = pwd.getpwnam("nobody")
        disk = await SmallDisk(self, "96m", (nobody.pw_uid, nobody.pw_gid)).start()
        # Its log of writes in small pieces, or the disk would be full only after many of them.
        postgres = await Postgres(self, disk=disk).start()
        self.server = self.hub(store_url=postgres.url())
        await self.server.start()

        def check():
            before = dict(self.flow.acknowledged)
            self.flow_compare(before, [(time, value) for _, time, value in postgres.datapoints()])
            self.assertEqual(postgres.check_indexes(), "")

        async def mend(turn):
            # Out of space for its log, the server ends itself; whoever looks after it starts it again.
            await postgres.start()
            if turn == ROUNDS - 1:
                await self.server.start()
        await self.run_full_again_and_again(disk, check, self.server.kill, mend)
        self.flow.compare([(time, value) for _, time, value in postgres.datapoints()])


if __name__ == "__main__":
    unittest.main(verbosity=2)
