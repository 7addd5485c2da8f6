"""A proxy lets no WebSocket pass: the page polls, says so, and comes back to the socket without a hole."""

import time
import unittest

from harness.dashboard import SOON, DashboardScenario
from harness.gate import Gate
from harness.programs import SLOWNESS
from harness.wait import until


class DashboardPolling(DashboardScenario):
    async def test_polling_while_the_socket_is_blocked_and_no_hole_after_it(self):
        await self.start_rig()
        gate = await Gate(self.server.port).start()
        self.addCleanup(gate.stop)
        self.other_ports = [gate.port]
        browser = await self.open_browser()
        await browser.goto(self.server, token=self.viewer_token, port=gate.port)
        await browser.state("live")
        await browser.go("trends?events=windbox_pressure&range=5m")
        await until(lambda: self.drawn(5), SOON, "points are drawn")

        gate.close()
        blocked_at = time.time_ns() // 1000
        await browser.state("polling")
        self.assertGreaterEqual(gate.refused, 3)
        await browser.go("overview")
        await until(self.has_polled, SOON, "it polls again and again")
        await until(self.all_good, SOON, "polled values are as good as live ones")
        self.assertEqual(await browser.connection(), "polling")
        self.assertIn("Polling", await browser.run("document.title"))
        await browser.go("trends?events=windbox_pressure&range=5m")

        gate.open = True
        await browser.state("live")
        await until(lambda: self.drawn(1, since=time.time_ns() // 1000), SOON, "live points are drawn")
        await until(lambda: self.whole_since(blocked_at - 2_000_000), SOON, "no hole", 0.3)

    async def has_polled(self):
        requests = await self.browser.call("requests")
        return len([r for r in requests if r["url"].endswith("/api/v1/datapoints/latest")]) >= 5

    async def all_good(self):
        return {state for state, *_ in (await self.tiles()).values()} == {"good"}

    async def drawn(self, count, since=0):
        if not await self.browser.count(".plot canvas"):
            return False
        return len([t for t, _ in await self.plotted("windbox_pressure") if t > since]) >= count

    async def whole_since(self, since):
        plotted = dict(await self.plotted("windbox_pressure"))
        stored = {t: v for _, t, v, _ in self.server.store.datapoints("windbox_pressure") if since < t <= max(plotted)}
        self.assertGreater(len(stored), 10 / SLOWNESS)
        return all(plotted.get(t) == v for t, v in stored.items())


if __name__ == "__main__":
    unittest.main()
