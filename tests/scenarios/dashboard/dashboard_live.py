"""What a person sees of a rig while it lives, while its device is gone, while the hub is away and when it is back."""

import asyncio
import time
import unittest

from harness.controller import Controller, reading
from harness.dashboard import EVENTS, SOON, DashboardScenario
from harness.programs import SLOWNESS
from harness.times import rfc3339
from harness.wait import until


def now():
    return time.time_ns() // 1000


class DashboardLive(DashboardScenario):
    async def all_tiles(self, state):
        async def so():
            tiles = await self.tiles()
            return set(tiles) == set(EVENTS) and {found for found, *_ in tiles.values()} == {state}
        await until(so, SOON, lambda: f"every tile {state}")

    async def test_tiles_show_what_the_simulated_registers_hold(self):
        await self.start_rig()
        await self.open_live()
        await self.all_tiles("good")
        seen = set()
        for _ in range(3):
            for event, (_, text, _) in (await self.tiles()).items():
                seen.add((event, text))
                value = {"on": 1.0, "off": 0.0}.get(text)
                value = float(text.replace(",", "")) if value is None else value
                stored = [v for e, t, v, _ in self.server.store.datapoints(event) if t > now() - 10_000_000 * SLOWNESS]
                self.assertTrue(any(abs(v - value) <= 1e-9 * max(1, abs(v)) for v in stored if v is not None),
                                f"{event}: {text} is none of {stored}")
            await asyncio.sleep(0.7)
        self.assertGreater(len(seen), 2 * len(EVENTS), "values move")

    async def test_a_device_that_does_not_answer_is_bad_with_the_reason(self):
        await self.start_rig()
        browser = await self.open_live()
        await self.all_tiles("good")
        self.rig.command("unit 1 off")
        await self.all_tiles("bad")
        for event, (_, value, badge) in (await self.tiles()).items():
            self.assertEqual(value, "—", event)
            self.assertRegex(badge, r"Bad: \w+", event)
        await until(lambda: self.sees(".device .fact", "device offline"), SOON, "the device's heading tells it")
        await until(lambda: self.sees(".rig-heading", f"{len(EVENTS)} bad"), SOON, "how many are bad")
        self.assertEqual(await browser.count(".rig-heading .fact[data-kind=online]"), 0, "the rig's heading is not green")
        await browser.click(".segmented [data-kind=bad]")
        await asyncio.sleep(5)  # longer than any event of the rig may be silent
        self.assertEqual({state for state, *_ in (await self.tiles()).values()}, {"bad"}, "bad stays bad")
        self.assertEqual(await browser.run("[...document.querySelectorAll('.tile')].filter((t) => !t.hidden).length"), len(EVENTS))
        await browser.go("agents")
        await until(lambda: self.sees(".agent tbody", "Offline"), SOON, "the agents page tells it")
        self.rig.command("unit 1 on")
        await browser.go("overview")
        await self.all_tiles("good")

    async def sees(self, selector, text):
        return any(text in found for found in await self.browser.texts(selector))

    async def test_the_hub_goes_and_returns(self):
        await self.start_rig()
        browser = await self.open_live("trends?events=windbox_pressure,air_flow&range=5m")
        await until(self.plot_moves, SOON, "points are plotted")
        await browser.go("overview")
        await self.all_tiles("good")
        await browser.see(".rig-heading .fact[data-kind=online]")

        await asyncio.to_thread(self.server.stop)
        await browser.state("connecting")
        await self.all_tiles("unknown")
        await until(lambda: self.sees(".rig-heading", "not known while the hub is away"), SOON, "the rig is not said to be online")
        await browser.state("offline")
        self.assertIn("Offline", await browser.run("document.title"))

        await self.server.start()
        await browser.state("live")
        await self.all_tiles("good")
        await browser.go("trends?events=windbox_pressure,air_flow&range=5m")
        await until(self.plot_moves, SOON, "points are plotted again")
        await self.assert_plot_is_whole("windbox_pressure")
        await self.assert_plot_is_whole("air_flow")

    async def plot_moves(self):
        if not await self.browser.count(".plot canvas"):
            return False
        points = await self.plotted("windbox_pressure")
        return points and points[-1][0] > now() - 3_000_000 * SLOWNESS

    async def assert_plot_is_whole(self, event):
        """Every stored point since the rig started is drawn, those that the agent kept meanwhile, too."""
        async def same():
            plotted = {t: v for t, v in await self.plotted(event)}
            until_then = max(plotted, default=0)
            stored = {t: v for _, t, v, _ in self.server.store.datapoints(event) if t <= until_then}
            self.different = {t: (v, plotted.get(t)) for t, v in stored.items() if plotted.get(t, "missing") != v}
            return len(stored) > 20 and not self.different
        await until(same, SOON, lambda: f"{event}: drawn as stored, but {list(self.different.items())[:5]}", 0.5)

    async def test_what_comes_late_appears_by_itself(self):
        await self.server.start()
        controller = await Controller.connect(self.server, await self.server.token("rig4", "controller"), ack=1)
        await controller.receive()
        await controller.send({"type": "events", "events": [{"event_public_id": "p", "type": "analog", "poll_interval": 1}]})
        begin = now() // 1_000_000 * 1_000_000 - 240_000_000
        await controller.ask({"batch": 1, "datapoints": [reading("p", i, rfc3339(begin + i * 1_000_000)) for i in range(60)]})
        await self.open_live("trends?events=p&range=5m")
        await until(lambda: self.draws("p", 60), SOON, "what was there")

        late = [reading("p", i, rfc3339(begin + i * 1_000_000)) for i in range(60, 120)]
        late[30].update(value=None, quality="bad", reason="timeout")
        await controller.ask({"batch": 2, "backlog": True, "datapoints": late})
        await until(lambda: self.draws("p", 120), SOON, "what came late")
        await self.assert_plot_is_whole("p")
        await controller.close()

    async def draws(self, event, count):
        return await self.browser.count(".plot canvas") and len(await self.plotted(event)) >= count

    async def test_a_rig_that_goes_is_plain_to_see(self):
        await self.start_rig()
        await self.open_live()
        await self.all_tiles("good")
        await asyncio.to_thread(self.agent_program.stop)
        await until(lambda: self.sees(".rig-heading", "offline, last seen"), SOON, "the heading tells it")
        await self.all_tiles("stale")
        for _, (_, _, badge) in (await self.tiles()).items():
            self.assertRegex(badge, r"Stale for \d+ s")
        await self.browser.go("agents")
        await until(lambda: self.sees(".agent header", "Offline"), SOON, "the agent is offline")
        self.assertFalse(await self.sees(".agent tbody", "Online"), "of an offline rig nobody knows the devices")
        await until(lambda: self.sees(".agent tbody", "Unknown"), SOON, "nobody knows")

    async def test_what_an_agent_reports_is_told(self):
        await self.server.start()
        token = await self.server.token("rig2", "controller")
        browser = await self.open_live()
        controller = await Controller.connect(self.server, token, ack=1)
        await controller.send({"type": "events", "events": [
            {"event_public_id": "t", "name": "Outlet", "type": "analog", "unit": "°C", "min_value": 0, "max_value": 50,
             "poll_interval": 60, "max_silence": None, "device": "plc"}]})
        await controller.send(reading("t", 61.5, rfc3339(now())))
        await controller.send({"type": "status", "agent": "rig2", "version": "9.9", "backlog": 12345, "dropped": 7,
                               "clock": rfc3339(now() + 90_000_000),
                               "devices": [{"name": "plc", "state": "offline", "error": "no route to host"}]})
        await browser.see(".tile[data-event=t] .badge[data-kind=high]")
        await until(lambda: self.sees(".rig-heading", "12,345 readings"), SOON, "the backlog")
        (heading,) = await browser.texts(".rig-heading")
        self.assertIn("7 readings dropped", heading)
        self.assertIn("ahead", heading)
        await until(lambda: self.sees(".device h3", "no route to host"), SOON, "the reason")
        await controller.send({"type": "status", "agent": "rig2", "version": "9.9", "backlog": 0, "dropped": 7,
                               "clock": rfc3339(now()), "devices": [{"name": "plc", "state": "online", "error": None,
                                                                         "advice": "late by 1.15 s: raise timeout"}]})

        async def caught_up():
            return not await self.sees(".rig-heading", "catching up")
        await until(caught_up, SOON, "it has caught up")
        await browser.go("agents")
        await until(lambda: self.sees(".agent", "9.9"), SOON, "its version")
        await until(lambda: self.sees(".agent tbody", "late by 1.15 s: raise timeout"), SOON, "what would help it")
        await controller.close()
        await until(lambda: self.sees(".agent header", "Offline"), SOON, "it is gone")

    async def test_digits_that_keep_changing_are_painted_a_few_times_a_second(self):
        await self.server.start()
        controller = await Controller.connect(self.server, await self.server.token("rig5", "controller"))
        self.addAsyncCleanup(controller.close)
        await controller.send({"type": "events", "events": [{"event_public_id": "fast", "type": "analog", "poll_interval": 60}]})
        await controller.send(reading("fast", 0, rfc3339(now())))
        browser = await self.open_live()
        await browser.see(".rig-heading .fact")  # the hub has told what the events are: tiles stay as they are
        await browser.see(".tile[data-event=fast][data-state=good]")
        await browser.run("""new MutationObserver((changes) => { window.painted = (window.painted ?? 0) + 1; })
          .observe(document.querySelector('.tile[data-event=fast] .number'), { characterData: true, childList: true, subtree: true })""")
        begin = time.monotonic()
        for value in range(1, 201):
            await controller.send(reading("fast", value, rfc3339(now())))
            await asyncio.sleep(0.01)
        await until(lambda: self.sees(".tile[data-event=fast] .number", "200"), SOON, "the last one is there")
        painted = await browser.run("window.painted")
        self.assertGreater(painted, 1)
        self.assertLessEqual(painted, 3 + 5 * (time.monotonic() - begin))

    async def test_texts_are_shown_as_text(self):
        await self.server.start()
        controller = await Controller.connect(self.server, await self.server.token("rig3", "controller"))
        evil = "<img src=x onerror=document.title='taken'>"
        await controller.send({"type": "events", "events": [
            {"event_public_id": "x", "name": evil, "type": "analog", "unit": evil[:30], "min_value": None, "max_value": None,
             "poll_interval": 60, "max_silence": None, "device": evil[:60]}]})
        await controller.send({"event_public_id": "x", "value": None, "quality": "bad", "reason": evil})
        browser = await self.open_live()
        await until(lambda: self.sees(".tile .name", evil), SOON, "the name as it was given")
        self.assertEqual(await browser.count(".tile img"), 0)
        self.assertNotIn("taken", await browser.run("document.title"))
        await controller.close()


if __name__ == "__main__":
    unittest.main()
