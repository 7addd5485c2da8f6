"""What 100 well-behaved subscribers notice, at 200 readings/s, while others misbehave: their p99 beside that of the same
seconds without, the hub's memory, and the lines in its log."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from attack import ATTACKS
from crowd_driver import OTHER_CORE, CrowdSetting
from setting import show

QUICK = "--quick" in sys.argv
SUBSCRIBERS = 100
RATE = 200
SECONDS = 4.0
ROUNDS = 1 if QUICK else 5
MEBIBYTE = 1024 * 1024
DESCRIPTORS = SUBSCRIBERS + 100


class Attack:
    """`with Attack(setting, name):` on the crowd's core, behind everything else there: its CPU is not what is measured."""

    def __init__(self, setting, name):
        self._command = ["setpriv", "--pdeathsig", "KILL", "--", "taskset", "-c", str(OTHER_CORE), "nice", "-n", "19",
                         sys.executable, "-c", "import attack; attack.run()", name, str(setting.server.port)]
        self._environment = {**os.environ, "WEBMACS_CONTROLLER": setting.attacker,
                             "PYTHONPATH": str(Path(__file__).parent)}

    def __enter__(self):
        self._process = subprocess.Popen(self._command, env=self._environment)
        time.sleep(1.5)
        return self

    def __exit__(self, *_):
        assert self._process.poll() is None, "the attack goes on"
        self._process.kill()
        self._process.wait()


def loud_lines(setting):
    return [line for line in setting.server.program.log().splitlines() if not line.startswith("<7>")]


def causes(lines):
    """How many there are of the most frequent one: lines that begin alike."""
    starts = [" ".join(line.split()[:3]) for line in lines]
    return max(map(starts.count, set(starts)), default=0)


def compare(setting, attack, name=None):
    name = name or attack
    calm, attacked, grown = [], [], 0
    before, lines, started = setting.resident(), len(loud_lines(setting)), time.monotonic()
    for _ in range(ROUNDS):
        calm.append(setting.crowd.measure(SECONDS)["p99_ms"])
        with Attack(setting, attack):
            attacked.append(setting.crowd.measure(SECONDS)["p99_ms"])
            grown = max(grown, setting.resident() - before)
        time.sleep(0.5)
    loud = causes(loud_lines(setting)[lines:])
    normal = statistics.median(calm)
    show(f"abuse, {name}: p99", statistics.median(attacked), "ms", 2 * normal, f"normal {normal:.2f} ms")
    show(f"abuse, {name}: memory", grown / MEBIBYTE, "MiB")
    show(f"abuse, {name}: log", max(0, loud - 1) / (time.monotonic() - started), "lines/s", 1.0,
         "of one cause, behind the first")


async def start(setting, **settings):
    await setting.start(**settings)
    setting.attacker = await setting.server.token("attacker", "controller")
    setting.crowd.open(SUBSCRIBERS)
    setting.crowd.push(RATE)
    setting.crowd.measure(2)


def finish(setting):
    left = setting.crowd.measure(0.1)
    assert left["open"] == SUBSCRIBERS and left["closed"] == 0, left
    setting.finish()


async def measure():
    with CrowdSetting() as setting:
        await start(setting)
        for name in ATTACKS:
            compare(setting, name)
        finish(setting)
    with CrowdSetting() as setting:
        await start(setting, descriptors=DESCRIPTORS)
        compare(setting, "slow lorises", "no descriptor left")
        finish(setting)


if __name__ == "__main__":
    asyncio.run(measure())
