"""Going back, addresses that hold what one looks at, and small things that mislead when they are wrong."""

import time
import unittest

from harness.controller import Controller, reading
from harness.dashboard import EVENTS, SOON, DashboardScenario
from harness.rest import Rest
from harness.times import rfc3339
from harness.wait import until

REASON = "exception 4 of unit 17: the slave device failed; the manual says to check the sensor's supply and its fuse F3"


class DashboardViews(DashboardScenario):
    async def address_is(self, text):
        return await self.browser.run("location.hash") == text

    async def drag(self, begin, end):
        box = await self.plot_box()
        middle = box["y"] + box["height"] / 2
        await self.browser.call("drag", box["x"] + box["width"] * begin, middle, box["x"] + box["width"] * end, middle)

    async def sees(self, selector, text):
        return any(text in found for found in await self.browser.texts(selector))

    async def shown_tiles(self):
        return await self.browser.run("[...document.querySelectorAll('.tile')].filter((t) => !t.hidden).map((t) => t.dataset.event)")

    # ---- the history of the view

    async def test_back_is_the_view_before(self):
        await self.start_rig()
        browser = await self.open_live("trends?events=air_flow&range=15m")
        await self.drag(0.2, 0.8)
        await until(lambda: self.address_has("from="), SOON, "what was drawn is shown")
        first = await browser.run("location.hash")
        await self.drag(0.3, 0.6)
        await until(lambda: self.address_is_another(first), SOON, "again")
        await browser.click('.picker input[value=gas_valve]')
        await until(lambda: self.address_has("gas_valve"), SOON, "one event more")
        await browser.call("goBack")
        await until(lambda: self.has_no("gas_valve"), SOON, "without it")
        await browser.call("goBack")
        await until(lambda: self.address_is(first), SOON, "the first zoom")
        await browser.call("goBack")
        await until(lambda: self.address_is("#/trends?events=air_flow&range=15m"), SOON, "the beginning")
        self.assertEqual(await browser.text(".segmented [aria-pressed=true]"), "15 min")

    async def address_is_another(self, text):
        return not await self.address_is(text)

    async def has_no(self, text):
        return not await self.address_has(text)

    async def test_a_double_click_undoes_a_zoom(self):
        await self.start_rig()
        browser = await self.open_live("trends?events=air_flow&range=15m")
        await self.drag(0.2, 0.8)
        await until(lambda: self.address_has("from="), SOON, "what was drawn is shown")
        box = await self.plot_box()
        await browser.call("doubleClick", box["x"] + 200, box["y"] + 100)
        await until(lambda: self.address_is("#/trends?events=air_flow&range=15m"), SOON, "as it was")

    async def test_the_form_of_an_interval_closes_when_one_goes_on_elsewhere(self):
        await self.start_rig()
        browser = await self.open_live("trends?events=air_flow&range=15m")
        await browser.click("text=From … to")
        await browser.see(".popover form")
        box = await self.plot_box()
        await browser.call("move", box["x"] + 400, box["y"] + 300)
        await browser.call("doubleClick", box["x"] + 400, box["y"] + 300)
        await browser.call("waitForSelector", ".popover form", {"state": "hidden"})

    async def test_the_overviews_filter_is_in_the_address(self):
        await self.start_rig()
        browser = await self.open_live()
        await until(lambda: browser.count(".rig-heading .fact"), SOON)
        await browser.fill(".toolbar input", "valve")
        await until(lambda: self.address_is("#/overview?find=valve"), SOON, "the text")
        await browser.click(".segmented [data-kind=bad]")
        await until(lambda: self.address_is("#/overview?show=bad&find=valve"), SOON, "the kind")
        await browser.call("goBack")
        await until(lambda: self.tiles_are(["gas_valve"]), SOON, "back to the text alone")
        await browser.call("reload")
        await until(lambda: self.tiles_are(["gas_valve"]), SOON, "it comes back by its address")

    async def tiles_are(self, ids):
        return await self.shown_tiles() == ids

    async def test_a_wrong_address_says_so(self):
        await self.start_rig()
        browser = await self.open_live("nowhere")
        await until(lambda: self.sees("main", "There is no page “nowhere”"), SOON)
        await browser.go("trends?events=air_flow&range=5y")
        await until(lambda: self.sees("[role=alert]", "range=5y"), SOON)
        self.assertTrue(await self.address_has("range=5y"), "and it stays")
        await browser.go("trends?events=air_flow,no_such_event&range=5m")
        await until(lambda: self.sees("[role=alert]", "The hub knows no event “no_such_event”"), SOON)
        await browser.go("overview?show=broken")
        await until(lambda: self.sees("[role=alert]", "show=broken"), SOON)

    async def test_a_second_tab_is_signed_in_and_signs_out_with_the_first(self):
        await self.start_rig()
        browser = await self.open_live()
        await browser.call("openInTab", "nav a[href='#/agents']")
        await browser.state("live")
        await browser.see(".agents")
        await browser.call("previousTab")
        await browser.click(".sign-out")
        await browser.see(".sign-in")
        await browser.call("previousTab")
        await browser.see(".sign-in")
        self.assertEqual(await browser.run("[sessionStorage, localStorage].map((kept) => kept.getItem('webmacs.token'))"), [None, None])

    # ---- small things

    async def test_tiles_stand_in_the_order_of_the_rig_file(self):
        await self.start_rig()
        await self.open_live()
        await until(lambda: self.tiles_are(EVENTS), SOON, "as in the rig file")

    async def test_a_reason_is_readable_in_full_and_an_age_has_no_unit(self):
        await self.server.start()
        controller = await Controller.connect(self.server, await self.server.token("rig", "controller"), ack=1)
        self.addAsyncCleanup(controller.close)
        await controller.send({"type": "events", "events": [
            {"event_public_id": name, "name": name, "type": "analog", "unit": "mbar", "poll_interval": 1} for name in ("oxygen", "level")]})
        now = time.time_ns() // 1000
        await controller.send(reading("oxygen", None, rfc3339(now), quality="bad", reason=REASON))
        await controller.send(reading("level", 3, rfc3339(now)))
        browser = await self.open_live(viewport={"width": 360, "height": 740})
        await browser.see(".tile[data-event=oxygen][data-state=bad]")
        self.assertEqual(await browser.text(".tile[data-event=oxygen] .badge"), f"Bad: {REASON}")
        cut = await browser.run("((b) => [b.scrollWidth - b.clientWidth, b.scrollHeight - b.clientHeight])"
                                "(document.querySelector('.tile[data-event=oxygen] .badge'))")
        self.assertLessEqual(max(cut), 1, "nothing of it is cut off")
        await browser.see(".tile[data-event=level][data-state=stale]")
        await browser.go("trends?events=level&range=5m")
        await until(lambda: self.sees(".legend .value", "stale"), SOON)
        self.assertNotIn("mbar", await browser.text(".legend .value"))

    async def test_deleting_an_annotation_asks(self):
        await self.start_rig()
        token = await self.server.token("operator", "operator")
        operator = Rest(self.server, token)
        self.addCleanup(operator.close)
        status, made = operator.json("POST", "/api/v1/experiments", {"name": "Cold run"})
        self.assertEqual(status, 201)
        path = f"/api/v1/experiments/{made['public_id']}"
        operator.json("POST", f"{path}/annotations", {"timestamp": rfc3339(time.time_ns() // 1000), "text": "Feeder on"})
        browser = await self.open_live(f"experiments/{made['public_id']}", token)
        await browser.click(".annotations .icon-button")
        await browser.see("dialog")
        self.assertIn("Feeder on", await browser.text("dialog"))
        await browser.click("dialog >> text=Cancel")
        self.assertEqual(len(operator.json("GET", path)[1]["annotations"]), 1, "nothing is gone")
        await browser.click(".annotations .icon-button")
        await browser.click("dialog .danger")
        await browser.see_no("dialog")
        await until(lambda: self.sees(".experiment", "None yet."), SOON)
        self.assertEqual(operator.json("GET", path)[1]["annotations"], [])


if __name__ == "__main__":
    unittest.main()
