"""After a weekend without a hub: an agent comes back with ten million buffered readings (--quick: one million) and goes on
polling, 100 events at 10 Hz. How fast the backlog drains, beside a load generator that sends ready-made batches to the
same hub before and after it, as backlog (so with half the credit, as the agent) and while both rigs are live as they are
during the drain; how old live readings are at a subscriber meanwhile; what another rig's subscriber notices; how much
memory it takes; that each reading arrives once, and that the file shrinks again."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import time

from setting import Load, Setting, is_quick, show, show_at_least

from harness.agent import Agent
from harness.programs import BUILD
from harness.simulator import Simulator
from harness.wait import until

FILL = BUILD / "tests" / "bench" / "webmacs-fill-buffer"
EVENTS = 100
NEIGHBOURS = 20


def rig(prefix, events):
    lines = ["[device:plc]", "host = 10.0.0.1"]
    for i in range(events):
        lines += [f"[event:{prefix}_{i:03}]", "device = plc", f"register = holding:{2 * i}", "type = float32"]
    return "\n".join(lines) + "\n"


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:")) * 1024 / 1e6


def on_disk_mb(path):
    return sum(os.path.getsize(file) for file in (path, f"{path}-wal") if os.path.exists(file)) / 1e6


class Watch:
    """A subscriber of one rig's events, and how old they are when they come."""

    def __init__(self, hub, token, prefix, events):
        names = ",".join(f"{prefix}_{i:03}" for i in range(events))
        self._load = Load(token, "watch", hub.url("/ws/datapoints/stream", events=names))
        self._load.line()

    def figures(self):
        return self._load.finish(stop=True)


async def generator_rate(hub, token, seconds):
    """What the hub takes from a generator of the same batches, beside the rigs that are live."""
    pushed = await asyncio.to_thread(
        lambda: Load(token, "push", hub.url("/ws/controller/telemetry", ack=1), 500, seconds, "backlog").finish())
    return pushed["stored"] / pushed["seconds"]


async def busy_answers(hub):
    metrics = (await hub.get("/metrics")).body.decode().splitlines()
    return sum(float(line.split()[-1]) for line in metrics if line.startswith("webmacs_store_refused_total"))


def last_buffered(agent):
    """When the newest of the readings that wait was taken, in microseconds: they are sent oldest first."""
    with contextlib.closing(sqlite3.connect(f"file:{agent.database}?mode=ro", uri=True)) as buffer:
        return buffer.execute("SELECT max(time) FROM readings").fetchone()[0]


async def drained(hub, agent, last):
    """Until the last of the backlog is stored; answers the seconds and both programs' greatest memory."""
    stored = f"SELECT 1 FROM datapoints d JOIN events e ON e.key = d.event WHERE e.public_id = 'evt_{EVENTS - 1:03}'" \
             " AND d.time = ?"
    started, agent_mb, hub_mb = time.monotonic(), 0.0, 0.0
    while not hub.store.rows(stored, last):
        await asyncio.sleep(0.1)
        agent_mb = max(agent_mb, resident_mb(agent.program.pid))
        hub_mb = max(hub_mb, resident_mb(hub.program.pid))
        assert time.monotonic() - started < 900, "not drained after 15 minutes"
    return time.monotonic() - started, agent_mb, hub_mb


async def measure(readings, quick):
    with Setting() as setting:
        hub = setting.hub()
        viewer = await hub.token("viewer", "viewer")
        tokens = [await hub.token(name, "controller") for name in ("rig1", "rig2", "load")]
        await hub.start()
        with Simulator(setting.folder, "one", rig("evt", EVENTS)) as one, \
                Simulator(setting.folder, "two", rig("near", NEIGHBOURS)) as two:
            Agent(setting, two.local.read_text(), hub, tokens[1], name="rig2", poll_interval="0.1").start()
            agent = Agent(setting, one.local.read_text(), hub, tokens[0], poll_interval="0.1", max_size="4GiB").start()
            await until(lambda: hub.store.count() > 20 * EVENTS, 20)
            neighbour = Watch(hub, viewer, "near", NEIGHBOURS)
            await asyncio.sleep(5 if quick else 20)
            calm, calm_mb = neighbour.figures(), resident_mb(agent.program.pid)
            hub_calm_mb = resident_mb(hub.program.pid)
            before = await generator_rate(hub, tokens[2], 5 if quick else 20)
            assert agent.stop()[0] == 0
            agent.database.unlink()
            subprocess.run([FILL, agent.database, str(readings)], check=True)
            full_mb = on_disk_mb(agent.database)
            last = last_buffered(agent)
            live, neighbour = Watch(hub, viewer, "evt", EVENTS), Watch(hub, viewer, "near", NEIGHBOURS)
            busy = await busy_answers(hub)
            agent.start()
            seconds, agent_mb, hub_mb = await drained(hub, agent, last)
            live, neighbour = live.figures(), neighbour.figures()
            busy = await busy_answers(hub) - busy
            after = await generator_rate(hub, tokens[2], 5 if quick else 20)
            generator = (before + after) / 2
            # What was polled and generated is younger.
            stored = hub.store.rows("SELECT count(*) FROM datapoints WHERE time <= ?", last)[0][0]
            await until(lambda: on_disk_mb(agent.database) < full_mb / 20, 60)
            small_mb = on_disk_mb(agent.database)
            assert agent.stop()[0] == 0
        assert hub.stop()[0] == 0
    show("weekend, readings that waited", readings, "", note=f"stored {stored}, each once")
    assert stored == readings
    show("weekend, buffer file", full_mb, "MB", note=f"{small_mb:.2f} MB after it")
    show("weekend, a ready-made generator", generator, "per second", note=f"{before:,.0f} before, {after:,.0f} after")
    show_at_least("weekend, drained", readings / seconds, "per second", 0.8 * generator)
    show("weekend, live readings meanwhile", live["datapoints"] / seconds, "per second", note=f"of {EVENTS * 10}")
    show("weekend, poll to subscriber p50", live["p50_ms"], "ms")
    show("weekend, poll to subscriber p99", live["p99_ms"], "ms", 2000)
    show("weekend, poll to subscriber max", live["max_ms"], "ms", 2000, "so it holds in each second")
    show("weekend, another rig p99", neighbour["p99_ms"], "ms", note=f"{calm['p99_ms']:.2f} ms before")
    show("weekend, growth of the agent's memory", agent_mb - calm_mb, "MB", 10)
    show("weekend, memory of the hub", hub_mb, "MB", note=f"{hub_calm_mb:.1f} MB before")
    show("weekend, batches the hub was too busy for", busy, "")


if __name__ == "__main__":
    quick = is_quick(__doc__)
    asyncio.run(measure(1_000_000 if quick else 10_000_000, quick))
