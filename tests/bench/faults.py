"""The long fault run: every fault that webmacs-sim knows, over TCP and over a serial line, read with the agent's device
code. Every value says what it is; none may be taken for another."""

from setting import Setting, show

from harness import faults

TCP_POLLS = 1_000_000
RTU_POLLS = 100_000


def measure(transport, polls, **chances):
    with Setting() as setting:
        during, after, spoilt = faults.run(setting.folder, transport, polls, **chances)
    name = f"faults, {transport}"
    show(f"{name}, polls", during["polls"], "", note=f"in {during['seconds']:.0f} s; {spoilt.split('> ')[-1]}")
    show(f"{name}, good values", during["good"], "", note=f"bad: {during['bad']}")
    wrong = during["wrong"] + after["wrong"]
    show(f"{name}, wrong values", wrong, "", note=f"goal 0  {'MISSED' if wrong else 'met'}")
    show(f"{name}, resynchronised after", after["settled"], "s", 2.0)


if __name__ == "__main__":
    measure("tcp", TCP_POLLS, timeout="50ms", slow=0.0005, quick=0.005, rare=0.0002)
    measure("rtu", RTU_POLLS, timeout="200ms", slow=0.0005, quick=0.001, rare=0.0002)
