"""A hub that cannot do its work says so in one line that names the cause, and ends with 1."""

import os
import socket
import sqlite3
import unittest

from harness.case import Scenario
from harness.hub import Hub


class FailedStart(Scenario):
    def refused(self, hub, *words):
        """The hub ends with 1, and one line names all `words`."""
        hub.program.start()
        self.assertEqual(hub.program.wait(5), 1, hub.program.log())
        lines = hub.program.log().splitlines()
        self.assertTrue(any(all(str(word) in line for word in words) for line in lines), f"{words} not in {lines}")
        self.assertLessEqual(len(lines), 3, lines)

    def test_the_port_is_in_use(self):
        hub = self.hub()
        with socket.create_server(("127.0.0.1", hub.port)):
            self.refused(hub, hub.port)

    async def test_another_hub_has_the_port(self):
        first = await self.hub().start()
        second = Hub(self, "second")
        second.ini.write_text(second.ini.read_text().replace(str(second.port), str(first.port)))
        self.refused(second, first.port)
        self.assertEqual((await first.get("/health")).status, 200)

    def test_the_stores_folder_is_missing(self):
        path = self.folder / "missing" / "webmacs.db"
        self.refused(self.hub(store_url=f"sqlite://{path}"), path)

    def test_the_stores_folder_is_a_file(self):
        (self.folder / "file").write_text("")
        path = self.folder / "file" / "webmacs.db"
        self.refused(self.hub(store_url=f"sqlite://{path}"), path)

    def test_the_store_is_a_folder(self):
        path = self.folder / "folder.db"
        path.mkdir()
        self.refused(self.hub(store_url=f"sqlite://{path}"), path)

    def test_the_store_is_no_database(self):
        path = self.folder / "garbage.db"
        path.write_bytes(os.urandom(8192))
        before = path.read_bytes()
        self.refused(self.hub(store_url=f"sqlite://{path}"), path)
        self.assertEqual(path.read_bytes(), before)

    def test_the_store_is_another_programs_database(self):
        path = self.folder / "other.db"
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE notes (text TEXT)")
        other.close()
        self.refused(self.hub(store_url=f"sqlite://{path}"), path)

    def test_the_stores_place_cannot_be_written(self):
        self.refused(self.hub(store_url="sqlite:///proc/webmacs.db"), "/proc/webmacs.db")

    @unittest.skipIf(os.geteuid() == 0, "permissions do not bind root; the other cases stand for it")
    def test_the_store_may_not_be_written(self):
        path = self.folder / "locked"
        path.mkdir(mode=0o500)
        self.refused(self.hub(store_url=f"sqlite://{path}/webmacs.db"), path)

    async def test_a_newer_programs_store_is_left_alone(self):
        hub = await self.hub().start()
        hub.stop()
        with sqlite3.connect(hub.database) as database:
            database.execute("PRAGMA user_version = 999")
        database.close()
        hub.program.log_path.unlink()
        self.refused(hub, hub.database, 999)

    def test_token_commands_name_the_store_too(self):
        path = self.folder / "missing" / "webmacs.db"
        hub = self.hub(store_url=f"sqlite://{path}")
        done = hub.command("token", "list")
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(path), done.stderr)


if __name__ == "__main__":
    unittest.main()
