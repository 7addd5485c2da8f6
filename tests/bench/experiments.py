"""What experiments cost when there are very many of them: how long the store's writer is kept by a change of one, and how
long the network thread by a page of the list, with both stores. 20,000 experiments and 100,000 annotations; --quick: a
tenth."""

import asyncio
import contextlib
import json
import sqlite3
import urllib.request
from pathlib import Path

from setting import Setting, is_quick, show

from harness.postgres import Postgres

LIMIT = 5.0  # ms
RIGS = 20
EVENTS = 400
NOTES = "Silica sand, 2.4 kg, air. " * 4
HOUR = 3_600_000_000
BEGIN = 1_600_000_000_000_000  # microseconds
ANNOTATIONS = 5  # of each experiment


def fill(run, experiments):
    """Experiments of one rig each, one after the other, every tenth over all of them; annotated. `run` takes SQL."""
    numbers = "WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < {} - 1) "
    run(f"INSERT INTO events (public_id, controller, name) {numbers.format(EVENTS)} "
        f"SELECT 'evt_' || i, 'rig' || (i % {RIGS}), 'Temperature' FROM numbers")
    run("INSERT INTO experiments (public_id, name, all_controllers, started_on, stopped_on, notes) "
        f"{numbers.format(experiments)} SELECT 'exp_' || i, 'Run ' || i, CASE i % 10 WHEN 0 THEN 1 ELSE 0 END, "
        f"{BEGIN} + i * {HOUR}, {BEGIN} + (i + 1) * {HOUR} - 1, '{NOTES}' FROM numbers")
    run("INSERT INTO experiment_controllers SELECT key, 'rig' || (key % "
        f"{RIGS}) FROM experiments WHERE all_controllers = 0")
    run("INSERT INTO annotations (public_id, experiment, time, text) "
        f"{numbers.format(ANNOTATIONS)} SELECT 'ann_' || e.key || '_' || i, e.key, e.started_on + i, 'valve opened' "
        "FROM experiments e CROSS JOIN numbers")


def run_on_file(path):
    def run(sql):
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute(sql)
            database.commit()
    return run


class Client:
    """Requests one after the other, and what each thread of the hub had to do for them."""

    def __init__(self, hub, token):
        self.hub, self.token = hub, token

    def request(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.hub.port}{path}", method=method,
                                         data=json.dumps(body).encode() if body is not None else None)
        request.add_header("Authorization", f"Bearer {self.token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.loads(reply.read() or "null")

    def writer(self):
        """Transactions of the store's writer, and the seconds that they took: until each was durable."""
        text = self.hub._get("/metrics", None, {}).body.decode()
        value = {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if not line.startswith("#")}
        return value["webmacs_store_commit_seconds_count"], value["webmacs_store_commit_seconds_sum"]

    def network_thread(self):
        """The processor time of the hub's first thread, in seconds."""
        pid = self.hub.program.pid
        return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


def median(values):
    return sorted(values)[len(values) // 2]


def measure_writes(client, times, write):
    """Milliseconds on the writer and on the network thread, the median of so many writes."""
    writer, network = [], []
    for i in range(times):
        count, seconds = client.writer()
        busy = client.network_thread()
        write(i)
        network.append((client.network_thread() - busy) * 1000)
        new_count, new_seconds = client.writer()
        writer.append((new_seconds - seconds) / (new_count - count) * 1000)
    return median(writer), median(network)


def measure_reads(client, times, path):
    network = []
    for _ in range(times):
        busy = client.network_thread()
        client.request("GET", path)
        network.append((client.network_thread() - busy) * 1000)
    return median(network)


async def measure(store, hub, run, experiments, times):
    token = await hub.token("operator", "operator")
    fill(run, experiments)
    await hub.start()
    client = Client(hub, token)
    assert client.request("GET", "/api/v1/experiments")["total"] == experiments
    middle = experiments // 2

    def change(number):
        return lambda i: client.request("PUT", f"/api/v1/experiments/exp_{number}", {"notes": f"change {i}"})

    def annotate(i):
        client.request("POST", f"/api/v1/experiments/exp_{middle}/annotations", {"text": f"note {i}"})

    for name, write in {"PUT of the newest": change(experiments - 1), "PUT in the middle": change(middle),
                        "PUT of the oldest": change(0), "annotation": annotate}.items():
        writer, network = measure_writes(client, times, write)
        show(f"{store}: {name}, writer", writer, "ms", goal=LIMIT)
        show(f"{store}: {name}, network", network, "ms", goal=LIMIT)
    for name, query in {"page of 25": "", "page of 100": "?page_size=100",
                        "last page of 100": f"?page_size=100&page={experiments // 100}"}.items():
        show(f"{store}: {name}, network", measure_reads(client, times, f"/api/v1/experiments{query}"), "ms", goal=LIMIT)
    assert hub.stop()[0] == 0


async def main(quick):
    experiments, times = (2_000, 21) if quick else (20_000, 51)
    with Setting() as setting:
        hub = setting.hub()
        await measure("SQLite", hub, run_on_file(hub.database), experiments, times)
    with Setting() as setting:
        postgres = await Postgres(setting).start()
        await measure("PostgreSQL", setting.hub(store_url=postgres.url()), postgres.rows, experiments, times)
        postgres.stop()


if __name__ == "__main__":
    asyncio.run(main(is_quick(__doc__)))
