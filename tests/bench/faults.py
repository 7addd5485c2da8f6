"""The long fault run: every fault that webmacs-sim knows, over TCP and over a serial line, read with the agent's device
code. Every value says what it is; none may be taken for another. In ten bursts, with a calm after each: how long until
every value of every unit is good again."""

from setting import Setting, is_quick, show

from harness import faults

TCP_POLLS = 1_000_000
RTU_POLLS = 100_000
BURSTS = 10


def measure(transport, polls, **shares):
    with Setting() as setting:
        figures = faults.run(setting.folder, transport, polls, BURSTS, **shares)
    name = f"faults, {transport}"
    show(f"{name}, polls", figures.polls, "", note=f"in {figures.seconds:.0f} s; {figures.spoilt.split('> ')[-1]}")
    show(f"{name}, good values", figures.good, "", note=f"bad: {dict(figures.bad)}")
    show(f"{name}, wrong values", figures.wrong, "", note=f"goal 0  {'MISSED' if figures.wrong else 'met'}")
    show(f"{name}, resynchronised after at most", max(figures.settled), "s", 2.0)


if __name__ == "__main__":
    part = 20 if is_quick(__doc__) else 1
    measure("tcp", TCP_POLLS // part, timeout="50ms", slow=0.0005, quick=0.005, rare=0.0002)
    measure("rtu", RTU_POLLS // part, timeout="200ms", slow=0.0005, quick=0.001, rare=0.0002)
