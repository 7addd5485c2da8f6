"""What a page costs: the processor time of its main thread and of the whole browser, its frames, its memory, and how soon
something is seen. Processor times are the threads' own, so that other work on the machine does not count."""

import asyncio
import time
from pathlib import Path

from setting import cpu_seconds

COUNT_FRAMES = """(() => {
  window.frames_ = 0;
  window.counting_ = true;
  const step = () => { window.frames_ += 1; if (window.counting_) requestAnimationFrame(step); };
  requestAnimationFrame(step);
})()"""

# Resolves with the ms from `begin` until a frame was painted after `so()` became true.
PAINTED = """(begin, so) => new Promise((done) => {
  const look = () => {
    if (!so()) return requestAnimationFrame(look);
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)));
  };
  look();
})"""

# The first tile with a value, from the moment at which the address was opened.
FIRST_TILE = "window.firstTile_ = (" + PAINTED + """)(0, () =>
  [...document.querySelectorAll('.tile .number')].some((number) => /[0-9]/.test(number.textContent)))"""

# Clicks a button, and answers when each curve begins as its range does, with the margin that is fetched, and is painted.
CLICK_AND_WAIT = "((button, span) => { const begin = performance.now(); button.click(); return (" + PAINTED + """)(begin, () => {
  const plot = document.querySelector('.plot').plot;
  const ages = plot.curves.map(({ id }) => Date.now() - plot.store.of(id).times[0]);
  return ages.every((age) => age > 0.99 * span && age < 1.5 * span);
}); })([...document.querySelectorAll('.segmented button')].find((button) => button.innerText === %r), %d)"""

SLOW_BITS = 400_000  # per second
LATENCY_MS = 50
SLOWER = 4


class WatchedPage:
    @classmethod
    async def of(cls, browser):
        await browser.call("devtools", "Performance.enable", {"timeDomain": "threadTicks"})
        page = cls()
        page._browser = browser
        return page

    async def costs(self, seconds):
        """(percent of a core of the main thread, and of all the browser's processes) over so many seconds."""
        tasks, processes, begin = await self._tasks(), self._processes(), time.monotonic()
        await asyncio.sleep(seconds)
        wall = time.monotonic() - begin
        return 100 * (await self._tasks() - tasks) / wall, 100 * (self._processes() - processes) / wall

    async def frames_per_second(self, seconds):
        """What a page that asks for each frame gets; that costs itself, so it is not a part of costs()."""
        await self._browser.run(COUNT_FRAMES)
        begin = time.monotonic()
        await asyncio.sleep(seconds)
        frames = await self._browser.run("(window.counting_ = false, window.frames_)")
        return frames / (time.monotonic() - begin)

    async def memory_mb(self):
        """What lives on the heap, and in the arrays beside it, after a collection."""
        await self._browser.call("devtools", "HeapProfiler.collectGarbage", {})
        usage = await self._browser.call("devtools", "Runtime.getHeapUsage", {})
        return (usage["usedSize"] + usage.get("backingStorageSize", 0)) / 1e6

    async def click_ms(self, button, span):
        """From the click on the button of that range until all curves of so many ms are painted."""
        return await self._browser.run(CLICK_AND_WAIT % (button, span))

    async def _tasks(self):
        answer = await self._browser.call("devtools", "Performance.getMetrics", {})
        return next(metric["value"] for metric in answer["metrics"] if metric["name"] == "TaskDuration")

    def _processes(self):
        return sum(cpu_seconds(pid) for pid in descendants(self._browser.pid))


async def first_tile_ms(browser, address):
    """How soon a page that was never opened shows a value, over a slow line to a slow machine."""
    await browser.call("devtools", "Network.enable", {})
    await browser.call("devtools", "Network.emulateNetworkConditions", {
        "offline": False, "latency": LATENCY_MS, "downloadThroughput": SLOW_BITS / 8, "uploadThroughput": SLOW_BITS / 8})
    await browser.call("devtools", "Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    await browser.call("addInitScript", {"content": FIRST_TILE})
    await browser.call("goto", address)
    return await browser.run("window.firstTile_")


def descendants(root):
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it has ended
        parents[int(stat.parent.name)] = int(text.rpartition(")")[2].split()[1])
    found, new = set(), {root}
    while new:
        found |= new
        new = {pid for pid, parent in parents.items() if parent in new} - found
    return found - {root}
