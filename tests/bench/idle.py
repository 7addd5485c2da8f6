"""What 10,000 subscribers cost that nothing is sent to but the heartbeat: memory of each, and CPU."""

import asyncio
import sys
import time

from crowd_driver import CrowdSetting
from setting import show

QUICK = "--quick" in sys.argv
CLIENTS = 2000 if QUICK else 10000
SECONDS = 10 if QUICK else 60  # the default heartbeat pings each client every 25 s


async def measure():
    with CrowdSetting() as setting:
        await setting.start()
        setting.crowd.open(100)  # what is allocated once
        time.sleep(1)
        before = setting.resident()
        opened = setting.crowd.open(CLIENTS)
        time.sleep(2)
        each = (setting.resident() - before) / CLIENTS
        cpu, started = setting.cpu_seconds(), time.monotonic()
        time.sleep(SECONDS)
        share = 100 * (setting.cpu_seconds() - cpu) / (time.monotonic() - started)
        later = (setting.resident() - before) / CLIENTS
        left = setting.crowd.measure(0.1)
        assert left["open"] == CLIENTS + 100, left
        setting.finish()
    show("idle, subscribers", CLIENTS, "", note=f"open within {opened['seconds']:.1f} s")
    show("idle, memory of each (RSS)", each / 1024, "KB", 6)
    show("idle, memory of each after the heartbeat", later / 1024, "KB", 6)
    show("idle, CPU of the hub", share, "% of a core", 2)


if __name__ == "__main__":
    asyncio.run(measure())
