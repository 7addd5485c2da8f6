"""Many curves at once: signals that are on or off have a lane each, more than ten curves are told apart, also where the reader's
system chooses the colours; and a day of them comes to the page compressed."""

import json
import time
import unittest

from harness.dashboard import SOON
from harness.plot import PlotScenario
from harness.wait import until

SECOND = 1_000_000
MANY = 14


class DashboardCurves(PlotScenario):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.begin = time.time_ns() // 1000 // SECOND * SECOND - 300 * SECOND

    async def describe_all(self, names, **more):
        await self.describe(*[{"event_public_id": name, "name": name, "type": "analog", "poll_interval": 60, **more} for name in names])

    async def lanes(self, names):
        """(upper edge, lower edge) of each signal's lane, in device pixels."""
        return await self.browser.run(f"""(() => {{
          const {{ plot }} = document.querySelector('.plot');
          return {json.dumps(names)}.map((id) => {{
            const {{ lane }} = plot.placeOf(plot.uplot, plot.curves.find((curve) => curve.id === id));
            return [Math.min(lane.on, lane.off), Math.max(lane.on, lane.off)];
          }});
        }})()""")

    async def swatches(self):
        """How each curve's swatch is painted."""
        return await self.browser.run("[...document.querySelectorAll('.legend .swatch')].map((swatch) => {"
                                      " const style = getComputedStyle(swatch);"
                                      " return [style.borderTopColor, style.borderTopStyle, style.backgroundImage].join(); })")

    async def test_each_signal_that_is_on_or_off_has_a_lane_of_its_own(self):
        names = ["valve", "pump", "heater"]
        await self.describe_all(names, type="digital")
        await self.describe_all(["level"])
        for name in names:
            await self.measured(name, [(self.begin + i * 30 * SECOND, i % 2) for i in range(6)])
        await self.measured("level", [(self.begin + i * 30 * SECOND, 50 + i) for i in range(6)])
        await self.show([*names, "level"], self.begin, self.begin + 160 * SECOND)
        for name in [*names, "level"]:
            await self.drawn(name, 6)

        async def lowest():
            return await self.browser.run(
                "((plot) => plot.placeOf(plot.uplot, plot.curves.find((curve) => curve.id === 'level')).toY(50))"
                "(document.querySelector('.plot').plot)")

        async def above():
            return await lowest() < min(await self.lanes(names))[0]
        await until(above, SOON, "values stand above the lanes")
        lanes = sorted(await self.lanes(names))
        for (_, bottom), (top, _) in zip(lanes, lanes[1:]):
            self.assertLess(bottom, top, lanes)

    async def test_more_than_ten_curves_are_told_apart_in_any_colours(self):
        names = [f"curve{i}" for i in range(MANY)]
        await self.describe_all(names, unit="bar")
        for index, name in enumerate(names):
            await self.measured(name, [(self.begin + i * 60 * SECOND, index + i / 10) for i in range(3)])
        await self.show(names, self.begin, self.begin + 160 * SECOND)
        for name in names:
            await self.drawn(name, 3)
        swatches = await self.swatches()
        self.assertEqual(len(set(swatches)), MANY, swatches)
        for forced in ({"contrast": "more"}, {"forcedColors": "active"}):
            await self.browser.call("emulateMedia", forced)
            await self.frames()
            swatches = await self.swatches()
            self.assertEqual(len(set(swatches)), MANY, (forced, swatches))

    async def test_a_day_of_curves_comes_compressed(self):
        names = [f"curve{i}" for i in range(8)]
        await self.describe_all(names)
        for name in names:
            await self.measured(name, [(self.begin + i * SECOND, i % 17 / 10) for i in range(250)])
        await self.show(names, self.begin, self.begin + 260 * SECOND)
        await self.drawn(names[-1], 250)
        await until(self.came_small, SOON, lambda: f"a fraction came over the line: {self.sizes}")

    async def came_small(self):
        self.sizes = await self.browser.run("performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/series'))"
                                            ".map(({ encodedBodySize, decodedBodySize }) => [encodedBodySize, decodedBodySize])")
        long = [(encoded, decoded) for encoded, decoded in self.sizes if decoded > 10_000]
        return long and all(0 < encoded < decoded / 3 for encoded, decoded in long)


if __name__ == "__main__":
    unittest.main()
