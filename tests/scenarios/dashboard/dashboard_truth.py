"""What is drawn and read out is what was measured: axes, the cursor, values that hold, times without data, a pump that covers
nothing else."""

import json
import time
import unittest

from harness.dashboard import SOON
from harness.plot import PlotScenario
from harness.times import rfc3339
from harness.wait import until

SECOND = 1_000_000
DAY = 86_400 * SECOND


def event(name, **more):
    return {"event_public_id": name, "name": name, "type": "analog", "unit": "°C", "min_value": None, "max_value": None,
            "poll_interval": 10, "max_silence": None, "device": "plc", **more}


class DashboardTruth(PlotScenario):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.now = time.time_ns() // 1000 // SECOND * SECOND

    async def reads(self, name, value, at):
        """That the row has the value, and the time at which it was measured."""
        async def so():
            text = await self.browser.run(f"document.querySelector('.legend tr[data-event={name}] .value span').innerText")
            stamp = await self.browser.run(f"document.querySelector('.legend tr[data-event={name}] .point-time').title")
            self.seen = (text, stamp)
            return text == value and time.strftime("%H:%M:%S", time.gmtime(at // SECOND)) in stamp
        await until(so, SOON, lambda: f"{name}: {value} of {rfc3339(at)}, but {self.seen}")

    async def colored(self, name, at, value):
        """Whether the plot has the curve's colour there."""
        return await self.browser.run("""((name, at, value) => {
          const { plot } = document.querySelector('.plot');
          const curve = plot.curves.find((known) => known.id === name);
          const { ctx } = plot.uplot;
          const x = Math.round(plot.uplot.valToPos(at, 'x', true));
          const y = Math.round(plot.placeOf(plot.uplot, curve).toY(value));
          const swatch = document.querySelector(`.legend tr[data-event=${name}] .swatch`);
          const [r, g, b] = getComputedStyle(swatch).borderTopColor.match(/[0-9]+/g).map(Number);
          const { data } = ctx.getImageData(x - 1, y - 2, 3, 5);
          for (let i = 0; i < data.length; i += 4) {
            if (Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 40) return true;
          }
          return false;
        })(%s, %s, %s)""" % (json.dumps(name), at / 1000, value))

    # ---- axes

    async def test_every_label_is_its_marks_value_and_no_two_are_alike(self):
        ranges = {"steps_of_two_and_a_half": (265, 275), "tiny": (1.2e-12, 9.7e-12), "huge": (1.23e9, 1.23e9 + 9),
                  "close": (5.00001, 5.00002), "negative": (-0.0004, 0.0003)}
        await self.describe(*[event(name) for name in ranges])
        begin = self.now - 600 * SECOND
        for name, (low, high) in ranges.items():
            await self.measured(name, [(begin + i * 10 * SECOND, low + (high - low) * i / 20) for i in range(21)])
            await self.show([name], begin - 10 * SECOND, begin + 210 * SECOND)
            await self.drawn(name, 21)
            labels = await self.labels("°C")
            self.assertGreater(len(labels), 2, name)
            texts = [text for _, text in labels]
            self.assertEqual(len(set(texts)), len(texts), texts)
            for value, text in labels:
                self.assertEqual(float(text.replace(",", "")), value, f"{name}: {texts}")
            self.assertNotEqual(await self.row(name, 3), await self.row(name, 4), f"{name}: Min and Max")

    # ---- the cursor

    async def test_a_valve_is_closed_until_it_opened(self):
        await self.describe(event("valve", type="digital", unit=None, poll_interval=60))
        opened = self.now - 300 * SECOND
        await self.measured("valve", [(opened - 60 * SECOND, 0), (opened, 1), (opened + 60 * SECOND, 0)])
        await self.show(["valve"], opened - 90 * SECOND, opened + 90 * SECOND)
        await self.drawn("valve", 3)
        await self.point_at(opened - 20 * SECOND)
        await self.reads("valve", "off", opened - 60 * SECOND)
        await self.point_at(opened + 20 * SECOND)
        await self.reads("valve", "on", opened)

    async def test_a_temperature_is_read_at_its_nearest_point_with_that_points_time(self):
        await self.describe(event("temperature"))
        begin = self.now - 300 * SECOND
        await self.measured("temperature", [(begin + i * 10 * SECOND, 20 + i) for i in range(11)])
        await self.show(["temperature"], begin, begin + 100 * SECOND)
        await self.drawn("temperature", 11)
        await self.point_at(begin + 33 * SECOND)
        await self.reads("temperature", "23.00", begin + 30 * SECOND)
        await self.point_at(begin + 37 * SECOND)
        await self.reads("temperature", "24.00", begin + 40 * SECOND)

    async def test_a_short_opening_in_a_month_is_read_out_exactly(self):
        await self.describe(event("valve", type="digital", unit=None, poll_interval=3600))
        begin = self.now - 30 * DAY
        noise = [(begin + i * 300 * SECOND, i % 2) for i in range(8640)]
        opened = begin + 7 * DAY
        calm = [(at, value) for at, value in noise if not opened - 3600 * SECOND < at < opened + 3600 * SECOND]
        await self.measured("valve", sorted(calm + [(opened - 1200 * SECOND, 0), (opened, 1), (opened + 420 * SECOND, 0)]))
        await self.show(["valve"], begin, self.now)
        await self.drawn("valve", 1000)
        await self.point_at(opened + 200 * SECOND)
        at = await self.browser.run("((u) => u.posToVal(u.cursor.left, 'x'))(document.querySelector('.plot').plot.uplot)")
        points = [(t, v) for _, t, v, _ in self.server.store.datapoints("valve") if t <= 1000 * at]
        await self.reads("valve", "on" if points[-1][1] else "off", points[-1][0])

    # ---- values that hold

    async def test_a_setpoint_is_drawn_in_steps_and_as_a_line_on_request(self):
        await self.describe(event("setpoint", max_silence=60))
        begin = self.now - 300 * SECOND
        await self.measured("setpoint", [(begin, 10), (begin + 100 * SECOND, 20), (begin + 110 * SECOND, 20)])
        await self.show(["setpoint"], begin - 10 * SECOND, begin + 120 * SECOND)
        await self.drawn("setpoint", 3)
        half = begin + 50 * SECOND
        await until(lambda: self.colored("setpoint", half, 10), SOON, "it holds")
        self.assertFalse(await self.colored("setpoint", half, 15), "no ramp")
        await self.browser.click(".legend .shape")
        await until(lambda: self.colored("setpoint", half, 15), SOON, "a line on request")
        await until(lambda: self.address_has("lines=setpoint"), SOON, "the choice is in the address")

    async def test_what_held_before_the_left_edge_holds_in_the_plot(self):
        await self.describe(event("setpoint", max_silence=3600))
        begin = self.now - 7200 * SECOND
        await self.measured("setpoint", [(begin, 10), (begin + 5400 * SECOND, 20)])
        await self.show(["setpoint"], begin + 3000 * SECOND, begin + 3300 * SECOND)
        await self.drawn("setpoint", 2)
        await until(lambda: self.colored("setpoint", begin + 3150 * SECOND, 10), SOON, "the value that held")
        await self.point_at(begin + 3150 * SECOND)
        await self.reads("setpoint", "10.000", begin)

    async def test_what_held_is_drawn_though_the_event_is_described_late(self):
        await self.describe(event("setpoint", max_silence=3600))
        begin = self.now - 7200 * SECOND
        await self.measured("setpoint", [(begin, 10), (begin + 5400 * SECOND, 20)])
        await self.open_live("agents")
        await self.browser.call("hold", "**/api/v1/events*", 2000)
        await self.browser.call("reload")
        await self.show(["setpoint"], begin + 3000 * SECOND, begin + 3300 * SECOND)
        await until(lambda: self.colored("setpoint", begin + 3150 * SECOND, 10), SOON, "the value that held")

    async def test_a_held_value_reaches_until_now(self):
        await self.describe(event("setpoint", max_silence=600))
        await self.measured("setpoint", [(self.now - 120 * SECOND, 42)])
        await self.open_live("trends?events=setpoint&range=5m")
        await self.drawn("setpoint", 1)
        await until(lambda: self.colored("setpoint", time.time_ns() // 1000 - 3 * SECOND, 42), SOON, "until now")

    # ---- no data

    async def test_a_range_without_data_says_so_and_shows_the_way(self):
        await self.describe(event("temperature"))
        old = self.now - 90 * DAY
        await self.measured("temperature", [(old + i * 10 * SECOND, 20 + i) for i in range(10)] + [(self.now - 60 * SECOND, 99)])
        await self.show(["temperature"], self.now - 30 * DAY, self.now - 29 * DAY)
        await self.browser.see(".no-data [data-side=after]")
        self.assertIn("No data from", await self.browser.text(".no-data"))
        self.assertEqual([await self.row("temperature", column) for column in (3, 4)], ["—", "—"])
        self.assertEqual(await self.labels("°C"), [], "no axis of points that are months away")
        await self.browser.click(".no-data [data-side=before]")
        await self.drawn("temperature", 10)
        await self.browser.call("waitForSelector", ".no-data", {"state": "hidden"})
        await until(lambda: self.row_is("temperature", 4, "29.00"), SOON, "the newest before")

    async def test_inside_a_gap_nothing_is_read_out(self):
        await self.describe(event("temperature"))
        begin = self.now - 3600 * SECOND
        await self.measured("temperature", [(begin, 20), (begin + 10 * SECOND, 21), (begin + 1000 * SECOND, 90), (begin + 1010 * SECOND, 91)])
        await self.show(["temperature"], begin + 300 * SECOND, begin + 700 * SECOND)
        await self.browser.see(".no-data [data-side=before]")
        await self.browser.see(".no-data [data-side=after]")
        self.assertEqual(await self.row("temperature", 3), "—")
        await self.point_at(begin + 500 * SECOND)
        self.assertEqual(await self.row("temperature", 2), "—")

    # ---- many points in a pixel

    async def test_a_fast_pump_covers_no_other_curve(self):
        await self.describe(event("pump", poll_interval=1), event("level", poll_interval=600))
        begin = self.now - 7200 * SECOND
        await self.measured("level", [(begin + i * 600 * SECOND, 50) for i in range(12)])
        await self.measured("pump", [(begin + i * SECOND, (i * 37) % 101) for i in range(6600)])
        for names in (["pump", "level"], ["level", "pump"]):
            await self.show(names, begin, begin + 6600 * SECOND)
            await self.drawn("pump", 1000)
            await self.drawn("level", 11)
            await until(lambda: self.colored("level", begin + 3300 * SECOND, 50), SOON, "the level is seen before the pump")
            await until(lambda: self.colored("pump", begin + 3300 * SECOND, 20), SOON, "the pump's band is in its colour")


if __name__ == "__main__":
    unittest.main()
