"""The agent as its service manager sees it: ready whatever is away, a status in plain words, and moved to another hub by a
reload without losing a reading."""

import asyncio
import contextlib
import re
import signal
import sqlite3
import unittest

from harness.case import Scenario
from harness.hub import Hub
from harness.programs import SLOWNESS, free_port
from harness.service_manager import ServiceManager
from harness.simulator import Simulator
from harness.wait import until

WITHIN = 5.0
CHANNELS = 10
RIG = "[device:plc]\nhost = 10.0.0.1\n" + "".join(
    f"[event:evt_{i}]\ndevice = plc\nregister = holding:{2 * i}\ntype = uint32\n" for i in range(CHANNELS))
OTHER_DEVICE = "[device:other]\nhost = 127.0.0.1\nport = {}\ntimeout = 60s\n" \
               "[event:evt_other]\ndevice = other\nregister = holding:0\ntype = uint32\n"


class Service(Scenario):
    @contextlib.contextmanager
    def rig(self, name):
        """A simulated rig whose values count its polls; answers its file's text and a function: event -> values polled."""
        journal = self.folder / f"{name}.journal"
        with Simulator(self.folder, name, RIG, "--counter", "--journal", journal) as simulator:
            def polled(event):
                rows = [line.split() for line in journal.read_text().splitlines()]
                return [int(row[2]) for row in rows if len(row) == 3 and row[1] == event]
            yield simulator.local.read_text(), polled

    async def managed(self, rig, hub, name="rig1", **settings):
        box = await self.agent(rig, hub, name, poll_interval="0.1", **settings)
        manager = ServiceManager(box.program, "webmacs-agent@.service")
        self.addCleanup(manager.close)
        return box, manager

    async def says(self, manager, *texts):
        await until(lambda: all(text in manager.status for text in texts), 20 * SLOWNESS, lambda: manager.status)

    def buffered(self, box):
        """(event, value) of each reading in the agent's buffer."""
        with contextlib.closing(sqlite3.connect(f"file:{box.database}?mode=ro", uri=True)) as buffer:
            return buffer.execute("SELECT e.event_public_id, r.value FROM readings r JOIN events e ON e.id = r.event"
                                  " WHERE r.value IS NOT NULL").fetchall()

    def assert_kept(self, polled, kept):
        """Each value that was polled, but for the poll that was in the air at the stop."""
        for channel in range(CHANNELS):
            event = f"evt_{channel}"
            here = {int(value) for each, value in kept if each == event}
            missing = set(polled(event)[:-1]) - here
            self.assertFalse(missing, f"{event}: {sorted(missing)} of {len(polled(event))}")

    def stored(self, *hubs):
        return [(event, value) for hub in hubs for event, _, value, reason in hub.store.datapoints() if reason is None]

    # ---- ready

    async def test_it_is_ready_though_device_hub_token_and_buffer_are_away(self):
        hub = self.hub()
        box, manager = await self.managed(OTHER_DEVICE.format(free_port()), hub)
        (self.folder / "in_the_way").write_text("no folder")
        box.ini.write_text(box.ini.read_text().replace(str(box.database), str(self.folder / "in_the_way" / "b.db")))
        box.start()
        await until(lambda: manager.last_ready > 0, 10 * SLOWNESS, box.program.log)
        await self.says(manager, "1 events of 1 devices", "other offline: ", "not connected: ",
                        "kept in memory only: ")
        box.token_file.write_text("")
        box.program.terminate(signal.SIGHUP)
        await self.says(manager, "not connected: no token")
        self.assertIn("token create", box.program.log())
        code, seconds = await asyncio.to_thread(box.stop)
        self.assertEqual(code, 1, "readings were lost, and it says so")
        self.assertIn("could not be written and are lost", box.program.log())
        self.assertLess(seconds, WITHIN * SLOWNESS)

    async def test_it_is_not_ready_with_a_wrong_configuration(self):
        box, manager = await self.managed("[event:evt_a]\ndevice = nobody\n", self.hub())
        box.start()
        self.assertEqual(await asyncio.to_thread(box.program.wait), 78)
        await asyncio.sleep(0.05)
        self.assertEqual(manager.said("READY"), [])

    async def test_the_hub_is_ready_and_says_how_it_is(self):
        hub = self.hub()
        manager = ServiceManager(hub.program, "webmacs-server.service")
        self.addCleanup(manager.close)
        await hub.start()
        await until(lambda: manager.last_ready > 0, 10 * SLOWNESS)
        await self.says(manager, "WebSockets open", "datapoints stored")
        await asyncio.to_thread(hub.stop)
        await until(lambda: manager.said("STOPPING") == ["1"], 5)

    # ---- reload

    async def test_sighup_moves_it_to_another_hub_with_another_token(self):
        first, second = Hub(self, "first"), Hub(self, "second")
        await first.start()
        await second.start()
        with self.rig("moving") as (rig, polled):
            box, manager = await self.managed(rig, first, "moving")
            token = await second.token("moved", "controller")
            box.start()
            await self.says(manager, f"connected to 127.0.0.1:{first.port} as moving")
            await until(lambda: first.store.count() > 50, 20 * SLOWNESS)
            box.token_file.write_text(token + "\n")
            box.ini.write_text(box.ini.read_text().replace(f":{first.port}/", f":{second.port}/"))
            box.program.terminate(signal.SIGHUP)
            await self.says(manager, f"connected to 127.0.0.1:{second.port} as moved")
            await until(lambda: second.store.count() > 50, 20 * SLOWNESS)
            states = [key for _, key, _ in manager.messages if key in ("RELOADING", "READY")]
            self.assertEqual(states, ["READY", "RELOADING", "READY"])

            # A token that is wrong, and then right again.
            box.token_file.write_text("wm_" + "x" * 43)
            box.program.terminate(signal.SIGHUP)
            await self.says(manager, "not connected: ", "nvalid or expired token")
            self.assertRegex(box.program.log(), "1008 Invalid or expired token; check the token .*next try in [3-6][0-9]")
            count = second.store.count()
            first_polled = len(polled("evt_0"))
            await until(lambda: len(polled("evt_0")) > first_polled + 10, 20 * SLOWNESS)
            self.assertEqual(second.store.count(), count)
            box.token_file.write_text(token)
            box.program.terminate(signal.SIGHUP)
            await until(lambda: second.store.count() > count + 100, 20 * SLOWNESS)
            self.assertEqual((await asyncio.to_thread(box.stop))[0], 0)
            self.assert_kept(polled, self.stored(first, second) + self.buffered(box))
            for hub in (first, second):
                kept = self.stored(hub)
                self.assertEqual(len(set(kept)), len(kept), "each once")
            self.assertFalse(re.search("wm_[A-Za-z0-9_-]{20}", box.program.log()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
