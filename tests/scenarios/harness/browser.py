"""A person's browser: Debian's Chromium or Firefox through Playwright, driven by tests/web/browser_driver.mjs."""

import asyncio
import atexit
import json
import os
import shutil
import subprocess
import tempfile

from .programs import ROOT, SLOWNESS

DRIVER = ROOT / "tests" / "web" / "browser_driver.mjs"
WEB_ROOT = ROOT / "build" / "web"
# Until the page is in a state that is waited for: bounds a failure, and is no measure of speed.
STATE_SECONDS = float(os.environ.get("WEBMACS_STATE_SECONDS", 120))
CALL_SECONDS = STATE_SECONDS + 30
# Firefox takes seconds to start, and has a profile of its own for each test all the same.
IS_KEPT = os.environ.get("WEBMACS_BROWSER") == "firefox"


class Browser:
    """Any method of Playwright's page can be called by its name: `await browser.call("click", "text=Start")`."""

    _kept = None  # for the next test

    def __init__(self, folder):
        self._log = open(folder / "browser.log", "ab")
        self._profiles = tempfile.mkdtemp(prefix="webmacs-browsers-")
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", "node", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
            env={**os.environ, "TMPDIR": self._profiles, "WEBMACS_STATE_SECONDS": str(STATE_SECONDS * SLOWNESS)})
        self._calls = 0

    @classmethod
    async def open(cls, folder, **options):
        """`options` as Playwright's launchPersistentContext takes them: viewport, colorScheme, …"""
        assert (WEB_ROOT / "index.html").exists(), "the dashboard is not built: ./run build"
        browser = cls._kept or cls(folder)
        if IS_KEPT and not cls._kept:
            cls._kept = browser
            atexit.register(browser._end)
        await browser.call("launch", {"viewport": {"width": 1280, "height": 800}, **options})
        return browser

    @property
    def pid(self):
        """The driver's; the browser's processes descend from it."""
        return self._process.pid

    async def call(self, method, *arguments):
        self._calls += 1
        question = json.dumps({"id": self._calls, "call": method, "args": arguments}).encode() + b"\n"
        try:
            line = await asyncio.wait_for(asyncio.to_thread(self._ask, question), CALL_SECONDS * SLOWNESS)
        except asyncio.TimeoutError:
            self._process.kill()  # nothing can be asked any more
            Browser._kept = None
            raise
        assert line, "the browser's driver ended, see browser.log"
        answer = json.loads(line)
        assert answer["id"] == self._calls
        if "error" in answer:
            raise AssertionError(f"{method}{arguments!r}: {answer['error']}")
        return answer["result"]

    def _ask(self, question):
        self._process.stdin.write(question)
        self._process.stdin.flush()
        return self._process.stdout.readline()

    async def close(self):
        if self is Browser._kept:
            await self.call("leave")
        else:
            await asyncio.to_thread(self._end)

    def _end(self):
        self._process.stdin.close()
        self._process.wait(30 * SLOWNESS)
        self._process.stdout.close()
        self._log.close()
        shutil.rmtree(self._profiles, ignore_errors=True)

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
