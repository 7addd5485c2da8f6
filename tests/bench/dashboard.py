"""The dashboard in Chromium while a rig sends at 10 Hz: what tiles and a plot that follows cost, how smoothly they are drawn
and whether the page's memory stays flat; how soon curves of a month are drawn after the click, how soon the first tile is
seen over a slow line on a slow machine, and how much the page weighs. Memory is full after five minutes: runs shorter
than ten cannot tell whether it stays flat."""

import argparse
import asyncio
import contextlib
import gzip
import math
import sqlite3
import statistics
import time

from dashboard_page import WatchedPage, first_tile_ms
from latency import write_rig
from setting import Setting, show, show_at_least

from harness.browser import WEB_ROOT, Browser
from harness.hub import Hub
from harness.programs import AGENT, SIM
from harness.wait import until

TILES = 150
EVENTS = 50
PLOTTED = 8
CURVES, DAYS, EVERY = 20, 30, 10  # of the month, and seconds between its datapoints
HOUR_MS = 3_600_000
FULL_SECONDS = 600
WARM_SECONDS = 10
FRAMES_SECONDS = 20
CLICKS = 5
PATIENCE = 120
SCREEN = {"width": 1600, "height": 900}
GOAL_FRAMES = 50
GOAL_TILES = 8.0
GOAL_MAIN_THREAD = 12.0
GOAL_GROWTH_MB = 1.0
GOAL_CLICK_MS = 300.0
GOAL_FIRST_TILE_MS = 3000.0
GOAL_KIB = 80.0


def read_seconds():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=FULL_SECONDS, help="how long the live pages are watched, default %(default)s")
    parser.add_argument("--quick", dest="seconds", action="store_const", const=60, help="the same as --seconds=60")
    return parser.parse_args().seconds


@contextlib.asynccontextmanager
async def live_page(events, route):
    """(WatchedPage, Browser, the address to sign in with) of a page that shows a rig of so many events, live."""
    with Setting() as setting:
        hub = Hub(setting, web_root=WEB_ROOT)
        rig = write_rig(setting.folder, hub, await hub.token("rig", "controller"), events)
        viewer = await hub.token("viewer", "viewer")
        await hub.start()
        local = setting.folder / "rig.local.ini"
        setting.program("sim", [SIM, "--config", rig, "--local", local]).start()
        await until(lambda: local.exists() and local.stat().st_size, PATIENCE)
        setting.program("agent", [AGENT, "run", "--config", local]).start()
        await until(lambda: hub.store.count() > 5 * events, PATIENCE)
        async with opened(setting, hub, viewer, route) as (page, browser):
            yield page, browser, f"http://127.0.0.1:{hub.port}/#token={viewer}"


@contextlib.asynccontextmanager
async def opened(setting, hub, token, route):
    browser = await Browser.open(setting.folder, viewport=SCREEN)
    try:
        await browser.goto(hub, route, token=token)
        await browser.state("live")
        yield await WatchedPage.of(browser), browser
    finally:
        await browser.close()


async def watch(page, name, seconds, goal):
    main, whole = await page.costs(seconds)
    show(f"dashboard, {name}, main thread", main, "%", goal)
    show(f"dashboard, {name}, whole browser", whole, "%", note="without a graphics processor")


async def watch_tiles(events, seconds, goal):
    name = f"{events} tiles at 10 Hz"
    async with live_page(events, "overview") as (page, browser, address):
        async def all_there():
            return await browser.count(".tile") == events
        await until(all_there, PATIENCE)
        await asyncio.sleep(WARM_SECONDS)
        await watch(page, name, seconds, goal)
        show_at_least(f"dashboard, {name}, frames", await page.frames_per_second(FRAMES_SECONDS), "per second", GOAL_FRAMES)
        if events == EVENTS:
            await watch_plot(page, browser, seconds)
            await see_first_tile(address)


