"""The hub's clock is set by hours and years, forwards and back (libfaketime), while readings come in, with times of their
own and without: every acknowledged reading is there once and goes on to be acknowledged, the dashboard's stream goes on,
and a clock that is ahead makes nothing too old to be kept."""

import asyncio
import time
import unittest

from harness.case import Scenario
from harness.controller import Controller, reading
from harness.fake_clock import LIBRARY
from harness.flow import Flow
from harness.programs import SLOWNESS
from harness.rest import Rest
from harness.subscriber import Subscriber
from harness.times import microseconds
from harness.wait import until

HOUR = 3600
YEAR = 365 * 24 * HOUR
STEPS = (HOUR, -HOUR, 2 * YEAR, 0, -2 * YEAR, 3, 0)


@unittest.skipIf(SLOWNESS != 1, "a sanitizer wants to be loaded before libfaketime")
class HubClockSteps(Scenario):
    def set_clock(self, seconds):
        fresh = self.folder / "offset.new"
        fresh.write_text(f"{seconds:+d}\n")
        fresh.rename(self.offset)  # never half a file

    async def start(self, **store):
        self.server = self.hub(store=store)
        self.offset = self.folder / "offset"
        self.set_clock(0)
        self.viewer_token = await self.server.token("viewer", "viewer")
        self.rigs = [await self.server.token(name, "controller") for name in ("rig1", "rig2")]
        self.server.within(["env", f"LD_PRELOAD={LIBRARY}", f"FAKETIME_TIMESTAMP_FILE={self.offset}",
                            "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_NO_CACHE=1"])
        await self.server.start()

    def whole(self):
        self.assertEqual(self.server.store.rows("PRAGMA integrity_check"), [("ok",)])

    async def test_readings_with_a_time_and_without(self):
        await self.start()
        flow = Flow(self.server, self.rigs[0], pause=0.01).start()
        seed = await Controller.connect(self.server, self.rigs[1])
        subscriber = await Subscriber.connect(self.server, self.viewer_token)
        sent, worst = 0, 0.0
        for seconds in STEPS:
            self.set_clock(seconds)
            before, started = flow.count, time.monotonic()
            await until(lambda: flow.count > before, 20, f"readings are acknowledged, {seconds} s off")
            worst = max(worst, time.monotonic() - started)
            for _ in range(20):
                await seed.send(reading("evt_seed", float(sent)))
                sent += 1
            await until(lambda: len(self.server.store.datapoints("evt_seed")) == sent, 20, "all of the seed is stored")
            newest = max(row[1] for row in self.server.store.datapoints("evt_seed") if row[2] >= sent - 20)
            self.assertLess(abs(newest / 1e6 - time.time() - seconds), 5, "what comes without a time gets the hub's")
            self.assertEqual((await self.server.get("/health")).status, 200)
            self.whole()
        await flow.stop()
        flow.compare(self.server.store.rows(
            "SELECT d.time, d.value FROM datapoints d JOIN events e ON e.key = d.event WHERE e.public_id <> 'evt_seed'"))
        values = sorted(row[2] for row in self.server.store.datapoints("evt_seed"))
        self.assertEqual(values, list(range(sent)), "each once")
        await until(lambda: len([p for p in subscriber.received if p["event_public_id"] == "evt_seed"]) == sent, 20,
                    "the stream shows them all")
        rest = Rest(self.server, self.viewer_token)
        self.addCleanup(rest.close)
        latest = {point["event_public_id"]: point for point in rest.get("/api/v1/datapoints/latest")}
        self.assertLess(microseconds(latest["evt_0"]["timestamp"]) / 1e6, time.time())
        self.assertEqual((await asyncio.to_thread(self.server.stop))[0], 0)
        self.whole()
        print(f"{len(STEPS)} clocks, {len(flow.acknowledged)} readings acknowledged, the longest pause {worst * 1e3:.0f} ms")

    async def test_a_clock_that_is_ahead_makes_nothing_too_old(self):
        await self.start(retention="365d")
        flow = Flow(self.server, self.rigs[0], pause=0.02).start()
        await until(lambda: flow.count > 2000, 30)
        self.set_clock(2 * YEAR)
        before = flow.count
        await until(lambda: flow.count > before, 20)
        self.assertEqual((await asyncio.to_thread(self.server.stop))[0], 0)
        await self.server.start()  # a pass begins with it

        async def looked():
            return b"\nwebmacs_store_bytes 0" not in (await self.server.get("/metrics")).body
        await until(looked, 20, "the pass is over")
        await flow.stop()
        self.assertNotIn("removed", self.server.program.log())
        flow.compare(self.server.store.rows("SELECT time, value FROM datapoints"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
