"""One token reads as much as it can (series of 20 events over everything, pages of all datapoints), another makes small
reads: how long the small ones take, alone and beside that load, and how soon the hub is free again when the load's
clients leave. --quick: a tenth of the datapoints."""

import asyncio
import contextlib
import json
import socket
import sqlite3
import threading
import time

from setting import Setting, is_quick, show

from harness.rest import Rest
from harness.times import rfc3339

QUICK = is_quick(__doc__)
EVENTS = 20
ROWS = 100_000 if QUICK else 1_000_000  # of each event
BEGIN = 1_735_689_600_000_000  # microseconds
EVERY = 1_000_000
LOADERS = 40
SECONDS = 5 if QUICK else 20
GOAL = 200.0  # ms, p99
SMALL = f"/api/v1/datapoints?event_public_id=evt_small&from={rfc3339(BEGIN)}&limit=10"


def fill(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        for i in range(EVENTS):
            database.execute("INSERT INTO events (public_id, controller) VALUES (?, 'rig1')", (f"evt_{i}",))
        database.execute("INSERT INTO events (public_id, controller) VALUES ('evt_small', 'rig2')")
        # No summaries: as if all of it had just come.
        database.execute("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) INSERT INTO datapoints "
                         f"SELECT key, {BEGIN} + i * {EVERY}, i % 1000, NULL FROM events CROSS JOIN n WHERE controller = 'rig1' "
                         "ORDER BY key, i", (ROWS,))
        database.execute(f"INSERT INTO datapoints SELECT key, {BEGIN}, 1, NULL FROM events WHERE controller = 'rig2'")
        database.commit()


class Load:
    """So many connections of one token, each asking for long reads one after the other."""

    def __init__(self, hub, token):
        self.hub, self.token, self.ended, self.done = hub, token, False, 0
        self.threads = [threading.Thread(target=self.run, args=(i,), daemon=True) for i in range(LOADERS)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        series = {"event_public_ids": [f"evt_{i}" for i in range(EVENTS)], "from": rfc3339(BEGIN),
                  "to": rfc3339(BEGIN + ROWS * EVERY), "max_points": 4000}
        rest = Rest(self.hub, self.token)
        while not self.ended:
            with contextlib.suppress(OSError):
                if number % 2:
                    rest.request("POST", "/api/v1/datapoints/series", series)
                else:
                    rest.request("GET", "/api/v1/datapoints?limit=10000")
                self.done += 1
        rest.close()

    def end(self):
        self.ended = True
        for thread in self.threads:
            thread.join()


def small_reads(hub, token, seconds):
    """Milliseconds of each."""
    rest, found = Rest(hub, token), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.perf_counter()
        rest.get(SMALL)
        found.append((time.perf_counter() - started) * 1000)
        time.sleep(0.02)
    rest.close()
    return sorted(found)


def percentile(ordered, part):
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def ask_and_leave(hub, token, count):
    body = json.dumps({"event_public_ids": [f"evt_{i}" for i in range(EVENTS)], "from": rfc3339(BEGIN),
                       "to": rfc3339(BEGIN + ROWS * EVERY), "max_points": 4000})
    request = (f"POST /api/v1/datapoints/series HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\n"
               f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()
    sockets = [socket.create_connection(("127.0.0.1", hub.port)) for _ in range(count)]
    for each in sockets:
        each.sendall(request)
    time.sleep(0.3)
    for each in sockets:
        each.close()


async def measure(setting):
    hub = setting.hub()
    heavy, light = await hub.token("heavy", "viewer"), await hub.token("light", "viewer")
    fill(hub.database)
    await hub.start()
    alone = small_reads(hub, light, SECONDS / 4)
    show("small read alone, p99", percentile(alone, 0.99), "ms")
    load = Load(hub, heavy)
    time.sleep(1)
    beside = small_reads(hub, light, SECONDS)
    load.end()
    show(f"small read beside {LOADERS} readers of another token, p50", percentile(beside, 0.5), "ms")
    show(f"small read beside {LOADERS} readers of another token, p99", percentile(beside, 0.99), "ms", GOAL)
    show("long reads done meanwhile", load.done / SECONDS, "1/s")
    # Of the same token: what its clients left behind does not stand in its way.
    ask_and_leave(hub, heavy, 100)
    rest = Rest(hub, heavy)
    started = time.perf_counter()
    rest.get(SMALL)
    show("small read of a token whose 100 clients left", (time.perf_counter() - started) * 1000, "ms", 500)
    rest.close()
    assert hub.stop()[0] == 0


def main():
    with Setting() as setting:
        asyncio.run(measure(setting))


if __name__ == "__main__":
    main()
