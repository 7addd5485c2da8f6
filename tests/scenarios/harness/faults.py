"""The fault run: webmacs-sim misbehaves in every way it knows, webmacs-polls reads it with the agent's device code and
judges each value by what it says of itself."""

import json
import subprocess
import time
from collections import Counter

from .programs import BUILD
from .simulator import Simulator

UNITS = (2, 4, 6)
POLLS = BUILD / "tests" / "bench" / "webmacs-polls"

LATE = "late:{}:0.5-10"  # in timeouts: from one that is in time to the latest that is ever waited for
# A unit that stopped its line for ten timeouts rests for twenty times as long, and longer beside another one.
SETTLED_WITHIN = 500  # timeouts after the last fault
# Those that cost a whole timeout are rarer, so that the run ends.
SLOW = ("drop", "truncate", "wrong_checksum", "dribble")
QUICK = ("extra", "leading", "trailing", "wrong_transaction", "wrong_unit", "wrong_function", "busy", "disconnect")
RARE = ("exception2", "short")  # each takes an event out for a second or more

PORT = {"tcp": "host = 10.0.0.{line}\n", "rtu": "serial = /dev/ttyNONE{line}\nbaud = 115200\n",
        "rtu_over_tcp": "transport = rtu_over_tcp\nhost = 10.0.0.{line}\n"}


def rig(transport, lines, timeout):
    """Three units with the same registers on each line, in groups of one request each: whatever is mixed up shows. A
    reply with a wrong unit names unit ^ 1, which must be nobody: one that is late as well would be that unit's reply."""
    text = []
    for line in range(1, lines + 1):
        for unit in UNITS:
            device = f"plc{line}_{unit}"
            text.append(f"[device:{device}]\n{PORT[transport].format(line=line)}unit = {unit}\ntimeout = {timeout}s\n")
            if unit != UNITS[0]:  # the first one has the usual retry, so that it goes down and rests now and then
                text.append("retries = 10\n")
            for group, address in enumerate((0, 100, 200)):
                for part, (kind, order) in enumerate((("uint64", "ABCD"), ("float64", "DCBA"), ("uint32", "CDAB"))):
                    first = address + 4 * part
                    text.append(f"[event:{device}_{first}]\ndevice = {device}\nregister = holding:{first}\n"
                                f"type = {kind}\norder = {order}\npoll_interval = {group + 1}\n")
    return "".join(text)


def chances(late, slow, quick, rare):
    """Each fault as webmacs-sim takes it, on its command line and on its standard input."""
    return [LATE.format(late)] + [f"{kind}:{chance}" for kinds, chance in ((SLOW, slow), (QUICK, quick), (RARE, rare))
                                  for kind in kinds]


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


class Driver:
    """webmacs-polls, and what it prints for what it is told."""

    def __init__(self, rig_file):
        self._process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", POLLS, rig_file],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def say(self, words):
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"webmacs-polls ended with {self._process.wait()}"
        return json.loads(line)


def run(folder, transport, polls, bursts, timeout, lines=1, **shares):
    """`polls` in all, in `bursts` with faults and a calm after each. `timeout` in seconds."""
    figures = Figures()
    with Simulator(folder, transport, rig(transport, lines, timeout), "--identify") as simulator, \
            Driver(simulator.local) as driver:
        if transport != "tcp":
            learn_of_late_replies(simulator, driver, timeout)
        for _ in range(bursts):
            for fault in chances(**shares):
                simulator.command(fault)
            during = driver.say(f"run {polls // bursts}")
            simulator.command("none")
            figures.add(during, driver.say("settle"))
        figures.spoilt = simulator.stop()
    return figures


def learn_of_late_replies(simulator, driver, timeout):
    """A reply that is later than three timeouts can be told once one so late was seen on its line."""
    simulator.command("late:1:8-9")
    assert driver.say("first")["good"] == 0
    simulator.command("none")
    time.sleep(25 * timeout)  # it has come, and that to the retry behind it
    assert driver.say("settle")["wrong"] == 0
