"""An experiment of 20 million datapoints as CSV, over REST and by command: rows a second beside a loop that only reads
them, what it costs the hub in memory, and whether both bring the same bytes. --quick: 2 million."""

import asyncio
import hashlib
import http.client
import json
import subprocess
import time

from setting import BUILD, Meanwhile, Setting, is_quick, show, show_at_least

from harness.programs import SERVER, resident

HELPER = BUILD / "tests" / "bench" / "webmacs-export-rows"
PATH = "/api/v1/experiments/exp_bench/export/csv"
MEBIBYTE = 1024 * 1024
ROUNDS = 2


class Memory(Meanwhile):
    """The most that a process had meanwhile, in MiB."""

    def __init__(self, pid):
        super().__init__()
        self._pid, self.most = pid, 0
        self.before = resident(pid) / MEBIBYTE

    def _run(self):
        while not self._over.wait(0.02):
            try:
                self.most = max(self.most, resident(self._pid) / MEBIBYTE)
            except (OSError, StopIteration):
                return  # it has ended


class Read:
    """Whatever readinto brings: its lines, its size, its digest, the seconds it took."""

    def __init__(self, readinto):
        digest, self.lines, self.size = hashlib.sha1(), 0, 0
        buffer = bytearray(MEBIBYTE)
        view = memoryview(buffer)
        started = time.monotonic()
        while count := readinto(view):
            digest.update(view[:count])
            self.lines += buffer.count(b"\n", 0, count)
            self.size += count
        self.seconds = time.monotonic() - started
        self.digest = digest.hexdigest()


def helper(*words):
    done = subprocess.run([HELPER, *map(str, words)], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def over_rest(hub, token, path):
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    read = Read(connection.getresponse().readinto)
    connection.close()
    return read


def by_command(hub, *words):
    with subprocess.Popen([SERVER, "export", "--config", hub.ini, "--experiment", "exp_bench", *words],
                          stdout=subprocess.PIPE, bufsize=0) as process:
        with Memory(process.pid) as used:
            read = Read(process.stdout.readinto)
    assert process.returncode == 0
    return read, used.most


async def measure(rows):
    with Setting() as setting:
        hub = setting.hub()
        token = await hub.token("viewer", "viewer")
        filled = helper("fill", hub.database, rows)
        print(f"{rows:,} rows made in {filled['seconds']:.0f} s, {hub.database.stat().st_size / MEBIBYTE:,.0f} MiB")
        await hub.start()
        loops, downloads, commands, growth, resident = [], [], [], [], []
        for _ in range(ROUNDS):
            loops.append(rows / helper("loop", hub.database)["seconds"])
            with Memory(hub.program.pid) as used:
                downloads.append(await asyncio.to_thread(over_rest, hub, token, PATH))
            growth.append(used.most - used.before)
            read, most = by_command(hub)
            commands.append(read)
            resident.append(most)
        for read in downloads + commands:
            assert read.lines == rows + 1, read.lines
            assert (read.size, read.digest) == (downloads[0].size, downloads[0].digest), "the bytes differ"
        loop = max(loops)
        goal = min(500_000, loop / 2)
        name = f"export, {rows / 1e6:g} M rows"
        show(f"{name}, a loop that only reads them", loop, "rows/s")
        for way, reads in (("REST", downloads), ("command", commands)):
            rate = rows / min(read.seconds for read in reads)
            show_at_least(f"{name}, {way}", rate, "rows/s", goal, f"{rate / loop:.2f} of the loop, "
                          f"{reads[0].size / MEBIBYTE * rate / rows:,.0f} MiB/s")
        show(f"{name}, the hub's growth", max(growth), "MiB", 64)
        show(f"{name}, the command's memory", max(resident), "MiB", 64)
        wide = await asyncio.to_thread(over_rest, hub, token, PATH + "?shape=wide")
        read, _ = by_command(hub, "--shape", "wide")
        assert (wide.lines, wide.digest) == (rows // 8 + 1, read.digest), "wide"
        show(f"{name}, wide", rows / wide.seconds, "datapoints/s")
        print("REST and command brought the same bytes each time, long and wide")


if __name__ == "__main__":
    asyncio.run(measure(2_000_000 if is_quick(__doc__) else 20_000_000))
