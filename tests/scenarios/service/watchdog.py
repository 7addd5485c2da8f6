"""One thread after the other of the agent and of the hub hangs: each time the service is started anew within 30 s, and says
which thread it was. A device that is only slow, and a hub that is away, end nothing."""

import asyncio
import contextlib
import signal
import socket
import sqlite3
import time
import unittest
from collections import Counter

from harness.case import Scenario
from harness.hub import Hub
from harness.programs import SLOWNESS
from harness.service_manager import ServiceManager
from harness.simulator import Simulator
from harness.threads import hang, threads_of
from harness.wait import until

WITHIN = 30.0 * SLOWNESS
RIG = """[device:one]
host = 10.0.0.1
[device:two]
host = 10.0.0.2
[event:evt_one]
device = one
register = holding:0
type = uint32
[event:evt_two]
device = two
register = holding:0
type = uint32
"""
SLOW = """[device:slow]
host = 127.0.0.1
port = {port}
timeout = 40s
retries = 1
[event:evt_slow]
device = slow
register = holding:0
type = uint32
"""
AGENT_THREADS = {"main": None, "buffer": "the buffer's writer has been hanging", "poller": "the poller of "}
FOREIGN = ("webmacs-agent", "webmacs-server")  # not ours: a sanitizer's


class Watchdog(Scenario):
    def managed(self, program, unit):
        manager = ServiceManager(program, unit)
        self.addCleanup(manager.close)
        manager.keep_running()
        return manager

    async def ready(self, manager):
        await until(lambda: manager.last_ready > 0, 20 * SLOWNESS, manager.program.log)

    async def assert_restarts(self, manager, name, nth=0, within=WITHIN):
        """The nth thread of that name hangs; answers the seconds until the service is ready again."""
        program = manager.program

        def named():
            return sorted(thread for thread, each in threads_of(program.pid).items() if each == name)
        await until(lambda: len(named()) > nth, 5 * SLOWNESS, lambda: f"{program.name}: {threads_of(program.pid)}")
        hang(program.pid, named()[nth])
        hung = time.monotonic()
        await until(lambda: manager.last_ready > hung, within + 10 * SLOWNESS,
                    lambda: f"{program.name} starts anew after its thread {name} hung: {manager.ends}\n{program.log()}")
        took = manager.last_ready - hung
        print(f"{program.name}, thread {name}: ready again after {took:.1f} s, it {manager.ends[0][1]}", flush=True)
        self.assertLessEqual(took, within)
        self.assertEqual(len(manager.ends), 1)
        return took

    async def one_agent(self, simulator, hub, name, nth, **settings):
        box = await self.agent(simulator.local.read_text(), hub, f"{name}{nth}", **settings)
        manager = self.managed(box.program, "webmacs-agent@.service")
        await self.ready(manager)
        return box, manager

    async def test_any_thread_that_hangs_is_noticed(self):
        await asyncio.gather(self.each_thread_of_the_agent(), self.each_thread_of_the_hub())

    async def each_thread_of_the_agent(self):
        hub = self.hub()
        with Simulator(self.folder, "rig", RIG, "--counter") as simulator:
            async def hangs(name, nth):
                # Nothing goes to the disk by itself: what is there afterwards was saved because a thread hung.
                box, manager = await self.one_agent(simulator, hub, name, nth, spill_after="3600s")
                await until(lambda: "offline" not in manager.status, 10 * SLOWNESS, lambda: manager.status)
                await self.assert_restarts(manager, name, nth)
                said = AGENT_THREADS[name]
                if said:
                    self.assertIn(said, box.program.log())
                    self.assertIn("trigger", manager.said("WATCHDOG"))
                if name == "poller":
                    with contextlib.closing(sqlite3.connect(f"file:{box.database}?mode=ro", uri=True)) as buffer:
                        rows = buffer.execute("SELECT count(*) FROM readings").fetchone()[0]
                    self.assertGreater(rows, 50, "what the other poller brought meanwhile was saved")
            await asyncio.gather(hangs("main", 0), hangs("buffer", 0), hangs("poller", 0), hangs("poller", 1))

    async def test_every_thread_is_one_of_these(self):
        hub = self.hub()
        with Simulator(self.folder, "rig", RIG, "--counter") as simulator:
            box, _ = await self.one_agent(simulator, hub, "all", 0)

            def names():
                return {name for name in threads_of(box.program.pid).values() if name not in FOREIGN}
            # A thread that has just begun has its program's name for a moment.
            await until(lambda: names() == set(AGENT_THREADS), 5 * SLOWNESS, lambda: str(names()))
            await asyncio.sleep(0.5)
            self.assertEqual(names(), set(AGENT_THREADS))

    async def each_thread_of_the_hub(self):
        first = Hub(self, "server0")
        self.managed(first.program, "webmacs-server.service")
        await until(first._answers, 20 * SLOWNESS)
        await asyncio.sleep(0.5)  # a thread that has just begun has its program's name for a moment
        threads = Counter(name for name in threads_of(first.program.pid).values() if name not in FOREIGN)
        self.assertGreaterEqual(len(threads), 4, threads)

        async def hangs(name, nth):
            hub = Hub(self, f"server-{name}-{nth}")
            manager = self.managed(hub.program, "webmacs-server.service")
            await self.ready(manager)
            await self.assert_restarts(manager, name, nth)
            if name != "main":
                self.assertIn(" has been hanging for ", hub.program.log())
            self.assertEqual((await hub.get("/health")).status, 200)
        await asyncio.gather(*(hangs(name, nth) for name, count in threads.items() for nth in range(count)))

    async def test_other_waits_are_no_reason(self):
        await asyncio.gather(self.slow_devices_and_an_absent_hub(), self.a_process_that_was_frozen())

    async def slow_devices_and_an_absent_hub(self):
        hub = self.hub()  # not started
        with socket.create_server(("127.0.0.1", 0)) as silent:
            box = await self.agent(SLOW.format(port=silent.getsockname()[1]), hub)
            manager = self.managed(box.program, "webmacs-agent@.service")
            await self.ready(manager)
            await asyncio.sleep(22)  # longer than a thread may hang, shorter than the device may take
            self.assertEqual(manager.ends, [], box.program.log())
            self.assertGreater(manager.said("WATCHDOG").count("1"), 5)
            self.assertNotIn("hanging", box.program.log())

    async def a_process_that_was_frozen(self):
        hub = self.hub()
        box = await self.agent(SLOW.format(port=1), hub, "frozen")
        manager = ServiceManager(box.program, "webmacs-agent@.service")  # it only listens: systemd would be frozen, too
        self.addCleanup(manager.close)
        box.start()
        await self.ready(manager)
        box.program.terminate(signal.SIGSTOP)
        await asyncio.sleep(18)
        fed = len(manager.said("WATCHDOG"))
        box.program.terminate(signal.SIGCONT)
        await until(lambda: len(manager.said("WATCHDOG")) >= fed + 3, 20 * SLOWNESS)
        self.assertNotIn("trigger", manager.said("WATCHDOG"))
        self.assertNotIn("hanging", box.program.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
