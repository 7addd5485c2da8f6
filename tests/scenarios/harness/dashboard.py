"""What the dashboard's scenarios share: a simulated rig, the hub that serves build/web, and a browser. Whatever a scenario
does, the page speaks to this hub alone, puts the token into no address, and says nothing that sounds like an error."""

import re
import urllib.parse

from .browser import STATE_SECONDS, WEB_ROOT, Browser
from .case import Scenario
from .programs import AGENT, ROOT, SLOWNESS
from .simulator import Simulator
from .wait import until

RIG = ROOT / "systemd" / "rigs" / "fluidised-bed.ini"
EVENTS = re.findall(r"(?m)^\[event:(\S+)\]", RIG.read_text())
SOON = STATE_SECONDS * SLOWNESS


class DashboardScenario(Scenario):
    async def asyncSetUp(self):
        self.browser = None
        self.server = self.hub(web_root=WEB_ROOT)
        self.viewer_token = await self.server.token("viewer", "viewer")

    async def asyncTearDown(self):
        if self.browser:
            requests = await self.browser.call("requests")
            problems = await self.browser.call("problems")
            await self.browser.close()
            self.assert_only_the_hub_was_asked(requests)
            self.assertEqual(problems, [])
        await super().asyncTearDown()

    def assert_only_the_hub_was_asked(self, requests):
        self.assertGreater(len(requests), 0, "the recorder works")
        ports = {self.server.port, *getattr(self, "other_ports", [])}
        for request in requests:
            url = urllib.parse.urlsplit(request["url"])
            if url.scheme in ("data", "blob"):
                continue
            self.assertIn((url.hostname, url.port), {("127.0.0.1", port) for port in ports}, request)
            for token in self.tokens:
                self.assertNotIn(token, f"{url.path}?{url.query}", "a token in an address")

    async def open_browser(self, **options):
        self.browser = await Browser.open(self.folder, **options)
        return self.browser

    async def open_live(self, route="overview", token=None, **options):
        """A browser that is signed in and live."""
        browser = await self.open_browser(**options)
        await browser.goto(self.server, token=token or self.viewer_token)
        await browser.state("live")
        await browser.go(route)
        return browser

    # ---- the rig

    async def start_rig(self):
        """The example rig, simulated, and its agent, sending."""
        await self.server.start()
        self.rig = Simulator(self.folder, "rig", self.rig_ini(await self.server.token("fluidised-bed", "controller")))
        self.rig.__enter__()
        self.addCleanup(self.rig.__exit__)
        self.agent_program = self.program("agent", [AGENT, "run", "--config", self.rig.local]).start()
        await until(self.everything_flows, SOON, "every event of the rig has a datapoint")

    def rig_ini(self, token):
        token_file = self.folder / "rig.token"
        token_file.write_text(token)
        text = RIG.read_text()
        for old, new in ((r"url = \S+", f"url = ws://127.0.0.1:{self.server.port}/ws/controller/telemetry"),
                         (r"token_file = \S+", f"token_file = {token_file}"), (r"path = \S+", f"path = {self.folder}/agent.db")):
            text, count = re.subn(rf"(?m)^{old}", new, text)
            self.assertEqual(count, 1, old)
        return text

    async def everything_flows(self):
        return {point["event_public_id"] for point in await self.latest()} == set(EVENTS)

    async def latest(self):
        return (await self.server.get("/api/v1/datapoints/latest", self.viewer_token)).json()

    # ---- what the page shows

    async def address_has(self, text):
        return text in await self.browser.run("location.hash")

    async def plot_box(self):
        await self.browser.see(".u-over")
        return await self.browser.run("document.querySelector('.u-over').getBoundingClientRect().toJSON()")

    async def tiles(self):
        """{event: (state, value's text, badge's text)} of every tile."""
        shown = await self.browser.run(
            "[...document.querySelectorAll('.tile')].map((t) => [t.dataset.event, t.dataset.state,"
            " t.querySelector('.number').title || t.querySelector('.number').innerText,"
            " t.querySelector('.badge').hidden ? '' : t.querySelector('.badge').innerText.trim()])")
        return {event: (state, value, badge) for event, state, value, badge in shown}

    async def plotted(self, event):
        """[(microseconds, value or None)] of a curve, as it is drawn from."""
        points = await self.browser.run(f"document.querySelector('.plot').points('{event}')")
        return [(round(1000 * time), value) for time, value in points]
