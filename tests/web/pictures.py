"""Takes the README's two pictures of a running demo: `/usr/bin/python3 tests/web/pictures.py 'http://127.0.0.1:8000/#token=…'`.
Let the demo run for six minutes first; it gets two experiments for the pictures, unless it has some of that time."""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))

from harness.browser import Browser  # noqa: E402
from harness.times import rfc3339  # noqa: E402

EVENTS = "bed_temperature_bottom,bed_temperature_top,windbox_pressure,air_flow"


def ago(seconds):
    return rfc3339(time.time_ns() // 1000 - seconds * 1_000_000)


async def post(browser, path, body):
    """What the hub answers to the page's token: (status, body)."""
    return await browser.run(
        f"fetch('/api/v1/{path}', {{ method: 'POST', body: {json.dumps(json.dumps(body))}, headers: {{"
        " 'Content-Type': 'application/json', Authorization: `Bearer ${sessionStorage.getItem('webmacs.token')}` } })"
        ".then(async (answer) => [answer.status, await answer.json()])")


async def experiment(browser, name, notes, started, stopped, annotations):
    status, made = await post(browser, "experiments", {
        "name": name, "notes": notes, "started_on": ago(started), "stopped_on": stopped and ago(stopped)})
    if status != 201:
        print(f"{name} is not made: {made['detail']}")
        return
    for seconds, text in annotations.items():
        await post(browser, f"experiments/{made['public_id']}/annotations", {"timestamp": ago(seconds), "text": text})


async def main(address):
    with tempfile.TemporaryDirectory() as folder:
        browser = await Browser.open(Path(folder), viewport={"width": 1280, "height": 720}, colorScheme="light")
        await browser.call("goto", address)
        await browser.state("live")
        await experiment(browser, "Cold run 2", "Sand, 0.3 mm", 275, 195, {260: "Air on"})
        await experiment(browser, "Cold run 3", "Sand, 0.5 mm", 150, None, {135: "Air on", 60: "Feeder on"})
        await browser.call("reload")
        await browser.state("live")
        await browser.go("overview")
        await browser.see(".running-bar strong")
        await browser.call("waitForTimeout", 2500)
        await browser.screenshot(ROOT / "docs" / "dashboard.png")
        await browser.call("emulateMedia", {"colorScheme": "dark"})
        await browser.go(f"trends?events={EVENTS}&range=5m")
        await browser.see(".plot canvas")
        await browser.call("waitForTimeout", 2500)
        await browser.call("move", 560, 420)
        await browser.call("waitForTimeout", 700)
        await browser.screenshot(ROOT / "docs" / "trends.png")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
