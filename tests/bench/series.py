"""Series of 8 events x 30 days x 1 Hz at 500 points each: how long any range takes, from the disk and from memory, and
whether every spike of one sample is in it; read from the store, and over REST by a hub that has just started.
--quick: 4 days."""

import asyncio
import json
import os
import subprocess
import time

from setting import BUILD, Setting, is_quick, show

from harness.rest import Rest
from harness.times import rfc3339

GOALS = {"cold": 200, "warm": 50}
EVENTS, DAYS = 8, 4 if is_quick(__doc__) else 30
FIRST = 1735689600  # as series.cpp has it
RANGES = (3600, 16000, 86400, DAYS * 86400)  # over REST; 16000 s has no coarser summaries than its datapoints
NAME = f"series, {EVENTS} events x {DAYS} d"


def show_figure(figure):
    name = f"{NAME}, {figure['name']}"
    if "milliseconds" in figure:
        show(name, figure["milliseconds"], "ms", GOALS[figure["name"].rsplit(" ", 1)[1]])
    elif figure["name"].endswith("missing"):
        show(name, figure["value"], "", 0.0001)
    else:
        show(name, figure["value"], "" if figure["name"].endswith("spikes") else "rows/s")


def drop_from_memory(path):
    """The system forgets what it has of the file."""
    file = os.open(path, os.O_RDONLY)
    os.fdatasync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


def milliseconds(rest, ask):
    started = time.perf_counter()
    status, answer = rest.json("POST", "/api/v1/datapoints/series", ask)
    took = (time.perf_counter() - started) * 1000
    assert status == 200 and all(len(line) > 100 for line in answer.values()) and len(answer) == EVENTS, (status, answer)
    return took


async def over_rest(setting, seconds):
    hub = setting.hub(name="hub")
    token = await hub.token(f"viewer{seconds}", "viewer")
    await hub.start()
    rest = Rest(hub, token)
    begin = FIRST + (DAYS * 86400 - seconds) // 2
    ask = {"event_public_ids": [f"evt_{i}" for i in range(EVENTS)], "from": rfc3339(begin * 1000000),
           "to": rfc3339((begin + seconds) * 1000000), "max_points": 500}
    drop_from_memory(hub.database)
    show(f"{NAME}, {seconds} s over REST, cold", milliseconds(rest, ask), "ms", GOALS["cold"])
    show(f"{NAME}, {seconds} s over REST, warm", min(milliseconds(rest, ask) for _ in range(5)), "ms", GOALS["warm"])
    rest.close()
    assert hub.stop()[0] == 0


def main():
    with Setting() as setting:
        done = subprocess.Popen([BUILD / "tests" / "bench" / "webmacs-series", f"sqlite://{setting.folder}/hub.db", str(DAYS)],
                                stdout=subprocess.PIPE, text=True)
        for line in done.stdout:
            show_figure(json.loads(line))
        assert done.wait() == 0
        size = sum(path.stat().st_size for path in setting.folder.glob("hub.db*"))
        show("series, bytes per datapoint on disk", size / (DAYS * 86400 * EVENTS), "bytes", 30)
        for seconds in RANGES:
            asyncio.run(over_rest(setting, seconds))


if __name__ == "__main__":
    main()
