"""Readings that come without a pause, as an agent sends them: what was not acknowledged is sent again, over a new
connection if need be, and what was is remembered."""

import asyncio
import random

import websockets

from .controller import Controller, reading
from .programs import SLOWNESS
from .times import microseconds, rfc3339

T0 = microseconds("2025-01-31T23:59:59Z")  # two months
STEP = 10_000  # microseconds
GONE = (OSError, websockets.WebSocketException, asyncio.TimeoutError)


class Flow:
    def __init__(self, hub, token, seed=7, pause=0.0):
        self.hub, self.token, self.pause = hub, token, pause
        self.acknowledged = {}  # microseconds -> value
        self.busy = 0
        self._chance = random.Random(seed)
        self._enough = False

    def start(self):
        self._task = asyncio.create_task(self._run())
        return self

    async def stop(self):
        """After the next acknowledgement."""
        self._enough = True
        await asyncio.wait_for(self._task, 90 * SLOWNESS)

    @property
    def count(self):
        if self._task.done():
            self._task.result()  # why it ended
        return len(self.acknowledged)

    async def _run(self):
        sent, controller = 0, None
        while not self._enough:
            number = self._chance.randint(1, 300)
            batch = [reading(f"evt_{i % 3}", i, rfc3339(T0 + i * STEP)) for i in range(sent, sent + number)]
            answer = {"type": "none"}
            while answer["type"] != "ack":
                try:
                    if controller is None:
                        controller = await Controller.connect(self.hub, self.token, ack=1)
                        await controller.receive()
                    answer = await controller.ask({"batch": sent, "datapoints": batch}, 60 * SLOWNESS)
                except GONE:
                    controller = None
                    await asyncio.sleep(0.05)
                    continue
                if answer["type"] == "busy":
                    self.busy += 1
                    await asyncio.sleep(0.1)
                else:
                    assert answer["type"] == "ack" and answer["rejected"] == [], answer
            assert answer["stored"] + answer["duplicates"] == number, answer
            self.acknowledged.update({T0 + i * STEP: float(i) for i in range(sent, sent + number)})
            sent += number
            await asyncio.sleep(self.pause)
        if controller:
            await controller.close()

    def compare(self, rows):
        """`rows`: (microseconds, value) of all that is stored. Everything acknowledged is there once; what was under way
        may be there, too."""
        found = dict(rows)
        assert len(found) == len(rows), "a reading is stored twice"
        lost = {time: value for time, value in self.acknowledged.items() if found.get(time) != value}
        assert not lost, f"{len(lost)} acknowledged readings are not stored, the first: {min(lost.items())}"
        more = found.keys() - self.acknowledged.keys()
        assert len(more) <= 300, f"{len(more)} readings are stored that nobody acknowledged"
        assert all(value == (time - T0) // STEP for time, value in rows)
