"""Readings per second that the hub commits and acknowledges, each transaction synced to disk, with SQLite and with
PostgreSQL (one of the benchmark's own, with its usual settings), by the number of readings in a message. Beside it, in
turn and in the same run, the bare loop of each library: into the same schema, synced alike, as many readings in a
transaction as in a message (bare_insert.cpp). Medians of the rounds.

The load generator and, with PostgreSQL, the database share the machine's cores with the hub; the bare loop has them to
itself and the database.

--quick: one round of a second each."""

import asyncio
import json
import statistics
import subprocess

from setting import BUILD, Load, Setting, is_quick, show, show_at_least

from harness.postgres import Postgres

BARE_INSERT = BUILD / "tests" / "bench" / "webmacs-bare-insert"
SIZES = (1, 10, 100, 500)
QUICK = is_quick(__doc__)
ROUNDS, SECONDS = (1, 1) if QUICK else (3, 3)


class Sqlite:
    """A new file for each measurement."""

    def __init__(self, setting):
        self._setting = setting
        self._count = 0

    def url(self):
        for file in self._setting.folder.glob("bench*.db*"):
            file.unlink()
        self._count += 1
        return f"sqlite://{self._setting.folder}/bench{self._count}.db"

    def stored(self, hub):
        return hub.store.count()


class Postgresql:
    """A new database for each measurement."""

    def __init__(self, setting):
        self._server = Postgres(setting)
        asyncio.run(self._server.start())
        self._count = 0

    def url(self):
        if self._count:
            self._server.rows(f"DROP DATABASE bench{self._count} WITH (FORCE)")
        self._count += 1
        self._server.rows(f"CREATE DATABASE bench{self._count}")
        self._server.rows("CHECKPOINT")
        return self._server.url(f"bench{self._count}")

    def stored(self, hub):
        del hub
        return int(self._server.rows("SELECT count(*) FROM datapoints", f"bench{self._count}")[0][0])


async def of_hub(setting, store, size):
    url = store.url()
    hub = setting.hub(store_url=url)
    hub.store.path = url.removeprefix("sqlite://")
    token = await hub.token("load", "controller")
    await hub.start()
    load = Load(token, "push", hub.url("/ws/controller/telemetry", ack=1), size, SECONDS)
    figures = await asyncio.to_thread(load.finish)
    assert store.stored(hub) == figures["stored"], "what was acknowledged is in the store"
    assert hub.stop()[0] == 0
    return figures["stored"] / figures["seconds"]


def of_bare_loop(store, size, *form):
    done = subprocess.run([BARE_INSERT, store.url(), str(size), str(SECONDS), *form], check=True, stdout=subprocess.PIPE)
    figures = json.loads(done.stdout)
    return figures["stored"] / figures["seconds"]


def measure(setting, name, store, size, loop_name, single):
    """The hub's rate, the bare loop's, and that of single inserts (0 unless they are wanted)."""
    rounds = [(asyncio.run(of_hub(setting, store, size)), of_bare_loop(store, size),
               of_bare_loop(store, 1, "single") if single else 0) for _ in range(ROUNDS)]
    hub, bare, one_by_one = (statistics.median(values) for values in zip(*rounds))
    where = f"{name}, {size} a message"
    show(f"{where}, hub", hub, "readings/s")
    show(f"{where}, {loop_name}", bare, "readings/s")
    if size == SIZES[-1]:
        show_at_least(f"{where}, hub : {loop_name}", hub / bare, "times", 0.8)
    else:
        show(f"{where}, hub : {loop_name}", hub / bare, "times")
    if single:
        show(f"{where}, single inserts", one_by_one, "readings/s")
        show_at_least(f"{where}, hub : single inserts", hub / one_by_one, "times", 20)


def main():
    with Setting() as setting:
        store = Sqlite(setting)
        for size in SIZES:
            measure(setting, "SQLite", store, size, "bare loop", False)
    with Setting() as setting:
        store = Postgresql(setting)
        for size in SIZES:
            measure(setting, "PostgreSQL", store, size, "bare arrays", size == SIZES[-1])


if __name__ == "__main__":
    main()
