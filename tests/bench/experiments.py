"""What experiments cost when there are very many of them: how long the store's writer is kept by a change of one, and how
long the network thread by a page of the list. 20,000 experiments and 100,000 annotations; --quick: a tenth."""

import asyncio
import contextlib
import json
import sqlite3
import urllib.request
from pathlib import Path

from setting import Setting, is_quick, show

LIMIT = 5.0  # ms
RIGS = 20
EVENTS_PER_RIG = 20
HOUR = 3_600_000_000
BEGIN = 1_600_000_000_000_000  # microseconds
ANNOTATIONS = 5  # of each experiment


def fill(path, experiments):
    """Experiments of one rig each, one after the other, every tenth over all of them; annotated."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.executemany("INSERT INTO events (public_id, controller, name) VALUES (?, ?, 'Temperature')", [
            (f"evt_{rig}_{i}", f"rig{rig}") for rig in range(RIGS) for i in range(EVENTS_PER_RIG)])
        for number in range(experiments):
            started = BEGIN + number * HOUR
            everywhere = number % 10 == 0
            key = database.execute(
                "INSERT INTO experiments (public_id, name, all_controllers, started_on, stopped_on, notes) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (f"exp_{number:06}", f"Run {number}", int(everywhere), started, started + HOUR - 1,
                 "Silica sand, 2.4 kg, air. " * 4)).lastrowid
            if not everywhere:
                database.execute("INSERT INTO experiment_controllers VALUES (?, ?)", (key, f"rig{number % RIGS}"))
            database.executemany("INSERT INTO annotations (public_id, experiment, time, text) VALUES (?, ?, ?, ?)", [
                (f"ann_{number:06}_{i}", key, started + i, "valve opened by hand") for i in range(ANNOTATIONS)])
        database.commit()


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


async def main(quick):
    experiments, times = (2_000, 21) if quick else (20_000, 51)
    with Setting() as setting:
        hub = setting.hub()
        token = await hub.token("operator", "operator")
        fill(hub.database, experiments)
        await hub.start()
        client = Client(hub, token)
        assert client.request("GET", "/api/v1/experiments")["total"] == experiments

        def change(number):
            return lambda i: client.request("PUT", f"/api/v1/experiments/exp_{number:06}", {"notes": f"change {i}"})

        def annotate(i):
            client.request("POST", f"/api/v1/experiments/exp_{experiments // 2:06}/annotations", {"text": f"note {i}"})

        for name, write in {"PUT of the newest": change(experiments - 1), "PUT of one in the middle": change(experiments // 2),
                            "PUT of the oldest": change(0), "annotation": annotate}.items():
            writer, network = measure_writes(client, times, write)
            show(f"experiments: {name}, writer", writer, "ms", goal=LIMIT)
            show(f"experiments: {name}, network thread", network, "ms", goal=LIMIT)
        for name, query in {"page of 25": "", "page of 100": "?page_size=100",
                            "last page of 100": f"?page_size=100&page={experiments // 100}"}.items():
            show(f"experiments: {name}, network thread",
                 measure_reads(client, times, f"/api/v1/experiments{query}"), "ms", goal=LIMIT)
        assert hub.stop()[0] == 0


if __name__ == "__main__":
    asyncio.run(main(is_quick(__doc__)))
