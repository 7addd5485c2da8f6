"""A rig of many lines read by one agent, and what must become of each of its events."""

import asyncio
import json
import time

from .judged import Judged
from .programs import SLOWNESS
from .wait import until

SLOW_MACHINE = 0.15  # of the planned polls: what a sanitizer may cost


class ExpectedLines:
    def __init__(self):
        self._text = []
        self._events = {}  # name: (value, least, interval)
        self.judged = {}   # by name, once watched

    def add(self, *sections):
        """Texts of the rig file."""
        self._text.extend(sections)

    def expect(self, name, value, least, interval=0.5):
        """The only value that the event may ever have (None: it is never good), and the least part of its planned polls
        that must bring it."""
        self._events[name] = (value, least, interval)

    async def watch(self, scenario, settled, watched, meanwhile=None, **settings):
        """Runs an agent, judges what is stored in `watched` seconds, `settled` seconds after the first values came;
        `meanwhile(hub)` is called at their end, before the agent stops. Answers the agent's log."""
        hub = await scenario.hub().start()
        agent = (await scenario.agent("\n".join(self._text), hub, **settings)).start()
        await until(lambda: hub.store.count() > len(self._events), 20 * SLOWNESS)
        began = time.time() + settled
        await asyncio.sleep(settled + watched + 1)
        if meanwhile:
            await meanwhile(hub)
        scenario.assertEqual((await asyncio.to_thread(agent.stop))[0], 0)
        for name, (value, least, interval) in self._events.items():
            rows = hub.store.datapoints(name)
            judged = self.judged[name] = Judged(rows, began, began + watched, interval)
            print(f"{name}: {judged}")
            with scenario.subTest(name):
                scenario.assertTrue(rows, "neither a value nor a reason")
                scenario.assertEqual([row for row in rows if row[2] is not None and row[2] != value], [], "another value")
                if SLOWNESS != 1:
                    least -= SLOW_MACHINE
                # Whether one more poll falls into the time is chance.
                scenario.assertGreaterEqual(judged.kept + 1 / judged.planned, least, judged)
        return agent.program.log()


async def devices_of(hub, token, controller="rig1"):
    """What the hub shows of the controller's devices: name: (state, error or advice)."""
    listed = json.loads((await hub.get("/api/v1/controllers", token)).body)
    shown = listed["controllers"] if isinstance(listed, dict) else listed
    devices = next(each["devices"] for each in shown if each["name"] == controller)
    return {device["name"]: (device["state"], device["error"] or device.get("advice")) for device in devices}
