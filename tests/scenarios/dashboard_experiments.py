"""An experiment from its start to the CSV at home, as an operator does it, and as a viewer sees it."""

import csv
import unittest

from harness.dashboard import SOON, DashboardScenario
from harness.times import microseconds
from harness.wait import until


class DashboardExperiments(DashboardScenario):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        await self.start_rig()
        if not await self.hub_has("/api/v1/experiments"):
            self.skipTest("this hub keeps no experiments yet")
        self.operator_token = await self.server.token("operator", "operator")

    async def start(self, name):
        browser = self.browser
        await browser.click("text=Start an experiment")
        await browser.fill("dialog input", name)
        await browser.fill("dialog textarea", "Sand, 0.3 mm")
        await browser.click("dialog button[type=submit]")
        await browser.see_no("dialog")
        await browser.see(".running-bar strong")

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
        before = len(self.server.store.datapoints("air_flow"))
        await until(lambda: len(self.server.store.datapoints("air_flow")) > before + 5, SOON)
        await browser.click(".running-bar a")
        await browser.click('.experiment button:text-is("Stop")')
        await browser.see('.experiment button:text-is("Delete")')
        await until(lambda: self.gone(".running-bar:not([hidden])"), SOON, "nothing runs any more")

        experiment = (await self.server.get("/api/v1/experiments", self.viewer_token)).json()["data"][0]
        if not await self.hub_exports(experiment["public_id"]):
            self.skipTest("this hub does not export yet")
        path = self.folder / "run.csv"
        await browser.call("download", 'button:text-is("CSV, a row per value")', str(path))
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        begin, end = (microseconds(experiment[key]) for key in ("started_on", "stopped_on"))
        stored = {(event, time) for event, time, *_ in self.server.store.datapoints() if begin <= time < end}
        self.assertEqual({(row["event_public_id"], microseconds(row["timestamp"])) for row in rows}, stored)
        self.assertGreater(len(rows), 20)
        await browser.call("download", 'button:text-is("CSV, a column per event")', str(path))
        with open(path, newline="", encoding="utf-8") as file:
            self.assertGreaterEqual(len(next(csv.reader(file))), 13)

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
        self.assertIn("Every measured value stays", await browser.text("dialog"))
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
        self.assertTrue(await self.has_text(".experiment button", "CSV"))

    async def hub_exports(self, experiment):
        return await self.browser.run(
            f"fetch('/api/v1/experiments/{experiment}/export/csv/link', {{ method: 'POST',"
            f" headers: {{ Authorization: 'Bearer {self.viewer_token}' }} }}).then((answer) => answer.ok)")

    async def has_text(self, selector, text):
        return any(text in found for found in await self.browser.texts(selector))

    async def gone(self, selector):
        return await self.browser.count(selector) == 0


if __name__ == "__main__":
    unittest.main()
