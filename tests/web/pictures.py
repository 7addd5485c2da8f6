"""Takes the README's two pictures of a running demo: `/usr/bin/python3 tests/web/pictures.py 'http://127.0.0.1:8000/#token=…'`.
Let the demo run for some minutes first; with an operator's token it also runs an experiment for the picture."""

import asyncio
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))

from harness.browser import Browser  # noqa: E402

EVENTS = "bed_temperature_bottom,bed_temperature_top,windbox_pressure,air_flow"


async def experiment(browser):
    """Starts one, with a note, when this hub and this token can."""
    await browser.go("experiments")
    await browser.call("waitForTimeout", 1500)
    if not await browser.call("isVisible", "text=Start an experiment"):
        return
    if not await browser.count(".running-bar strong"):
        await browser.click("text=Start an experiment")
        await browser.fill("dialog input", "Cold run 3")
        await browser.click("dialog button[type=submit]")
        await browser.see(".running-bar strong")
        await asyncio.sleep(60)
    await browser.click(".running-bar a")
    if not await browser.count(".annotations"):
        await browser.fill(".annotate input", "Feeder on")
        await browser.click(".annotate button")
        await browser.see(".annotations")
        await asyncio.sleep(45)


async def main(address):
    with tempfile.TemporaryDirectory() as folder:
        browser = await Browser.open(Path(folder), viewport={"width": 1280, "height": 720}, colorScheme="light")
        await browser.call("goto", address)
        await browser.state("live")
        await experiment(browser)
        await browser.go("overview")
        await browser.call("waitForTimeout", 2500)
        await browser.screenshot(ROOT / "docs" / "dashboard.png")
        await browser.call("emulateMedia", {"colorScheme": "dark"})
        await browser.go(f"trends?events={EVENTS}&range=5m")
        await browser.call("waitForTimeout", 2500)
        await browser.call("move", 620, 420)
        await browser.call("waitForTimeout", 700)
        await browser.screenshot(ROOT / "docs" / "trends.png")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
