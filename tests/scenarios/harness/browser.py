"""A person's browser: Debian's Chromium through Playwright, driven by tests/web/browser_driver.mjs."""

import asyncio
import json
import os

from .programs import ROOT, SLOWNESS

DRIVER = ROOT / "tests" / "web" / "browser_driver.mjs"
WEB_ROOT = ROOT / "build" / "web"
# Until the page is in a state that is waited for: bounds a failure, and is no measure of speed.
STATE_SECONDS = float(os.environ.get("WEBMACS_STATE_SECONDS", 120))
CALL_SECONDS = STATE_SECONDS + 30


class Browser:
    """Any method of Playwright's page can be called by its name: `await browser.call("click", "text=Start")`."""

    def __init__(self, process, log):
        self._process = process
        self._log = log
        self._calls = 0

    @classmethod
    async def open(cls, folder, **options):
        """`options` as Playwright's launchPersistentContext takes them: viewport, colorScheme, …"""
        assert (WEB_ROOT / "index.html").exists(), "the dashboard is not built: ./run build"
        log = open(folder / "browser.log", "ab")
        process = await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "TERM", "--", "node", DRIVER, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=log, limit=64 * 1024 * 1024, env={**os.environ, "TMPDIR": str(folder), "WEBMACS_STATE_SECONDS": str(STATE_SECONDS * SLOWNESS)})
        browser = cls(process, log)
        await browser.call("launch", {"viewport": {"width": 1280, "height": 800}, **options})
        return browser

    @property
    def pid(self):
        """The driver's; the browser's processes descend from it."""
        return self._process.pid

    async def call(self, method, *arguments):
        self._calls += 1
        self._process.stdin.write(json.dumps({"id": self._calls, "call": method, "args": arguments}).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), CALL_SECONDS * SLOWNESS)
        assert line, "the browser's driver ended, see browser.log"
        answer = json.loads(line)
        assert answer["id"] == self._calls
        if "error" in answer:
            raise AssertionError(f"{method}{arguments!r}: {answer['error']}")
        return answer["result"]

    async def close(self):
        self._process.stdin.close()
        await asyncio.wait_for(self._process.wait(), 30 * SLOWNESS)
        self._process._transport.close()
        self._log.close()

    # ---- what tests say often

    async def goto(self, hub, route="", token=None, port=None):
        """The dashboard of a hub; the token in the address, as `./run demo` prints it."""
        fragment = f"#token={token}" if token else f"#/{route}"
        await self.call("goto", f"http://127.0.0.1:{port or hub.port}/{fragment}")
        if token and route:
            await self.go(route)

    async def go(self, route):
        await self.run(f"location.hash = '#/{route}'")

    async def run(self, expression):
        """JavaScript in the page; its value."""
        return await self.call("evaluate", expression)

    async def click(self, selector):
        await self.call("click", selector)

    async def fill(self, selector, text):
        await self.call("fill", selector, text)

    async def text(self, selector):
        return await self.call("innerText", selector)

    async def texts(self, selector):
        return await self.run(f"[...document.querySelectorAll({json.dumps(selector)})].map((e) => e.innerText.trim())")

    async def count(self, selector):
        return await self.run(f"document.querySelectorAll({json.dumps(selector)}).length")

    async def see(self, selector, timeout=STATE_SECONDS):
        await self.call("waitForSelector", selector, {"timeout": 1000 * timeout * SLOWNESS})

    async def see_no(self, selector, timeout=STATE_SECONDS):
        await self.call("waitForSelector", selector, {"state": "detached", "timeout": 1000 * timeout * SLOWNESS})

    async def state(self, wanted, timeout=STATE_SECONDS):
        """Waits until the page says that its connection is so."""
        await self.see(f".connection[data-state={wanted}]", timeout)

    async def connection(self):
        return await self.run("document.querySelector('.connection')?.dataset.state ?? ''")

    async def screenshot(self, path):
        await self.call("screenshot", {"path": str(path)})
