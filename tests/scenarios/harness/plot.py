"""What scenarios of the trends share: a rig whose readings a test makes up, and a plot that it points at."""

import json

from .controller import Controller, reading
from .dashboard import SOON, DashboardScenario
from .times import rfc3339
from .wait import until

READINGS_AT_ONCE = 400


class PlotScenario(DashboardScenario):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        await self.server.start()
        self.controller = await Controller.connect(self.server, await self.server.token("rig", "controller"), ack=1)
        self.addAsyncCleanup(self.controller.close)
        await self.controller.receive()

    async def describe(self, *events):
        await self.controller.send({"type": "events", "events": list(events)})

    async def measured(self, name, points):
        """[(microseconds, value, or None for a bad one)]"""
        for first in range(0, len(points), READINGS_AT_ONCE):
            batch = [reading(name, value, rfc3339(at), **({} if value is not None else {"quality": "bad", "reason": "timeout"}))
                     for at, value in points[first:first + READINGS_AT_ONCE]]
            answer = await self.controller.ask({"batch": first + 1, "backlog": True, "datapoints": batch})
            self.assertEqual(answer["stored"], len(batch), answer)

    async def show(self, names, begin, end, **options):
        """A plot of these events from `begin` to `end`, in a browser with these options when there is none yet."""
        route = f"trends?events={','.join(names)}&from={rfc3339(begin)}&to={rfc3339(end)}"
        if self.browser:
            await self.browser.go(route)
        else:
            await self.open_live(route, **options)
        await self.browser.see(".plot canvas")

    async def drawn(self, name, count):
        await until(lambda: self.has_points(name, count), SOON, f"{count} points of {name}")
        await self.frames()

    async def has_points(self, name, count):
        return await self.browser.count(".plot canvas") and len(await self.plotted(name)) >= count

    async def frames(self):
        """Whatever asked for the next frame was called in it."""
        await self.browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    async def point_at(self, at):
        """The cursor stands at that time, wherever the plot was laid out meanwhile."""
        async def stands():
            box = await self.plot_box()
            x = await self.browser.run(f"document.querySelector('.plot').plot.uplot.valToPos({at / 1000}, 'x')")
            await self.browser.call("move", box["x"] + x, box["y"] + box["height"] / 2)
            await self.frames()
            return await self.browser.run(
                f"((plot) => plot.cursor.left >= 0 && Math.abs(plot.valToPos({at / 1000}, 'x') - plot.cursor.left) < 1.5)"
                "(document.querySelector('.plot').plot.uplot)")
        await until(stands, SOON, f"the cursor is at {rfc3339(at)}")
        await until(self.at_cursor, SOON, "the table shows the cursor's values")

    async def at_cursor(self):
        return "At cursor" in await self.browser.text(".legend thead")

    async def labels(self, scale):
        """[(value, text)] of the marks of an axis; that of time is "x"."""
        return await self.browser.run(
            "((plot) => { const axis = plot.axes.find((a) => a.scale === " + json.dumps(scale) + ");"
            " return axis._splits.map((value, i) => [value, axis._values[i]]); })(document.querySelector('.plot').plot.uplot)")

    async def row(self, name, column):
        return await self.browser.run(f"document.querySelector('.legend tr[data-event={name}] td:nth-child({column})').innerText")

    async def row_is(self, name, column, text):
        return await self.row(name, column) == text
