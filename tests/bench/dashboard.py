"""The dashboard in Chromium while 50 events come at 10 Hz, 8 of them on a plot that follows: how smoothly it draws, what
the main thread takes, how much memory it gains, how soon it paints, and how much it weighs. The plot shows as much
time as it is watched, so that it gets full; after that it shows half of it, which moves twice as fast. `--quick`: one
minute instead of ten."""

import asyncio
import gzip
import statistics

from latency import write_rig
from setting import Setting, is_quick, show

from harness.browser import WEB_ROOT, Browser
from harness.hub import Hub
from harness.programs import AGENT, SIM
from harness.wait import until

EVENTS = 50
PLOTTED = 8
PLOTTED_IDS = ",".join(f"evt_{i:03}" for i in range(PLOTTED))
QUICK = is_quick(__doc__)
SECONDS = 60 if QUICK else 600
RANGES = ("60s", "30s") if QUICK else ("10m", "5m")
WARM_SECONDS = 60 if QUICK else 20
PATIENCE = 60
GOAL_FRAME_MS = 20.0  # 50 frames a second
GOAL_MAIN_THREAD = 12.0
GOAL_GROWTH_MB = 20.0
GOAL_PAINT_MS = 1000.0
GOAL_KIB = 80.0

COUNT_FRAMES = """(() => {
  window.frames_ = [];
  let before = performance.now();
  const step = (now) => { window.frames_.push(now - before); before = now; requestAnimationFrame(step); };
  requestAnimationFrame(step);
})()"""


async def metrics(browser):
    answer = await browser.call("devtools", "Performance.getMetrics", {})
    return {metric["name"]: metric["value"] for metric in answer["metrics"]}


async def memory_mb(browser):
    """What lives on the heap, and in the arrays beside it, after a collection."""
    await browser.call("devtools", "HeapProfiler.collectGarbage", {})
    usage = await browser.call("devtools", "Runtime.getHeapUsage", {})
    return (usage["usedSize"] + usage.get("backingStorageSize", 0)) / 1e6


async def watch(browser, name, seconds):
    await browser.run("window.frames_.length = 0")
    before = await metrics(browser)
    await asyncio.sleep(seconds)
    after = await metrics(browser)
    frames = await browser.run("window.frames_")
    wall = after["Timestamp"] - before["Timestamp"]
    median = statistics.median(frames)
    show(f"dashboard, {name}, frame median", median, "ms", GOAL_FRAME_MS,
         f"{len(frames) / wall:.0f} frames/s on average")
    show(f"dashboard, {name}, main thread", 100 * (after["TaskDuration"] - before["TaskDuration"]) / wall, "%",
         GOAL_MAIN_THREAD)


def show_weight():
    sizes = {path: len(gzip.compress(path.read_bytes(), 9)) for path in WEB_ROOT.rglob("*") if path.is_file()}
    show("dashboard, all assets gzipped", sum(sizes.values()) / 1024, "KiB", GOAL_KIB)


async def measure():
    show_weight()
    with Setting() as setting:
        hub = Hub(setting, web_root=WEB_ROOT)
        rig = write_rig(setting.folder, hub, await hub.token("rig", "controller"), EVENTS)
        viewer = await hub.token("viewer", "viewer")
        await hub.start()
        local = setting.folder / "rig.local.ini"
        setting.program("sim", [SIM, "--config", rig, "--local", local]).start()
        await until(lambda: local.exists() and local.stat().st_size, PATIENCE)
        setting.program("agent", [AGENT, "run", "--config", local]).start()
        await until(lambda: hub.store.count() > 5 * EVENTS, PATIENCE)

        browser = await Browser.open(setting.folder, viewport={"width": 1600, "height": 900})
        await browser.goto(hub, token=viewer)
        await browser.state("live")
        await until(lambda: first_paint(browser), PATIENCE)
        show("dashboard, first paint", await first_paint(browser), "ms", GOAL_PAINT_MS)
        await browser.call("devtools", "Performance.enable", {})
        await browser.run(COUNT_FRAMES)
        await until(lambda: shows_tiles(browser), PATIENCE)

        await browser.go("overview")
        await asyncio.sleep(10)
        await watch(browser, f"{EVENTS} tiles", min(SECONDS, 30))

        await browser.go(f"trends?events={PLOTTED_IDS}&range={RANGES[0]}")
        await browser.see(".plot canvas")
        await asyncio.sleep(WARM_SECONDS)
        begin = await memory_mb(browser)
        await watch(browser, f"{PLOTTED} curves over {RANGES[0]}", SECONDS)
        show("dashboard, memory gained", await memory_mb(browser) - begin, "MB", GOAL_GROWTH_MB,
             f"in {SECONDS} s from {begin:.1f} MB")
        points = await browser.run(f"document.querySelector('.plot').points('evt_{PLOTTED - 1:03}').length")
        assert points > 2 * SECONDS, f"only {points} points were drawn"
        await browser.go(f"trends?events={PLOTTED_IDS}&range={RANGES[1]}")
        await asyncio.sleep(5)
        await watch(browser, f"{PLOTTED} curves over {RANGES[1]}", 30)
        await browser.close()


async def first_paint(browser):
    return await browser.run("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")


async def shows_tiles(browser):
    return await browser.count(".tile") == EVENTS


if __name__ == "__main__":
    asyncio.run(measure())
