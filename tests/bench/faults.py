"""The long fault run: every fault that webmacs-sim knows, replies of up to ten timeouts late among them (one in 100), over
TCP, serial lines and serial servers, read with the agent's device code. Every value says what it is and when it was
read: none may be taken for another, and none may be older than the first try of its request. In ten bursts, with a calm
after each: how long until every value of every unit is good again."""

from setting import Setting, is_quick, show

from harness import faults

POLLS = {"tcp": 1_000_000, "rtu_over_tcp": 120_000, "rtu": 80_000}
BURSTS = 10
TIMEOUT = 0.08
LINES = 8


def measure(transport, polls, **shares):
    with Setting() as setting:
        figures = faults.run(setting.folder, transport, polls, BURSTS, TIMEOUT, LINES, late=0.01, **shares)
    name = f"faults, {transport}"
    show(f"{name}, polls", figures.polls, "", note=f"in {figures.seconds:.0f} s; {figures.spoilt.split('> ')[-1]}")
    show(f"{name}, good values", figures.good, "", note=f"bad: {dict(figures.bad)}")
    show(f"{name}, wrong values", figures.wrong, "", note=f"goal 0  {'MISSED' if figures.wrong else 'met'}")
    show(f"{name}, resynchronised after at most", max(figures.settled), "s", faults.SETTLED_WITHIN * TIMEOUT)


if __name__ == "__main__":
    part = 20 if is_quick(__doc__) else 1
    measure("tcp", POLLS["tcp"] // part, slow=0.0005, quick=0.005, rare=0.0002)
    for frames in ("rtu_over_tcp", "rtu"):
        measure(frames, POLLS[frames] // part, slow=0.0005, quick=0.001, rare=0.0002)
