"""Compares what a unit was asked for with what the hub's store holds: each reading that was polled is there, once, with
its original time. What may miss, the caller says."""

import time
from collections import Counter
from dataclasses import dataclass, field

CLOCK_GRAIN = 0.001  # seconds: the journal's clock is read as a float, the agent's is cut to microseconds


@dataclass
class Run:
    """One life of the agent."""
    start: float
    end: float = float("inf")  # just before it was killed or told to stop
    killed: bool = False


@dataclass
class Findings:
    polled: int = 0
    stored: int = 0
    explained: int = 0                               # they miss, and may
    unexplained: list = field(default_factory=list)  # texts
    twice: list = field(default_factory=list)
    invented: list = field(default_factory=list)
    wrong_time: list = field(default_factory=list)

    @property
    def faults(self):
        return self.unexplained + self.twice + self.invented + self.wrong_time

    def __str__(self):
        return (f"{self.polled} readings polled, {self.stored} stored, {self.explained} missing as they may, "
                f"{len(self.unexplained)} missing unexplained, {len(self.twice)} stored twice, "
                f"{len(self.invented)} invented, {len(self.wrong_time)} with a wrong time")


class Ledger:
    """The events evt_0, evt_1, … of `block` (a CountingBlock), and the agent's lives."""

    def __init__(self, block, store):
        self.block = block
        self.store = store
        self.runs = []
        self.closed = float("inf")  # the unit went: bad readings from then on are true

    @property
    def channels(self):
        return len(self.block.served)

    def events(self):
        """The [event:…] sections of the rig file."""
        return "".join(f"[event:evt_{i}]\ndevice = plc\nregister = holding:{2 * i}\ntype = uint32\n"
                       for i in range(self.channels))

    def polls(self):
        return len(self.block.served[-1])

    # ---- the agent's lives; what it asked for is its own until the next one starts

    def started(self):
        self.runs.append(Run(time.time()))

    def ends(self, killed):
        """To be called just before."""
        self.runs[-1].end = time.time()
        self.runs[-1].killed = killed

    # ---- the comparison

    def compare(self, unsaved_seconds=0.0):
        """Of each life the last request of each channel may miss: it was in the air. Of one that was killed also what
        was answered in its last `unsaved_seconds`."""
        findings = Findings()
        for channel, journal in enumerate(self.block.served):
            self._compare_channel(findings, f"evt_{channel}", journal, unsaved_seconds)
        return findings

    def _compare_channel(self, findings, event, journal, unsaved_seconds):
        rows = self.store.datapoints(event)
        good = [(int(value), moment / 1e6) for _, moment, value, reason in rows if reason is None]
        values = [value for value, _ in good]
        served = dict(journal)
        findings.polled += len(journal)
        findings.stored += len(good)
        findings.twice += [f"{event} {value}: {n} times" for value, n in Counter(values).items() if n > 1]
        findings.invented += [f"{event} {value} at {moment}" for value, moment in good if value not in served]
        findings.invented += [f"{event}: bad ({reason}) at {moment / 1e6}" for _, moment, _, reason in rows
                              if reason is not None and moment / 1e6 < self.closed]
        if values != sorted(values):
            findings.wrong_time.append(f"{event}: the values' order is not that of their times")
        for value, moment in good:
            # The agent asks again only after it has handled the reply.
            later = served.get(value + 1, float("inf"))
            if value in served and not served[value] - CLOCK_GRAIN <= moment <= later + CLOCK_GRAIN:
                findings.wrong_time.append(f"{event} {value}: {moment}, but asked at {served[value]}, next at {later}")
        self._find_missing(findings, event, journal, set(values), unsaved_seconds)

    def _find_missing(self, findings, event, journal, values, unsaved_seconds):
        for number, run in enumerate(self.runs):
            until = self.runs[number + 1].start if number + 1 < len(self.runs) else float("inf")
            asked = [(value, moment) for value, moment in journal if run.start <= moment < until]
            for value, moment in asked:
                if value in values:
                    continue
                in_the_air = value == asked[-1][0]
                if in_the_air or (run.killed and moment >= run.end - unsaved_seconds):
                    findings.explained += 1
                else:
                    findings.unexplained.append(
                        f"{event} {value}, asked at {moment}, {run.end - moment:.3f} s and "
                        f"{asked[-1][0] - value} requests before the agent's end")
