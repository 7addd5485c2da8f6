"""Half an hour (--quick: two minutes) of one agent on Modbus lines of three kinds whose faults change by chance, from a
seed that is printed (WEBMACS_SEED sets it). Every stored value says which register it is of and when it was read: none may
be wrong, none old, and none before the one that came before it. Every third burst ends in a calm after which every
event must be good again. The agent's memory is looked at each half minute."""

import asyncio
import os
import random
import sys
import time

from setting import Setting, is_quick, show

from harness import chance, faults
from harness.agent import Agent
from harness.modbus_units import event
from harness.programs import resident
from harness.simulator import Simulator

TIMEOUT = 0.1
INTERVAL = 0.2
TRANSPORTS = ("tcp", "rtu_over_tcp", "rtu")
# A unit that stopped its line for three timeouts rests for twenty times as long, three times that beside two others.
CALM = 30.0
OLDEST = 1.0 + 13 * TIMEOUT  # seconds; a reply to the first of several tries, each of them late
GROWN = 4.0                  # MB of the agent's memory after the first third
KINDS = ("drop", "truncate", "wrong_checksum", "dribble", "extra", "leading", "trailing", "wrong_transaction", "wrong_unit",
         "wrong_function", "busy", "disconnect", "exception2", "exception4", "exception11", "short")


def rig():
    text, events = [], {}
    for line, transport in enumerate(TRANSPORTS, 1):
        for unit in faults.UNITS:
            name = f"{transport}_{unit}"
            text.append(f"[device:{name}]\n{faults.PORT[transport].format(line=line)}unit = {unit}\ntimeout = {TIMEOUT}s\n")
            for address in (0, 100, 200):
                events[f"{name}_{address}"] = unit, address
                text.append(event(f"{name}_{address}", address, name, "uint64", poll_interval=INTERVAL))
    return "".join(text), events


def burst(dice):
    """Some of the faults, as webmacs-sim takes them. Replies are late by what is always told: up to three timeouts."""
    some = dice.sample(KINDS, dice.randint(1, 6))
    return [f"late:{dice.choice((0, 0.01, 0.05))}:0.5-3", *(f"{kind}:{dice.choice((0.001, 0.01, 0.05))}" for kind in some)]


def mistake(unit, address, value, read, before):
    """What is wrong with an identity (hardware/simulator/identity.h) of a holding register that was stored at `read`, in
    seconds of the steady clock; None when nothing is."""
    packed = int(value)
    spoilt, ticks = packed >> 26 & 1, packed & (1 << 26) - 1
    if (packed >> 45, packed >> 43 & 3, packed >> 27 & 0xFFFF) != (unit, 3, address):
        return "of another register or unit"
    if spoilt:
        return "of a spoilt reply"
    if before is not None and not 0 < ticks - before & (1 << 26) - 1 < 1 << 25:
        return "not newer than the one before"
    age = (int(read * 10_000) - ticks & (1 << 26) - 1) / 10_000
    return f"{age:.2f} s old" if OLDEST < age < 3000 else None


async def soak(seconds, dice, setting):
    hub = setting.hub()
    token = await hub.token("rig1", "controller")
    await hub.start()
    text, events = rig()
    memory, stuck, bursts = [], [], 0
    with Simulator(setting.folder, "rig", text, "--identify") as simulator:
        agent = Agent(setting, simulator.local.read_text(), hub, token).start()
        steady = time.monotonic() - time.time()
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            bursts += 1
            for fault in burst(dice):
                simulator.command(fault)
            await asyncio.sleep(dice.uniform(5, 15))
            simulator.command("none")
            if bursts % 3 == 0:
                calm = time.time()
                await asyncio.sleep(CALM)
                last = {row[0] for row in hub.store.rows(
                    "SELECT DISTINCT e.public_id FROM datapoints d JOIN events e ON e.key = d.event"
                    " WHERE d.value IS NOT NULL AND d.time > ?", int((calm + CALM - 5) * 1e6))}
                stuck += [f"{name} after burst {bursts}" for name in events if name not in last]
                memory.append((time.monotonic() - began, resident(agent.program.pid) / 1e6))
        assert agent.stop()[0] == 0
        spoilt = simulator.stop()
    good = wrong = bad = 0
    for name, (unit, address) in events.items():
        before = None
        for _, at, value, _ in hub.store.datapoints(name):
            if value is None:
                bad += 1
                continue
            found = mistake(unit, address, value, at / 1e6 + steady, before)
            before = int(value) & (1 << 26) - 1
            good, wrong = good + (found is None), wrong + (found is not None)
            if found and wrong <= 20:
                print(f"{name} at {at}: {int(value)} is {found}", file=sys.stderr)
    settled = [megabytes for at, megabytes in memory if at > seconds / 3]
    show("modbus soak, good values", good, "", note=f"{bad} bad, {bursts} bursts in {seconds:.0f} s; {spoilt.split('> ')[-1]}")
    show("modbus soak, wrong values", wrong, "", note=f"goal 0  {'MISSED' if wrong else 'met'}")
    show("modbus soak, events stuck after a calm", len(stuck), "", note=f"goal 0  {'MISSED ' if stuck else 'met'}{stuck[:5] or ''}")
    show("modbus soak, memory of the agent grew by", settled[-1] - settled[0], "MB", GROWN, f"from {settled[0]:.1f} MB")


if __name__ == "__main__":
    minutes = 2 if is_quick(__doc__) else float(os.environ.get("WEBMACS_SOAK_MINUTES", "30"))
    with Setting() as where:
        asyncio.run(soak(60 * minutes, random.Random(chance.seed()), where))
