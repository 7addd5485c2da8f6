"""What polling costs: 500 events at 1 Hz from 10 devices (agent: CPU, memory, jitter of the polls), and how many requests
a second the device code makes beside a bare loop over a raw socket and beside libmodbus in the same run. With
WEBMACS_OTHER_BUILD, the folder of another build, its agent polls the same devices at the same time: CPU per poll."""

import asyncio
import json
import os
import subprocess
from pathlib import Path

from setting import Setting, cpu_seconds, is_quick, show, show_at_least

from harness.agent import Agent
from harness.programs import BUILD
from harness.simulator import Simulator
from harness.wait import until

RATE = BUILD / "tests" / "bench" / "webmacs-request-rate"
DEVICES = 10
EVENTS = 500


def rig():
    lines = []
    for device in range(DEVICES):
        lines += [f"[device:plc{device}]", f"host = 10.0.0.{device + 1}"]
        for event in range(EVENTS // DEVICES):
            lines += [f"[event:d{device}_{event:02}]", f"device = plc{device}", f"register = holding:{2 * event}",
                      "type = float32"]
    return "\n".join(lines) + "\n"


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        kib = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    return kib * 1024 / 1e6


def jitter_ms(times):
    """How far each time stamp lies from the event's own grid, in ms."""
    offsets = [at - 1_000_000 * i for i, at in enumerate(times)]
    middle = sorted(offsets)[len(offsets) // 2]
    return [abs(offset - middle) / 1000 for offset in offsets]


def wake_ups(pid):
    """How often its threads went to sleep and were woken."""
    return sum(int(line.split()[1]) for task in Path(f"/proc/{pid}/task").iterdir()
               for line in (task / "status").read_text(encoding="ascii").splitlines()
               if line.startswith("voluntary_ctxt_switches:"))


async def idle_agent(setting, hub, seconds):
    """Share of a core and wake-ups a second of an agent that has nothing to do: connected, its one poll is an hour away."""
    idle_rig = "\n".join(["[device:plc]", "host = 10.0.0.1", "[event:idle]", "device = plc", "register = holding:0",
                          "type = uint16", "poll_interval = 3600", ""])
    with Simulator(setting.folder, "idle", idle_rig) as simulator:
        agent = Agent(setting, simulator.local.read_text(), hub, await hub.token("idle", "controller"), "idle").start()
        await until(lambda: hub.store.datapoints("idle"), 20)
        spent, woken = cpu_seconds(agent.program.pid), wake_ups(agent.program.pid)
        await asyncio.sleep(seconds)
        spent, woken = cpu_seconds(agent.program.pid) - spent, wake_ups(agent.program.pid) - woken
        assert agent.stop()[0] == 0
    return spent / seconds, woken / seconds


async def measure_agent(seconds):
    with Setting() as setting:
        hub = setting.hub()
        token = await hub.token("rig1", "controller")
        await hub.start()
        idle_share, idle_woken = await idle_agent(setting, hub, seconds / 2)
        with Simulator(setting.folder, "rig", rig()) as simulator:
            agent = Agent(setting, simulator.local.read_text(), hub, token, poll_interval="1").start()
            await until(lambda: hub.store.count() >= 3 * EVENTS, 20)  # warm
            before, skipped = cpu_seconds(agent.program.pid), hub.store.count()
            woken = wake_ups(agent.program.pid)
            await asyncio.sleep(seconds)
            spent, memory = cpu_seconds(agent.program.pid) - before, resident_mb(agent.program.pid)
            polled, woken = hub.store.count() - skipped, wake_ups(agent.program.pid) - woken
            assert agent.stop()[0] == 0
        jitter = []
        for device in range(DEVICES):
            for event in range(EVENTS // DEVICES):
                jitter += jitter_ms([row[1] for row in hub.store.datapoints(f"d{device}_{event:02}")])
        assert hub.stop()[0] == 0
    jitter.sort()
    show("poller, values", polled / seconds, "per second", note=f"of {EVENTS}")
    show("poller, CPU of the agent", 100 * spent / seconds, "% of a core", 5,
         f"{spent / seconds / idle_share:.1f} times an idle agent's {100 * idle_share:.2f}")
    show("poller, wake-ups of the agent", woken / seconds, "per second", note=f"idle {idle_woken:.0f}")
    show("poller, memory of the agent (peak RSS)", memory, "MB", 30)
    show("poller, jitter of a poll p50", jitter[len(jitter) // 2], "ms")
    show("poller, jitter of a poll p99", jitter[int(0.99 * len(jitter))], "ms", 5)


async def measure_beside(other, seconds):
    """This build's agent and another's, on devices of their own of one simulator each, at the same time."""
    with Setting() as setting:
        hub = setting.hub()
        await hub.start()
        with Simulator(setting.folder, "ours", rig()) as ours, Simulator(setting.folder, "theirs", rig()) as theirs:
            agents = []
            for name, simulator in (("ours", ours), ("theirs", theirs)):
                text = simulator.local.read_text().replace("[event:", f"[event:{name}.")
                agents.append(Agent(setting, text, hub, await hub.token(name, "controller"), name, poll_interval="0.2"))
            agents[1].program.command[0] = str(Path(other) / "agent" / "webmacs-agent")
            if "clock" not in subprocess.run([agents[1].program.command[0], "--help-all"], capture_output=True, text=True,
                                             check=False).stdout:
                agents[1].ini.write_text("".join(line for line in agents[1].ini.read_text().splitlines(True)
                                                 if not line.startswith("clock =")))
            for agent in agents:
                agent.start()
            await until(lambda: hub.store.count() >= 10 * EVENTS, 30)
            before = [cpu_seconds(agent.program.pid) for agent in agents]
            await asyncio.sleep(seconds)
            spent = [cpu_seconds(agent.program.pid) - was for agent, was in zip(agents, before)]
            assert all(agent.stop()[0] == 0 for agent in agents)
        assert hub.stop()[0] == 0
    polls = DEVICES * seconds / 0.2
    show("poller, CPU per poll", 1e6 * spent[0] / polls, "us", 1e6 * spent[1] / polls, "beside the other build's")


def measure_requests(rounds):
    done = subprocess.run([RATE, str(rounds)], stdout=subprocess.PIPE, text=True, check=True)
    for line in done.stdout.splitlines():
        rate = json.loads(line)
        if "libmodbus" in rate:
            for name, goal in (("one", 0.95), ("eight", 4)):
                show_at_least(f"poller, requests with {name} in flight", rate[name], "x libmodbus", goal,
                              f"libmodbus {rate['libmodbus']:,.0f} per second")
            continue
        show_at_least(f"poller, requests at {rate['registers']} registers", 100 * rate["ratio"], "% of bare", 80,
                      f"{rate['ours']:,.0f} per second, a bare loop {rate['bare']:,.0f}")


if __name__ == "__main__":
    quick = is_quick(__doc__)
    asyncio.run(measure_agent(20 if quick else 60))
    if "WEBMACS_OTHER_BUILD" in os.environ:
        asyncio.run(measure_beside(os.environ["WEBMACS_OTHER_BUILD"], 20 if quick else 60))
    measure_requests(20 if quick else 80)
