"""Answers that nobody reads: they wait in memory, so each token has room for some, and no more."""

import asyncio
import time
import unittest

from harness.case import Scenario
from harness.download import Download
from harness.filled import fill
from harness.programs import SLOWNESS, resident
from harness.wait import until

MEBIBYTE = 1024 * 1024
PATH = "/api/v1/datapoints?limit=10000"  # more than a MiB each
CLIENTS = 60


class UnreadAnswers(Scenario):
    async def asyncSetUp(self):
        self.server = self.hub(unread_answers="8MiB")
        self.idle = await self.server.token("idle", "viewer")
        self.other = await self.server.token("other", "viewer")
        fill(self.server.database, 1_700_000_000_000_000, 10_000)
        await self.server.start()

    async def figure(self, name):
        text = (await self.server.get("/metrics")).body.decode()
        return float(next(line.split()[1] for line in text.splitlines() if line.startswith(name + " ")))

    async def test_sixty_clients_that_read_nothing(self):
        size = len((await self.server.get(PATH, self.other)).body)
        self.assertGreater(size, MEBIBYTE)
        before = resident(self.server.program.pid)
        crowd = [await asyncio.to_thread(Download, self.server.port, PATH, self.idle) for _ in range(CLIENTS)]
        self.addCleanup(lambda: [each.close() for each in crowd])

        async def all_are_judged():
            return await self.figure("webmacs_unread_answers_refused_total") >= CLIENTS - 8 * MEBIBYTE // size - 20
        await until(all_are_judged, 60 * SLOWNESS, "the answers beyond the bound are refused")
        self.assertLessEqual(await self.figure("webmacs_unread_answer_bytes"), 8 * MEBIBYTE)
        self.assertLess(resident(self.server.program.pid) - before, 48 * MEBIBYTE * SLOWNESS)

        refused = await self.server.get(PATH, self.idle)
        self.assertEqual(refused.status, 429)
        self.assertEqual(refused.headers["Retry-After"], "1")
        self.assertIn("read", refused.json()["detail"])
        self.assertEqual((await self.server.get(PATH, self.other)).status, 200, "another token has room of its own")
        self.assertEqual((await self.server.get("/health")).status, 200)
        for each in crowd:
            each.close()

        async def there_is_room():
            return (await self.server.get(PATH, self.idle)).status == 200
        await until(there_is_room, 10 * SLOWNESS, "who leaves gives the room back")

    async def test_who_reads_slowly_gets_the_whole_answer(self):
        whole = (await self.server.get(PATH, self.other)).body

        def read():
            slow = Download(self.server.port, PATH, self.other, headers="Connection: close\r\n")
            began = time.monotonic()
            while time.monotonic() - began < 70:  # longer than anything else may take
                slow.read_some(8 * 1024)
                time.sleep(0.5)
            body = slow.read_all().partition(b"\r\n\r\n")[2]
            slow.close()
            return body
        self.assertEqual(await asyncio.to_thread(read), whole)

    async def test_who_reads_is_never_refused(self):
        async def one():
            return [(await self.server.get(PATH, self.other)).status for _ in range(10)]
        self.assertEqual(set(sum(await asyncio.gather(*(one() for _ in range(4))), [])), {200})


if __name__ == "__main__":
    unittest.main(verbosity=2)
