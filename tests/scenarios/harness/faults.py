"""The fault run: webmacs-sim misbehaves in every way it knows, webmacs-polls reads it with the agent's device code and
judges each value by what it says of itself."""

import json
import subprocess
from collections import Counter

from .programs import BUILD
from .simulator import Simulator

UNITS = (2, 4, 6)
POLLS = BUILD / "tests" / "bench" / "webmacs-polls"

# Those that cost a whole timeout are rarer, so that the run ends; `scale` multiplies all.
SLOW = ("late", "drop", "truncate", "dribble")
QUICK = ("extra", "wrong_transaction", "wrong_unit", "wrong_function", "busy", "disconnect")
RARE = ("exception2",)  # each takes an event out for a second or more


def rig(transport, timeout):
    """Three units with the same registers on one line, in groups of one request each: whatever is mixed up shows. A
    reply with a wrong unit names unit ^ 1, which must be nobody: one that is late as well would be that unit's reply."""
    lines = []
    for unit in UNITS:
        lines += [f"[device:plc{unit}]", "serial = /dev/ttyNONE" if transport == "rtu" else "host = 10.0.0.1",
                  f"unit = {unit}", f"timeout = {timeout}"]
        if unit != UNITS[0]:  # the first one has the usual retry, so that it goes down and rests now and then
            lines.append("retries = 10")
        for group, address in enumerate((0, 100, 200)):
            for part, (kind, order) in enumerate((("uint64", "ABCD"), ("float64", "DCBA"), ("uint32", "CDAB"))):
                first = address + 4 * part
                lines += [f"[event:u{unit}_{first}]", f"device = plc{unit}", f"register = holding:{first}",
                          f"type = {kind}", f"order = {order}", f"poll_interval = {group + 1}"]
    return "\n".join(lines) + "\n"


def chances(slow, quick, rare):
    """Each fault as webmacs-sim takes it, on its command line and on its standard input."""
    return [f"{kind}:{chance}" for kinds, chance in ((SLOW, slow), (QUICK, quick), (RARE, rare)) for kind in kinds]


class Figures:
    """What several bursts of faults brought, `during` them and `after` each."""

    def __init__(self):
        self.polls = self.good = self.wrong = self.seconds = 0
        self.bad = Counter()
        self.settled = []  # seconds from the end of each burst until every value was good again
        self.bad_after = Counter()
        self.spoilt = ""   # the simulator's last line

    def add(self, during, after):
        for part in (during, after):
            self.good += part["good"]
            self.wrong += part["wrong"]
        self.polls += during["polls"]
        self.seconds += during["seconds"]
        self.bad.update(during["bad"])
        self.bad_after.update(after["bad"])
        self.settled.append(after["settled"])


def run(folder, transport, polls, bursts, timeout, **shares):
    """`polls` in all, in `bursts` with faults and a calm after each."""
    faults = chances(**shares)
    figures = Figures()
    with Simulator(folder, transport, rig(transport, timeout), "--identify") as simulator:
        driver = None
        try:
            for burst in range(bursts):
                for fault in faults:
                    simulator.command(fault)
                if driver is None:
                    driver = subprocess.Popen(
                        ["setpriv", "--pdeathsig", "KILL", "--", POLLS, simulator.local, str(polls // bursts)],
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                else:
                    say(driver, "go on")
                during = hear(driver)
                simulator.command("none")
                say(driver, "calm")
                figures.add(during, hear(driver))
            driver.stdin.close()
            assert driver.wait(30) == 0
        finally:
            if driver is not None:
                driver.kill()
                driver.wait()
                driver.stdout.close()
        figures.spoilt = simulator.stop()
    return figures


def say(driver, word):
    driver.stdin.write(word + "\n")
    driver.stdin.flush()


def hear(driver):
    line = driver.stdout.readline()
    assert line, f"webmacs-polls ended with {driver.wait()}"
    return json.loads(line)
