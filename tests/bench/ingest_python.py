"""The hub beside the seed's design in Python, as websocket-design.md reads: FastAPI with its ConnectionManager, asyncpg,
PostgreSQL, one INSERT per message, committed with fsync before the broadcast (peers/seed_server.py). The hub with
SQLite, and with PostgreSQL as well. All in the same run, in turn, medians of the rounds; servers and database (a
PostgreSQL of the benchmark's own, in its own folder) on the first core, the generator on the second.

One controller and 10 subscribers. "Single": the seed's format, one reading a frame, up to 4,000 messages in flight
(published and not yet received by all subscribers); counted are the messages that all of them received. "Batches": 100
readings a frame, in Python one transaction of executemany. "Latency": 100 single messages a second, evenly; from
sending one to its arrival at each subscriber.

--quick: one round of a second each."""

import asyncio
import contextlib
import statistics

from generator import fan
from peers import FastApi, HubOneByOne
from setting import Setting, is_quick, show, show_at_least

from harness.postgres import Postgres

SERVER_CORE, GENERATOR_CORE = 0, 1
QUICK = is_quick(__doc__)
ROUNDS, SECONDS = (1, 1) if QUICK else (5, 2)
SUBSCRIBERS = 10
IN_FLIGHT = 4000
SINGLE = {"in_flight": IN_FLIGHT}
BATCHES = {"in_flight": IN_FLIGHT, "form": "batch", "frame_messages": 100}
LATENCY = {"burst": 1, "interval": 0.01}


def of_hub(options):
    with Setting() as setting, HubOneByOne(setting, SERVER_CORE) as hub:
        return fan(hub, GENERATOR_CORE, SUBSCRIBERS, SECONDS, **options)


def of_hub_on_postgres(options):
    with Setting() as setting, postgres(setting) as database, HubOneByOne(setting, SERVER_CORE, database.url()) as hub:
        return fan(hub, GENERATOR_CORE, SUBSCRIBERS, SECONDS, **options)


@contextlib.contextmanager
def postgres(setting):
    """With its usual settings, reached through its socket."""
    database = Postgres(setting)
    database.program.command = ["taskset", "-c", str(SERVER_CORE), *database.program.command]
    asyncio.run(database.start())
    try:
        yield database
    finally:
        database.stop()


def of_python(options):
    with Setting() as setting, postgres(setting) as database, FastApi(setting, SERVER_CORE, database.url()) as server:
        return fan(server, GENERATOR_CORE, SUBSCRIBERS, SECONDS, **options)


SIDES = {"hub, SQLite": of_hub, "hub, PostgreSQL": of_hub_on_postgres, "Python, PostgreSQL": of_python}


def measure(member, options):
    """The median of each side, by its name."""
    rounds = [[of_side(options)[member] for of_side in SIDES.values()] for _ in range(ROUNDS)]
    return dict(zip(SIDES, map(statistics.median, zip(*rounds))))


def measure_rate(name, options, goal):
    *hubs, (_, python) = sides = [(side, rate / SUBSCRIBERS) for side, rate in measure("rate", options).items()]
    for side, rate in sides:
        show(f"{name}, {side}", rate, "readings/s")
    for hub, rate in hubs:
        show_at_least(f"{name}, {hub} : Python", rate / python, "times", goal)


def measure_latency():
    *hubs, (side, python) = measure("p50_ms", LATENCY).items()
    show(f"latency at 100 messages/s p50, {side}", python, "ms")
    for hub, latency in hubs:
        show(f"latency at 100 messages/s p50, {hub}", latency, "ms", 0.6 * python)


if __name__ == "__main__":
    measure_rate("single messages", SINGLE, 60)
    measure_rate("batches of 100", BATCHES, 10)
    measure_latency()
