"""The fault run: webmacs-sim misbehaves in every way it knows, webmacs-polls reads it with the agent's device code and
judges each value by what it says of itself."""

import json
import subprocess

from .programs import BUILD
from .simulator import Simulator

POLLS = BUILD / "tests" / "bench" / "webmacs-polls"

# Those that cost a whole timeout are rarer, so that the run ends; `scale` multiplies all.
SLOW = ("late", "drop", "truncate", "dribble")
QUICK = ("extra", "wrong_transaction", "wrong_unit", "wrong_function", "busy", "disconnect")
RARE = ("exception2",)  # each takes an event out for a second or more


def rig(transport, timeout):
    """Three units with the same registers on one line, in groups of one request each: whatever is mixed up shows."""
    lines = []
    for unit in (1, 2, 3):
        lines += [f"[device:plc{unit}]", "serial = /dev/ttyNONE" if transport == "rtu" else "host = 10.0.0.1",
                  f"unit = {unit}", f"timeout = {timeout}", "retries = 10"]
        for group, address in enumerate((0, 100, 200)):
            for part, (kind, order) in enumerate((("uint64", "ABCD"), ("float64", "DCBA"), ("uint32", "CDAB"))):
                first = address + 4 * part
                lines += [f"[event:u{unit}_{first}]", f"device = plc{unit}", f"register = holding:{first}",
                          f"type = {kind}", f"order = {order}", f"poll_interval = {group + 1}"]
    return "\n".join(lines) + "\n"


def fault_arguments(slow, quick, rare):
    chances = [(SLOW, slow), (QUICK, quick), (RARE, rare)]
    return [word for kinds, chance in chances for kind in kinds for word in ("--fault", f"{kind}:{chance}")]


def run(folder, transport, polls, timeout, slow, quick, rare):
    """Answers the figures of the run with faults, those after it, and what the simulator says of itself."""
    with Simulator(folder, transport, rig(transport, timeout), "--identify",
                   *fault_arguments(slow, quick, rare)) as simulator:
        driver = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", POLLS, simulator.local, str(polls)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with driver:
            try:
                during = driver.stdout.readline()
                assert during, f"webmacs-polls ended with {driver.wait()}"
                simulator.command("none")
                after, _ = driver.communicate("calm\n")
                assert driver.returncode == 0
            finally:
                driver.kill()
        return json.loads(during), json.loads(after), simulator.stop()