async def watch_plot(page, browser, seconds):
    """A plot that shows half of the time that it is watched, so that it is full for the other half."""
    half = max(1, seconds // 2)
    name = f"{PLOTTED} curves of {EVENTS} events"
    await browser.go(f"trends?events={','.join(f'evt_{i:03}' for i in range(PLOTTED))}&range={half}s")
    await browser.see(".plot canvas")
    await watch(page, f"{name}, getting full", half, GOAL_MAIN_THREAD)
    begin = await page.memory_mb()
    await watch(page, f"{name}, full", half, GOAL_MAIN_THREAD)
    gained = await page.memory_mb() - begin
    show(f"dashboard, {name}, memory gained", gained, "MB", GOAL_GROWTH_MB if seconds >= FULL_SECONDS else None,
         f"in {half} s from {begin:.1f} MB")
    show_at_least(f"dashboard, {name}, frames", await page.frames_per_second(FRAMES_SECONDS), "per second", GOAL_FRAMES)
    points = await browser.run(f"document.querySelector('.plot').points('evt_{PLOTTED - 1:03}').length")
    assert points > half, f"only {points} points were drawn"


async def see_first_tile(address):
    with Setting() as setting:
        browser = await Browser.open(setting.folder, viewport=SCREEN)
        took = await first_tile_ms(browser, address)
        show("dashboard, first tile, 400 kbit/s, CPU / 4", took, "ms", GOAL_FIRST_TILE_MS)
        await browser.close()


def fill_month(database):
    """So many days until now, as a hub would have stored them."""
    now = time.time_ns() // 1_000_000_000
    rows = DAYS * 86400 // EVERY
    with contextlib.closing(sqlite3.connect(database)) as store:
        store.execute("PRAGMA synchronous = OFF")
        for key in range(1, CURVES + 1):
            store.execute("INSERT INTO events (key, public_id, controller, described, poll_interval) VALUES (?, ?, 'rig', 1, ?)",
                          (key, f"evt_{key:03}", EVERY))
            store.executemany("INSERT INTO datapoints VALUES (?, ?, ?, NULL)", (
                (key, (now - (rows - i) * EVERY) * 1_000_000, key + math.sin(i / 900) + i % 7 / 100) for i in range(rows)))
        store.commit()


async def click_a_month():
    with Setting() as setting:
        hub = Hub(setting, web_root=WEB_ROOT)
        viewer = await hub.token("viewer", "viewer")
        fill_month(hub.database)
        await hub.start()

        def is_summarised():
            oldest, = hub.store.rows("SELECT count(*), min(mark) FROM summary_marks")
            return oldest[0] == CURVES and oldest[1] > (time.time() - 86400) * 1_000_000
        await until(is_summarised, PATIENCE, "the month is summarised")
        events = ",".join(f"evt_{key:03}" for key in range(1, CURVES + 1))
        async with opened(setting, hub, viewer, f"trends?events={events}&range=1h") as (page, browser):
            await browser.see(".plot canvas")
            took = []
            for _ in range(CLICKS):
                await page.click_ms("1 h", HOUR_MS)
                await asyncio.sleep(0.5)
                took.append(await page.click_ms("30 d", DAYS * 24 * HOUR_MS))
                await asyncio.sleep(0.5)
        show(f"dashboard, {CURVES} curves x {DAYS} d after the click", statistics.median(took), "ms", GOAL_CLICK_MS,
             f"the first {took[0]:.0f} ms, {DAYS * 86400 // EVERY * CURVES / 1e6:.1f} M datapoints")


def show_weight():
    sizes = {path: len(gzip.compress(path.read_bytes(), 9)) for path in WEB_ROOT.rglob("*") if path.is_file()}
    show("dashboard, all assets gzipped", sum(sizes.values()) / 1024, "KiB", GOAL_KIB)


async def measure(seconds):
    show_weight()
    await watch_tiles(TILES, min(seconds, 60), GOAL_TILES)
    await watch_tiles(EVENTS, seconds, GOAL_MAIN_THREAD)
    await click_a_month()


if __name__ == "__main__":
    asyncio.run(measure(read_seconds()))
