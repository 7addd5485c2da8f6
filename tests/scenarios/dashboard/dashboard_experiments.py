"""An experiment from its start to the CSV at home, as an operator does it, and as a viewer sees it."""

import asyncio
import csv
import time
import unittest

from harness.browser import WEB_ROOT
from harness.controller import Controller, reading
from harness.dashboard import EVENTS, SOON, DashboardScenario
from harness.postgres import Postgres
from harness.rest import Rest
from harness.times import microseconds, rfc3339
from harness.wait import until


class DashboardExperiments(DashboardScenario):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        await self.start_rig()
        self.operator_token = await self.server.token("operator", "operator")

    async def start(self, name):
        browser = self.browser
        await browser.click("text=Start an experiment")
        await browser.fill("dialog input", name)
        await browser.fill("dialog textarea", "Sand, 0.3 mm")
        await browser.click("dialog button[type=submit]")
        await browser.see_no("dialog")
        await browser.see(".running-bar strong")

    async def send_odd_readings(self):
        """A bad one, one between milliseconds, and a name that CSV must quote, from a rig of their own."""
        controller = await Controller.connect(self.server, await self.server.token("test-stand", "controller"), ack=1)
        await controller.receive()
        await controller.send({"type": "events", "events": [
            {"event_public_id": "odd", "name": "Level, \"raw\"", "type": "analog", "unit": "m³", "poll_interval": 60}]})
        now = time.time_ns() // 1000
        answer = await controller.ask({"batch": 1, "datapoints": [
            reading("odd", 1e-7, rfc3339(now - now % 1000 + 123)),
            reading("odd", None, rfc3339(now + 200_000), quality="bad", reason="timeout")]})
        self.assertEqual(answer["stored"], 2)
        await controller.close()

    async def test_from_start_to_csv(self):
        browser = await self.open_live("experiments", self.operator_token)
        await self.start("Cold run 1")
        self.assertIn("Cold run 1", await browser.text(".running-bar"))
        await browser.fill(".annotate input", "Feeder on")
        await browser.click(".annotate button")
        await until(lambda: self.has_text(".annotations", "Feeder on"), SOON)

        for page in ("overview", "trends", "agents"):
            await browser.go(page)
            self.assertIn("Cold run 1", await browser.text(".running-bar"))
        await self.send_odd_readings()
        before = len(self.server.store.datapoints("air_flow"))
        await until(lambda: len(self.server.store.datapoints("air_flow")) > before + 10, SOON)
        await browser.click(".running-bar a")
        await browser.click('.experiment button:text-is("Stop")')
        await browser.see('.experiment button:text-is("Delete")')
        await until(lambda: self.gone(".running-bar:not([hidden])"), SOON, "nothing runs any more")

        experiment = (await self.server.get("/api/v1/experiments", self.viewer_token)).json()["data"][0]
        end = microseconds(experiment["stopped_on"])
        await until(lambda: self.all_measured_after(end), SOON, "what belongs to it has come")
        points = await self.points_of(experiment["public_id"])
        self.assertGreater(len(points), 100)
        self.assertIn(None, [point["value"] for point in points])
        path = self.folder / "run.csv"
        name = await browser.call("download", 'button:text-is("CSV, a row per value")', str(path))
        self.assertEqual(name, "Cold run 1.csv")
        await self.check_long(self.rows(path), points)
        name = await browser.call("download", 'button:text-is("CSV, a column per event")', str(path))
        self.assertEqual(name, "Cold run 1 (wide).csv")
        await self.check_wide(self.rows(path), points)

    async def test_why_there_is_no_csv_is_said(self):
        browser = await self.open_live("experiments", self.operator_token)
        await self.start("Cold run 6")
        (experiment,) = (await self.server.get("/api/v1/experiments", self.viewer_token)).json()["data"]
        operator = Rest(self.server, self.operator_token)
        self.addCleanup(operator.close)
        path = f"/api/v1/experiments/{experiment['public_id']}"
        while operator.json("POST", f"{path}/export/csv/link")[0] == 201:
            pass
        await self.says_why("too many links wait to be used")
        self.assertEqual(operator.json("DELETE", path)[0], 204)
        await self.says_why("there is no such experiment")
        await asyncio.to_thread(self.server.stop)
        await self.says_why("The hub cannot be reached.")
        await self.server.start()
        await browser.state("live")

    async def says_why(self, reason):
        await self.browser.click('button:text-is("CSV, a row per value")')
        await until(lambda: self.has_text(".experiment .problem", f"The CSV could not be saved: {reason}"), SOON)

    async def test_by_keyboard_alone(self):
        browser = await self.open_live("experiments", self.operator_token)
        await browser.see("text=Start an experiment")
        await self.press_until("Start an experiment")
        await browser.call("keyboard", "Enter")
        await browser.see("dialog[open]")
        await browser.call("type", ":focus", "Cold run 8")
        await browser.call("keyboard", "Enter")
        await browser.see(".experiment")
        await self.press_until("What happened?")
        await browser.call("type", ":focus", "Feeder on")
        await browser.call("keyboard", "Enter")
        await until(lambda: self.has_text(".annotations", "Feeder on"), SOON)
        await self.press_until("Stop", "Shift+Tab")
        await browser.call("keyboard", "Enter")
        await until(lambda: self.gone(".running-bar:not([hidden])"), SOON, "nothing runs any more")
        await until(lambda: browser.run("document.activeElement.matches('.experiment')"), SOON, "what changed has the focus")

    async def press_until(self, wanted, key="Tab"):
        """The key, until what says that has the focus."""
        for _ in range(30):
            if await self.browser.run("document.activeElement.innerText || document.activeElement.placeholder") == wanted:
                return
            await self.browser.call("keyboard", key)
        self.fail(f"{key} does not reach {wanted!r}")

    async def test_it_is_changed_and_deleted_and_its_data_stays(self):
        browser = await self.open_live("experiments", self.operator_token)
        await self.start("Cold run 2")
        await browser.click('.experiment button:text-is("Change")')
        await browser.fill("dialog input", "Warm run 2")
        await browser.click("dialog button[type=submit]")
        await browser.see_no("dialog")
        await until(lambda: self.has_text(".experiment h2", "Warm run 2"), SOON)
        stored = len(self.server.store.datapoints())
        await browser.click('.experiment button:text-is("Delete")')
        await browser.see('dialog strong:text("Every measured value stays")')
        await browser.click("dialog .danger")
        await until(lambda: self.gone(".experiment"), SOON)
        self.assertEqual((await self.server.get("/api/v1/experiments", self.viewer_token)).json()["data"], [])
        self.assertGreaterEqual(len(self.server.store.datapoints()), stored)

    async def test_a_second_start_is_refused_with_the_hubs_words(self):
        browser = await self.open_live("experiments", self.operator_token)
        await self.start("Cold run 3")
        await browser.click("text=Start an experiment")
        await browser.fill("dialog input", "Cold run 4")
        await browser.click("dialog button[type=submit]")
        await browser.see("dialog .problem")
        self.assertIn("Cold run 3", await browser.text("dialog .problem"))
        await browser.click("dialog >> text=Cancel")

    async def test_a_viewer_sees_what_runs_by_itself(self):
        operator = await self.open_live("experiments", self.operator_token)
        await self.start("Cold run 5")
        await operator.close()
        browser = await self.open_live("overview")
        await browser.see(".running-bar strong")
        await browser.click(".running-bar a")
        await browser.see(".experiment")
        for text in ("Stop", "Change", "Delete", "Annotate"):
            self.assertEqual(await browser.count(f".experiment button.{text.lower()}"), 0)
            self.assertFalse(await self.has_text(".experiment button", text))
        await until(lambda: self.has_text(".experiment button", "CSV"), SOON, "the button for its file")

    # ---- the files, compared with what REST answers

    async def all_measured_after(self, moment):
        return all(microseconds(point["timestamp"]) > moment for point in await self.latest() if point["event_public_id"] in EVENTS)

    async def points_of(self, experiment):
        points, cursor = [], ""
        while cursor is not None:
            page = (await self.server.get(
                f"/api/v1/datapoints?experiment_public_id={experiment}&limit=1000{cursor}", self.viewer_token)).json()
            points += page["data"]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        return points

    async def events(self):
        answer = (await self.server.get("/api/v1/events?page_size=100", self.viewer_token)).json()
        return {event["event_public_id"]: event for event in answer["data"]}

    def rows(self, path):
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.reader(file))

    async def check_long(self, rows, points):
        events = await self.events()
        expected = [[point["timestamp"], point["event_public_id"], events[point["event_public_id"]]["name"], point["value"],
                     events[point["event_public_id"]]["unit"] or "", point.get("quality", "good"), point["public_id"]]
                    for point in points]
        self.assertEqual(rows[0], ["timestamp", "event_public_id", "event_name", "value", "unit", "quality", "datapoint_public_id"])
        self.assertEqual([[*row[:3], float(row[3]) if row[3] else None, *row[4:]] for row in rows[1:]], expected)

    async def check_wide(self, rows, points):
        """A row for each time, a column for each event that was measured."""
        events = await self.events()
        measured = {point["event_public_id"] for point in points}
        heads = {}
        for event in measured:
            unit = f" [{events[event]['unit']}]" if events[event]["unit"] else ""
            heads[f"{events[event]['name']}{unit} ({event})"] = event
        self.assertEqual(rows[0][0], "timestamp")
        self.assertEqual(sorted(rows[0][1:]), sorted(heads))
        expected = {}
        for point in points:
            expected.setdefault(point["timestamp"], {})[point["event_public_id"]] = point["value"]
        self.assertEqual([row[0] for row in rows[1:]], list(expected))
        for row in rows[1:]:
            cells = {heads[head]: cell for head, cell in zip(rows[0][1:], row[1:])}
            self.assertEqual({event: float(cell) for event, cell in cells.items() if cell},
                             {event: value for event, value in expected[row[0]].items() if value is not None})

    # ---- what the page shows

    async def has_text(self, selector, text):
        return any(text in found for found in await self.browser.texts(selector))

    async def gone(self, selector):
        return await self.browser.count(selector) == 0


class DashboardWhileTheStoreIsAway(DashboardScenario):
    async def test_why_there_is_no_csv_is_said(self):
        self.postgres = await Postgres(self).start()
        self.server = self.hub(web_root=WEB_ROOT, store_url=self.postgres.url())
        await self.server.start()
        operator = Rest(self.server, await self.server.token("operator", "operator"))
        self.addCleanup(operator.close)
        status, made = operator.json("POST", "/api/v1/experiments", {"name": "Cold run 7"})
        self.assertEqual(status, 201, made)
        browser = await self.open_live(f"experiments/{made['public_id']}", await self.server.token("guest", "viewer"))
        await browser.see(".experiment")
        self.postgres.kill()
        await browser.click('button:text-is("CSV, a row per value")')
        await browser.see(".experiment .problem")
        self.assertIn("its store is away", await browser.text(".experiment .problem"))


if __name__ == "__main__":
    unittest.main()
