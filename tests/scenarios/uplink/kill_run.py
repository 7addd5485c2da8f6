"""The kill run: the agent is killed, the hub is killed, the path between them fails, in every combination, at random
moments, again and again. Then what a unit was asked for is compared with what the hub has stored: every reading is
there, once, with its original time. With spill_after = 0 only the last request before each kill of the agent may miss;
by default at most what was polled in the last spill_after + 0.5 s before it.

KILL_ROUNDS=200 makes it long (the default is 20 rounds), WEBMACS_SEED=N repeats a run's choices."""

import asyncio
import os
import random
import sys
import time
import unittest
from collections import Counter
from itertools import combinations

from harness.case import Scenario
from harness.chance import seed
from harness.counted_rig import CountedRig
from harness.programs import SLOWNESS
from harness.tcp_proxy import TcpProxy
from harness.wait import until

ROUNDS = int(os.environ.get("KILL_ROUNDS", "20"))
SEED = seed()
CHANNELS = 10
POLL = 0.1
SPILL_AFTER = 1.0  # the default
TO_DISK = 0.5      # what it may take beyond that
VICTIMS = ("agent", "hub", "path")
COMBINATIONS = [some for n in (1, 2, 3) for some in combinations(VICTIMS, n)]
PATH_FAULTS = ("reset", "cut", "delay", "half-close to the agent", "half-close to the hub", "black hole",
               "black hole, then reset")


class Deck:
    """Every card comes once before any comes again."""

    def __init__(self, chance, cards):
        self.chance, self.cards, self.left = chance, list(cards), []

    def draw(self):
        if not self.left:
            self.left = self.chance.sample(self.cards, len(self.cards))
        return self.left.pop()


class KillRun(Scenario):
    async def set_up(self, **buffer):
        self.chance = random.Random(SEED)
        self.counts = Counter()
        self.server = self.hub()
        self.viewer_token = await self.server.token("viewer", "viewer")
        await self.server.start()
        self.proxy = await TcpProxy(self.server.port).start()
        # Two requests a cycle, and a slow test is no device that fails.
        self.rig = await CountedRig.make(self, self.server, CHANNELS, "max_registers = 10\ntimeout = 30s\n",
                                         port=self.proxy.port, poll_interval=str(POLL), **buffer)

    # ---- one round

    async def readings_arrive(self):
        """New ones: sent over the path as it is now."""
        now = time.time() * 1e6
        await until(lambda: self.server.store.rows("SELECT count(*) FROM datapoints WHERE time > ?", now)[0][0],
                    60 * SLOWNESS, "live readings arrive", every=0.1)

    async def maybe_while_it_handles_a_reply(self):
        """Where a reading is most in danger: a random moment would rarely meet it."""
        if self.chance.random() < 0.5:
            polls = self.rig.polls()
            await until(lambda: self.rig.polls() > polls, 20 * SLOWNESS, "the agent polls", every=0)
            await asyncio.sleep(self.chance.uniform(0, 0.002))

    async def strike(self, victim, path_fault):
        self.counts[victim] += 1
        if victim == "agent":
            await self.maybe_while_it_handles_a_reply()
            self.rig.kill()
        elif victim == "hub":
            await asyncio.to_thread(self.server.kill)
        else:
            self.counts[path_fault] += 1
            {"reset": self.proxy.reset_all,
             "cut": self.proxy.cut,
             "delay": lambda: self.proxy.delay(self.chance.uniform(0.05, 1.0)),
             "half-close to the agent": lambda: self.proxy.half_close(near=True),
             "half-close to the hub": lambda: self.proxy.half_close(near=False),
             "black hole": self.proxy.black_hole,
             "black hole, then reset": self.proxy.black_hole}[path_fault]()

    async def mend(self, victim, path_fault):
        if victim == "agent":
            self.rig.start()
        elif victim == "hub":
            await self.server.start()
        else:
            if path_fault == "black hole, then reset":
                self.proxy.reset_all()
            self.proxy.restore()

    async def round(self, victims, path_fault):
        await self.rig.polls_go_on()
        if self.chance.random() < 0.5:
            await self.readings_arrive()
        await asyncio.sleep(self.chance.uniform(0, 0.8))
        for victim in self.chance.sample(victims, len(victims)):
            await self.strike(victim, path_fault)
            await asyncio.sleep(self.chance.uniform(0, 0.3))
        # Never at once: the unit has to finish with what the killed agent still asked for.
        await asyncio.sleep(self.chance.choice([0.05, self.chance.uniform(0.05, 2.5)]))
        for victim in self.chance.sample(victims, len(victims)):
            await self.mend(victim, path_fault)
            await asyncio.sleep(self.chance.uniform(0, 0.3))

    # ---- the end

    async def drain(self):
        """The agent stops cleanly, the unit goes, and the agent hands over what it still holds."""
        await self.rig.polls_go_on()
        await self.rig.stop()
        await self.rig.hand_over()
        await until(self.drained, 120 * SLOWNESS, "the backlog is 0", every=0.5)

    async def drained(self):
        """By the agent's own word, once it has been connected for long enough to have read its buffer."""
        controllers = (await self.server.get("/api/v1/controllers", self.viewer_token)).json()
        if not controllers:  # a hub that was killed before it had saved whom it knows, and has not met the agent yet
            return False
        status, = controllers
        empty = status["online"] and status["backlog"] == 0 and self.server.store.rows(
            "SELECT count(*) FROM datapoints WHERE time > ? AND reason IS NOT NULL", self.rig.ledger.closed * 1e6)[0][0]
        if not empty:
            return False
        stored = self.server.store.count()
        await asyncio.sleep(2)
        return self.server.store.count() == stored

    async def kill_and_compare(self, unsaved_seconds, **buffer):
        name = f"kill run, {', '.join(f'{key} = {value}' for key, value in buffer.items()) or 'default spill_after'}"
        print(f"{name}: WEBMACS_SEED={SEED}", file=sys.stderr, flush=True)
        await self.set_up(**buffer)
        self.rig.start()
        await self.readings_arrive()
        victims, faults = Deck(self.chance, COMBINATIONS), Deck(self.chance, PATH_FAULTS)
        for _ in range(ROUNDS):
            drawn = victims.draw()
            await self.round(drawn, faults.draw() if "path" in drawn else None)
        await self.drain()
        findings = self.rig.ledger.compare(unsaved_seconds)
        strikes = ", ".join(f"{key} {n}" for key, n in self.counts.items())
        print(f"{name}: {ROUNDS} rounds ({strikes}): {findings}", file=sys.stderr, flush=True)
        self.assertEqual(findings.faults, [])
        for victim in VICTIMS:
            self.assertGreaterEqual(self.counts[victim], ROUNDS // 3)
        await self.proxy.stop()

    async def test_each_reading_is_on_disk_before_it_is_sent(self):
        await self.kill_and_compare(0.0, spill_after="0")

    async def test_readings_are_on_disk_when_the_hub_is_late(self):
        await self.kill_and_compare(SPILL_AFTER + TO_DISK * SLOWNESS)


if __name__ == "__main__":
    unittest.main()
