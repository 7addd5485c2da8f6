"""Every page on a phone and on a wall screen, by day and by night: nothing is cut off, and axe-core finds no serious
issue. The pictures are in build/screenshots."""

import re
import time
import unittest

from harness.controller import Controller, reading
from harness.dashboard import EVENTS, SOON, DashboardScenario
from harness.programs import ROOT
from harness.rest import Rest
from harness.times import rfc3339
from harness.wait import until

PICTURES = ROOT / "build" / "screenshots"
SIZES = {"phone": (360, 740), "phone-across": (740, 360), "tablet": (820, 1180), "laptop": (1280, 800), "wall": (1920, 1080)}
WITH_DIALOGS = ("phone", "wall")  # they are as large elsewhere
ROUTES = {"overview": "overview", "agents": "agents", "experiments": "experiments",
          "trends": "trends?events=bed_temperature_bottom,bed_temperature_top,air_flow,feeder_running&range=5m"}
# What stands beyond its card or tile, and what of a value is cut off.
TOO_WIDE = """[...document.querySelectorAll('.card *, .tile *')]
  .filter((e) => e.checkVisibility() && !e.closest('.plot, .visually-hidden, svg, .table-card'))
  .filter((e) => e.getBoundingClientRect().right > e.closest('.card, .tile').getBoundingClientRect().right ||
    (e.matches('.tile .value *') && e.scrollWidth > e.clientWidth + 1))
  .map((e) => e.outerHTML.slice(0, 120))"""
NOTES = "Sand, 0.3 mm, from the second delivery.\nThe feeder stands at 20 1/min; the afterburner is cold."


