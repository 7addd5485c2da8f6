"""Times of the night when an hour comes twice, in the zone that is chosen, to the microsecond; and what a finger can do."""

import json
import time
import unittest

from harness.dashboard import SOON
from harness.plot import PlotScenario
from harness.times import microseconds, rfc3339
from harness.wait import until

PHONE = {"viewport": {"width": 360, "height": 740}, "hasTouch": True, "isMobile": True, "deviceScaleFactor": 2}
UNITS = ["°C", "mbar", "m³/h", "%"]


class DashboardTimes(PlotScenario):
    async def described(self, name, points, unit="°C"):
        await self.describe({"event_public_id": name, "name": name, "type": "analog", "unit": unit, "poll_interval": 600})
        await self.measured(name, points)

    async def stamp_has(self, text):
        stamps = await self.browser.texts(".legend .point-time")
        return any(text in stamp for stamp in stamps)

    async def test_the_hour_that_comes_twice_is_told_apart(self):
        begin = microseconds("2025-10-25T23:30:00Z")
        await self.described("t", [(begin + i * 600_000_000, i) for i in range(16)])
        browser = await self.open_live("trends?events=t&from=2025-10-25T23:30:00Z&to=2025-10-26T02:00:00Z")
        await self.drawn("t", 16)
        labels = [text for _, text in await self.labels("x")]
        self.assertEqual(len(set(labels)), len(labels), labels)
        await self.point_at(microseconds("2025-10-26T00:30:00Z"))
        await until(lambda: self.stamp_has("02:30:00 CEST"), SOON, "the first of both hours")
        await self.point_at(microseconds("2025-10-26T01:30:00Z"))
        await until(lambda: self.stamp_has("02:30:00 CET"), SOON, "the second")

        await browser.click("text=From … to")
        await browser.fill(".popover label:nth-of-type(1) input", "2025-10-26T02:10")
        await browser.call("selectOption", ".popover label:nth-of-type(1) select", {"label": "CEST"})
        await browser.fill(".popover label:nth-of-type(2) input", "2025-10-26T02:10")
        await browser.call("selectOption", ".popover label:nth-of-type(2) select", {"label": "CET"})
        await browser.click(".popover button")
        await until(lambda: self.address_has("from=2025-10-26T00:10:00.000Z&to=2025-10-26T01:10:00.000Z"), SOON,
                    "an interval from one to the other")

    async def test_a_time_that_the_clocks_skip_is_refused(self):
        await self.described("t", [(microseconds("2025-03-30T01:00:00Z"), 1)])
        browser = await self.open_live("trends?events=t&from=2025-03-30T00:00:00Z&to=2025-03-30T03:00:00Z")
        await browser.click("text=From … to")
        await browser.fill(".popover label:nth-of-type(1) input", "2025-03-30T02:30")
        await until(lambda: self.address_has("from=2025-03-30T00:00:00.000Z"), SOON, "the address as the page writes it")
        before = await browser.run("location.hash")
        await browser.click(".popover button")
        self.assertIn("skip", await browser.run("document.querySelector('.popover input').validationMessage"))
        self.assertEqual(await browser.run("location.hash"), before)

    async def test_another_zone_is_chosen_and_stays(self):
        await self.described("t", [(microseconds("2025-07-15T12:00:00Z"), 1)])
        browser = await self.open_live("trends?events=t&from=2025-07-15T11:00:00Z&to=2025-07-15T13:00:00Z")
        await self.drawn("t", 1)
        self.assertIn("Europe/Berlin", await browser.text(".zone option:checked"))
        await until(lambda: self.line_has("13:00"), SOON, "in the browser's zone")
        await browser.call("focus", ".zone select")
        await browser.call("selectOption", ".zone select", "Asia/Tokyo")
        await until(lambda: self.line_has("20:00"), SOON, "in Tokyo")
        await browser.call("reload")
        await until(lambda: self.line_has("20:00"), SOON, "after a reload, too")

    async def line_has(self, text):
        return await self.browser.count(".cursor-time") and text in await self.browser.text(".cursor-time")

    async def test_microseconds_are_told_apart(self):
        begin = microseconds("2025-07-15T12:00:00Z") + 250_000
        await self.described("t", [(begin + i * 100, i) for i in range(11)])
        browser = await self.open_live(f"trends?events=t&from={rfc3339(begin)}&to={rfc3339(begin + 1000)}")
        await self.drawn("t", 11)
        await self.point_at(begin + 310)
        await until(lambda: self.stamp_has("14:00:00.250300"), SOON, "the point's own time")
        labels = [text for _, text in await self.labels("x")]
        self.assertEqual(len(set(labels)), len(labels), labels)
        self.assertGreater(len(labels), 1)

    # ---- a finger

    async def touch(self, *steps):
        """Pairs of an event and its place."""
        await self.browser.call("touch", steps)

    async def test_a_finger_reads_past_values_extremes_and_every_axis(self):
        now = time.time_ns() // 1000 // 1_000_000 * 1_000_000
        for index, unit in enumerate(UNITS):
            await self.described(f"e{index}", [(now - 600_000_000 + i * 60_000_000, 100 * index + i) for i in range(10)], unit)
        events = ",".join(f"e{index}" for index in range(len(UNITS)))
        browser = await self.open_live(
            f"trends?events={events}&from={rfc3339(now - 600_000_000)}&to={rfc3339(now)}", **PHONE)
        await self.drawn("e3", 10)
        address = await browser.run("location.hash")

        async def tap_reads():  # wherever the plot was laid out meanwhile
            x, y = await self.place(0.31)
            await self.touch(("touchStart", (x, y)), ("touchEnd",))
            await self.frames()
            return await self.reads("e0", "3.0000")
        await until(tap_reads, SOON, lambda: f"what a tap points at, not {self.seen}", 0.5)
        box = await self.plot_box()
        x, y = await self.place(0.31)
        further = box["x"] + box["width"] * 0.61
        await self.touch(("touchStart", (further, y)))
        await until(lambda: self.reads("e0", "6.000"), SOON, "a finger that rests sets the cursor")
        await self.touch(("touchMove", ((x + further) / 2, y)), ("touchMove", (x, y)), ("touchEnd",))
        await until(lambda: self.reads("e0", "3.000"), SOON, "and has it when it moves")
        self.assertEqual(await browser.run("location.hash"), address, "the plot has not moved")
        for name in ("Min", "Max"):
            self.assertTrue(await browser.call("isVisible", f".legend tr[data-event=e0] [data-name={name}]"))

        self.assertEqual(await self.axes(), UNITS[:2])
        await browser.click(f'.axis-choice button:text-is("{UNITS[3]}")')
        await until(lambda: self.axes_have(UNITS[3]), SOON, "the axis that was asked for")
        await browser.call("setViewportSize", {"width": 740, "height": 360})
        await until(lambda: self.axes_are(UNITS), SOON, "across, all of them fit")

        await browser.call("setViewportSize", {"width": 360, "height": 740})
        await until(lambda: self.axes_are([UNITS[1], UNITS[3]]), SOON, lambda: f"upright again: {self.seen_axes}")
        await self.frames()
        box = await self.plot_box()
        y = box["y"] + box["height"] / 3
        left, right = box["x"] + 30, box["x"] + box["width"] - 30
        await self.touch(("touchStart", (left, y)), ("touchMove", ((left + right) / 2, y)), ("touchMove", (right, y)), ("touchEnd",))
        await until(lambda: self.address_is_not(address), SOON, "a finger that is drawn moves the plot")

    async def place(self, part):
        """A place on the page at so much of the plot's width."""
        box = await self.plot_box()
        return box["x"] + box["width"] * part, box["y"] + box["height"] / 3

    async def axes(self):
        return await self.browser.run("document.querySelector('.plot').plot.uplot.axes.slice(1).map((axis) => axis.scale)")

    async def axes_are(self, scales):
        self.seen_axes = await self.axes()
        return self.seen_axes == scales

    async def axes_have(self, scale):
        return scale in await self.axes()

    async def reads(self, name, value):
        selector = json.dumps(f".legend tr[data-event={name}] .value span")
        self.seen = await self.browser.run(f"document.querySelector({selector}).innerText")
        return self.seen.rstrip("0") == value.rstrip("0")

    async def address_is_not(self, text):
        return await self.browser.run("location.hash") != text


if __name__ == "__main__":
    unittest.main()
