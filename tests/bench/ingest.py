"""Readings per second that the hub stores (each transaction synced to disk), acknowledges and broadcasts, by the number
of readings in a message. One controller, one subscriber, both on this machine and its cores."""

import asyncio

from setting import DiskProbe, Load, Setting, show

SIZES = (1, 10, 100, 500)
SECONDS = 6


async def measure(size):
    with Setting() as setting:
        hub = setting.hub()
        controller = await hub.token("load", "controller")
        viewer = await hub.token("viewer", "viewer")
        await hub.start()
        watcher = Load(viewer, "watch", hub.url("/ws/datapoints/stream", format="batch"))
        watcher.line()
        with DiskProbe(setting.folder) as disk:
            pusher = Load(controller, "push", hub.url("/ws/controller/telemetry", ack=1), size, SECONDS)
            pushed = await asyncio.to_thread(pusher.finish)
        await asyncio.sleep(1)  # what is on its way to the subscriber
        seen = watcher.finish(stop=True)
        assert hub.store.count() == pushed["stored"], "what was acknowledged is in the store"
        shown = seen["datapoints"] + seen["skipped"]
        assert shown == pushed["stored"], f"of {pushed['stored']} readings {shown} were shown or said to be left out"
        assert hub.stop()[0] == 0
    name = f"ingest, {size} a message"
    show(name, pushed["stored"] / pushed["seconds"], "readings/s", note=f"busy answers: {pushed['busy']}")
    show(f"{name}, broadcast", seen["datapoints"] / pushed["seconds"], "readings/s",
         note=f"in {seen['frames']} frames; {seen['skipped']} left out for a subscriber that fell behind")
    show(f"{name}, ack p50", pushed["ack_p50_ms"], "ms")
    show(f"{name}, ack p99", pushed["ack_p99_ms"], "ms")
    show(f"{name}, fdatasync p50", disk.percentile(0.50), "ms")
    show(f"{name}, fdatasync p99", disk.percentile(0.99), "ms")


if __name__ == "__main__":
    for messages in SIZES:
        asyncio.run(measure(messages))
