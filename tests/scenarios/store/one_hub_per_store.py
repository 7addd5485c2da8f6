"""A store has one hub: a second one waits, then ends and says who has it, since when; it takes over at once from a hub
that ends while it waits, however that ends. In SQLite and in PostgreSQL."""

import os
import unittest

from harness.case import Scenario
from harness.postgres import Postgres
from harness.programs import SLOWNESS
from harness.wait import until


class OneHubPerStore(Scenario):
    def two_hubs(self, store_url):
        return self.hub(name="first", store_url=store_url), self.hub(name="second", store_url=store_url)

    async def check(self, store_url):
        first, second = self.two_hubs(store_url)
        await first.start()
        second.program.start()
        self.assertEqual(second.program.wait(60 * SLOWNESS), 1)
        log = second.program.log()
        self.assertIn("is in use by another hub", log)
        self.assertIn(str(first.program.pid), log)
        self.assertRegex(log, r"since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d")
        self.assertEqual((await first.get("/health")).status, 200)
        # One that waits takes over, whatever ended the other.
        for end in (first.kill, first.stop):
            second.program.start()
            self.assertTrue(second.program.running)
            end()
            await until(second._answers, 40 * SLOWNESS, "the second hub runs")
            second.stop()
            await first.start()

    async def test_in_sqlite(self):
        await self.check(f"sqlite://{self.folder}/hub.db")

    async def test_in_postgresql(self):
        postgres = await Postgres(self).start()
        await self.check(postgres.url())
        self.assertEqual(postgres.rows("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), [["1"]])

    async def test_by_another_name_of_the_file(self):
        os.symlink(self.folder / "hub.db", self.folder / "link.db")
        first = self.hub(name="first", store_url=f"sqlite://{self.folder}/hub.db")
        second = self.hub(name="second", store_url=f"sqlite://{self.folder}/link.db")
        await first.start()
        second.program.start()
        self.assertEqual(second.program.wait(60 * SLOWNESS), 1)
        self.assertIn("is in use by another hub", second.program.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
