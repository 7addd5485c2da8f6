"""The whole chain: a simulated rig of 100 events polled at 10 Hz, agent, hub, subscriber. How long it takes from the
moment a reply arrives at the agent (the datapoint's time stamp) to its frame at the subscriber, beside what the disk
itself takes to sync in the same seconds."""

import asyncio

from setting import DiskProbe, Load, Setting, show

from harness.programs import AGENT, SIM
from harness.wait import until

EVENTS = 100
POLL = 0.1
SECONDS = 30
GOAL_P50_MS = 3.0
GOAL_P99_MS = 10.0  # and what the disk takes


def write_rig(folder, hub, token, events=EVENTS):
    (folder / "rig.token").write_text(token)
    lines = ["[agent]", f"poll_interval = {POLL}", "[hub]", f"url = {hub.url('/ws/controller/telemetry')}",
             f"token_file = {folder}/rig.token", "[buffer]", f"path = {folder}/agent.db",
             "[device:plc]", "host = 127.0.0.1"]
    for i in range(events):
        lines += [f"[event:evt_{i:03}]", "device = plc", f"register = holding:{2 * i}", "type = float32",
                  "min_value = 0", "max_value = 100"]
    (folder / "rig.ini").write_text("\n".join(lines) + "\n")
    return folder / "rig.ini"


async def measure():
    with Setting() as setting:
        hub = setting.hub()
        rig = write_rig(setting.folder, hub, await hub.token("rig", "controller"))
        viewer = await hub.token("viewer", "viewer")
        await hub.start()
        local = setting.folder / "rig.local.ini"
        simulator = setting.program("sim", [SIM, "--config", rig, "--local", local]).start()
        await until(lambda: local.exists() and local.stat().st_size)
        agent = setting.program("agent", [AGENT, "run", "--config", local]).start()
        await until(lambda: hub.store.count() > 5 * EVENTS, 20)  # warm

        watcher = Load(viewer, "watch", hub.url("/ws/datapoints/stream"))
        watcher.line()
        with DiskProbe(setting.folder) as disk:
            await asyncio.sleep(SECONDS)
            seen = watcher.finish(stop=True)
        for program in (agent, hub.program, simulator):
            assert program.stop()[0] == 0, program.log()

    rate = EVENTS / POLL
    show("latency, datapoints received", seen["datapoints"] / SECONDS, "per second", note=f"of {rate:.0f} polled")
    assert seen["datapoints"] > 0.95 * rate * SECONDS
    disk_p99 = disk.percentile(0.99)
    show("latency, disk fdatasync p50", disk.percentile(0.50), "ms")
    show("latency, disk fdatasync p99", disk_p99, "ms")
    show("latency, poll to subscriber p50", seen["p50_ms"], "ms", GOAL_P50_MS)
    show("latency, poll to subscriber p99", seen["p99_ms"], "ms", GOAL_P99_MS + disk_p99)
    show("latency, poll to subscriber max", seen["max_ms"], "ms")


if __name__ == "__main__":
    asyncio.run(measure())