class DashboardLooks(DashboardScenario):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        PICTURES.mkdir(parents=True, exist_ok=True)

    async def start_troubled_rig(self):
        """One more rig, where things are wrong: bad, stale, beyond a limit, an unusual name, and a device that is gone."""
        controller = await Controller.connect(self.server, await self.server.token("test-stand", "controller"), ack=1)
        self.addAsyncCleanup(controller.close)
        names = {"oxygen": "Oxygen behind the afterburner of the second combustion chamber", "cooling": "Cooling water", "level": "Level"}
        await controller.send({"type": "events", "events": [
            {"event_public_id": event, "name": name, "type": "analog", "unit": "%", "min_value": 0, "max_value": 21,
             "poll_interval": 600 if event != "level" else 0.5, "max_silence": None, "device": "analyser"}
            for event, name in names.items()]})
        now = time.time_ns() // 1000
        await controller.send({"type": "events", "events": [
            {"event_public_id": "heat", "name": "Heat flow", "type": "analog", "unit": "kJ/(m²·s)", "poll_interval": 600}]})
        for event, value, more in (("heat", -123456.789, {}), ("oxygen", None, {"quality": "bad", "reason": "timeout"}),
                                   ("cooling", 22.4, {}), ("level", 11, {})):
            await controller.send(reading(event, value, rfc3339(now), **more))
        await controller.send({"type": "status", "agent": "test-stand", "version": "0.1.0", "backlog": 51234, "dropped": 12,
                               "clock": rfc3339(now), "devices": [{"name": "analyser", "state": "offline", "error": "timeout"}]})

    async def test_every_page_in_every_size(self):
        await self.start_rig()
        await self.start_troubled_rig()
        experiment = await self.start_experiment()
        browser = await self.open_live(token=await self.server.token("operator", "operator"))
        await browser.see(".tile[data-event=level][data-state=stale]")
        await until(lambda: self.all_there(len(EVENTS) + 4), SOON, "every tile")
        for scheme in ("light", "dark"):
            await browser.call("emulateMedia", {"colorScheme": scheme})
            for size, (width, height) in SIZES.items():
                await browser.call("setViewportSize", {"width": width, "height": height})
                for page, route in {**ROUTES, "experiment": f"experiments/{experiment}"}.items():
                    await browser.go(route)
                    await browser.see(f"main .{page}")
                    await until(lambda: self.is_drawn(page), SOON, f"{page} is drawn")
                    await self.look_at(f"{page}-{size}-{scheme}")
                if size in WITH_DIALOGS:
                    await self.look_at_dialogs(f"{size}-{scheme}")
        await browser.click(".sign-out")
        await browser.see(".sign-in")
        await self.look_at("sign-in")

    async def start_experiment(self):
        """One that runs, with a name as people give them, notes and annotations."""
        operator = Rest(self.server, await self.server.token("first-operator", "operator"))
        self.addCleanup(operator.close)
        status, made = operator.json("POST", "/api/v1/experiments", {
            "name": "Cold run 3, with a name that is longer than any line of a phone", "notes": NOTES})
        self.assertEqual(status, 201, made)
        for text in ("Feeder on", "The bed bubbles more than on Tuesday; the pressure was turned down by a quarter"):
            status, answer = operator.json("POST", f"/api/v1/experiments/{made['public_id']}/annotations",
                                           {"timestamp": rfc3339(time.time_ns() // 1000), "text": text})
            self.assertEqual(status, 201, answer)
        return made["public_id"]

    async def look_at_dialogs(self, name):
        """Of the experiment that is shown, and the trends' interval."""
        for text in ("Start an experiment", "Change", "Delete"):
            await self.browser.click(f'button:text-is("{text}")')
            await self.browser.see("dialog")
            await self.look_at(f"{text.split()[0].lower()}-{name}")
            await self.browser.call("keyboard", "Escape")
            await self.browser.see_no("dialog")
            self.assertEqual(await self.browser.text(":focus"), text, "the focus is where it was")
        await self.browser.go(ROUTES["trends"])
        await until(lambda: self.is_drawn("trends"), SOON, "it is drawn")
        await self.browser.click("text=From … to")
        await self.browser.see(".popover form")
        await self.look_at(f"interval-{name}")
        await self.browser.call("focus", ".popover input")
        await self.browser.call("keyboard", "Escape")
        await self.browser.call("waitForSelector", ".popover form", {"state": "hidden"})
        self.assertEqual(await self.browser.text(":focus"), "From … to")

    async def is_drawn(self, page):
        """What is asked of the hub has come, and was painted."""
        if page == "trends":
            greatest = await self.browser.texts(".legend tr[data-event=air_flow] td[data-name=Max]")
            if greatest in ([], [""], ["—"]):
                return False
        await self.browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
        return "Loading…" not in await self.browser.text("main")

    async def all_there(self, count):
        return await self.browser.count(".tile") == count

    async def look_at(self, name):
        with self.subTest(name):
            await self.browser.screenshot(PICTURES / f"{name}.png")
            serious = [found for found in await self.browser.call("axe") if found["impact"] in ("serious", "critical")]
            self.assertEqual(serious, [])
            self.assertLessEqual(await self.browser.run("document.scrollingElement.scrollWidth - innerWidth"), 0,
                                 "nothing is wider than the screen")
            self.assertEqual(await self.browser.run(TOO_WIDE), [], "nothing is wider than its card")

    async def test_the_keyboard_reaches_everything(self):
        await self.start_rig()
        browser = await self.open_live()
        await browser.see(".tile")
        await browser.call("keyboard", "Tab")
        self.assertEqual(await browser.text(":focus"), "Skip to the content")
        await browser.call("keyboard", "Enter")
        self.assertEqual(await browser.run("document.activeElement.id"), "content")
        await browser.see(".rig-heading .fact")  # the hub has told what the events are: tiles stay as they are
        await browser.call("focus", ".tile .name")
        await browser.call("keyboard", "Enter")
        await browser.see(".plot canvas")
        self.assertIn("events=", await browser.run("location.hash"))
        await browser.call("focus", ".plot")
        for key in ("+", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
            await browser.call("keyboard", key)
        await until(lambda: self.address_has("from="), SOON, "the view that was moved is in the address")
        await browser.call("keyboard", "Shift+ArrowLeft")
        await until(lambda: self.reads_cursor(), SOON, "the cursor's values are in the table")
        await browser.go(f"trends?events={','.join(EVENTS[3:9])}&range=5m")
        await browser.call("focus", ".plot")
        await browser.call("keyboard", "Shift+ArrowLeft")
        await until(self.reads_cursor, SOON, "of more curves, too")
        await until(lambda: self.is_drawn("trends"), SOON, "they are drawn")
        self.assertEqual(await browser.run(TOO_WIDE), [], "the table fits with the cursor's values and times")
        await browser.call("keyboard", "f")
        await until(lambda: self.address_has("range="), SOON, "it follows again")

    async def reads_cursor(self):
        return "At cursor" in await self.browser.text(".legend thead")

    async def test_a_view_comes_back_by_its_address(self):
        await self.start_rig()
        browser = await self.open_live("trends?events=air_flow,gas_valve&range=15m")
        await browser.see(".legend tr[data-event=gas_valve]")
        await browser.call("reload")
        await browser.see(".legend tr[data-event=gas_valve]")
        self.assertEqual(await browser.text(".segmented [aria-pressed=true]"), "15 min")
        box = await self.plot_box()
        middle = box["y"] + box["height"] / 2
        await browser.call("drag", box["x"] + box["width"] * 0.6, middle, box["x"] + box["width"] * 0.8, middle)
        await until(lambda: self.address_has("from="), SOON, "what was drawn is shown")
        zoomed = await browser.run("location.hash")
        await browser.call("wheel", 0, 300)
        await until(lambda: self.address_is_not(zoomed), SOON, "the wheel zooms")
        await browser.click(".follow")
        await until(lambda: self.address_has("range="), SOON, "it follows again")

    async def test_numbers_and_times_are_the_readers(self):
        await self.start_rig()
        browser = await self.open_live(locale="de-DE", timezoneId="Asia/Tokyo")
        value = ".tile[data-event=windbox_pressure] .number"
        await until(lambda: self.matches(value, r"^\d+,\d$"), SOON, "a decimal comma")
        title = await browser.run("document.querySelector('.tile[data-event=windbox_pressure] .age').title")
        local, utc = re.fullmatch(r"\d\d\.\d\d\.\d{4}, (\d\d):\d\d:\d\d\n\S+ (\d\d):\d\d:\d\d\.\d+ UTC", title).groups()
        self.assertEqual((int(utc) + 9) % 24, int(local))

    async def matches(self, selector, pattern):
        return re.search(pattern, await self.browser.text(selector)) is not None

    async def address_is_not(self, text):
        return await self.browser.run("location.hash") != text


if __name__ == "__main__":
    unittest.main()
