"""What looking after the record costs those who write to it: readings per second and the time until they are acknowledged,
with nothing else to do, while millions of old datapoints are removed, and while the store is backed up, in the same run."""

import asyncio
import contextlib
import sqlite3
import time

from setting import Load, Setting, is_quick, show, show_at_least

EVENTS = 20
BATCH = 100
HOLD = 15.0  # ms that a step and its commit may add


def fill(path, rows):
    """Old datapoints of as many events, as a hub would have stored them over the time."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.executemany("INSERT INTO events (public_id, controller) VALUES (?, 'old')",
                             [(f"old_{i}",) for i in range(EVENTS)])
        keys = [key for key, in database.execute("SELECT key FROM events WHERE controller = 'old'")]
        begin = 1_600_000_000_000_000
        for first in range(0, rows // EVENTS, 20000):
            for key in keys:
                database.executemany("INSERT INTO datapoints VALUES (?, ?, ?, NULL)", (
                    (key, begin + i * 1_000_000, i % 1000) for i in range(first, min(first + 20000, rows // EVENTS))))
        # Age counts from the newest.
        database.execute("INSERT INTO datapoints VALUES (?, ?, 0, NULL)", (keys[0], int(time.time() * 1e6)))
        database.commit()


def figure(hub, name):
    lines = hub._get("/metrics", None, {}).body.decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name + " "))


async def back_up(hub, enough):
    """One backup after the other; answers how many."""
    count = 0
    while not enough.is_set():
        done = await asyncio.to_thread(hub.command, "backup", "--overwrite", "--output", hub.folder / "backup.db")
        assert done.returncode == 0, done.stderr
        count += 1
    return count


async def measure(rows, seconds, backup=False, **store):
    with Setting() as setting:
        hub = setting.hub(store=store)
        controller = await hub.token("load", "controller")
        fill(hub.database, rows)
        await hub.start()
        before, started = figure(hub, "webmacs_retention_removed_total"), time.monotonic()
        enough = asyncio.Event()
        backups = asyncio.create_task(back_up(hub, enough)) if backup else None
        pusher = Load(controller, "push", hub.url("/ws/controller/telemetry", ack=1), BATCH, seconds)
        pushed = await asyncio.to_thread(pusher.finish)
        enough.set()
        removed = (figure(hub, "webmacs_retention_removed_total") - before) / (time.monotonic() - started)
        if backups:
            removed = await backups
        stopped = time.monotonic()
        assert hub.stop()[0] == 0
        assert time.monotonic() - stopped < 5
        assert hub.store.rows("PRAGMA integrity_check") == [("ok",)]
    return pushed, removed


async def main(quick):
    rows, seconds = (1_000_000, 4) if quick else (6_000_000, 15)
    alone, none = await measure(rows, seconds)
    beside, removed = await measure(rows, seconds, retention="365d")
    copied, backups = await measure(rows, seconds, backup=True)
    assert none == 0
    rate = alone["stored"] / alone["seconds"]
    show("retention: ingest with nothing to remove", rate, "readings/s")
    show_at_least("retention: ingest while old ones go", beside["stored"] / beside["seconds"], "readings/s", 0.8 * rate)
    show_at_least("retention: removed meanwhile", removed, "readings/s", 10_000 if quick else 50_000)
    show_at_least("retention: ingest while backed up", copied["stored"] / copied["seconds"], "readings/s", 0.5 * rate,
                  note=f"{backups:g} backups, which use a core of their own")
    for part in ("p50", "p99"):
        key = f"ack_{part}_ms"
        show(f"retention: ack {part}, nothing to remove", alone[key], "ms")
        show(f"retention: ack {part}, while old ones go", beside[key], "ms", goal=alone[key] + HOLD)
        show(f"retention: ack {part}, while backed up", copied[key], "ms", goal=2 * alone[key] + HOLD)


if __name__ == "__main__":
    asyncio.run(main(is_quick(__doc__)))
