"""From a controller's send to each subscriber's frame, every reading committed with fsync before it goes out: 1,000
readings/s to 500 subscribers and 100 readings/s to 10, the hub on one core, the generator on the other, beside what the
disk takes to sync in the same seconds. The readings come evenly spaced, one a frame, as from many controllers of the
seed, and as batches of one poll (100 readings ten times a second, 10 readings ten times a second).

--quick: 3 seconds each."""

from generator import fan
from peers import Hub, HubOneByOne
from setting import DiskProbe, Setting, is_quick, show

SERVER_CORE, GENERATOR_CORE = 0, 1
SECONDS = 3 if is_quick(__doc__) else 10


def measure(server, how, subscribers, burst, interval, goal_p99, add_disk):
    with Setting() as setting, server(setting, SERVER_CORE) as hub, DiskProbe(setting.folder) as disk:
        seen = fan(hub, GENERATOR_CORE, subscribers, SECONDS, burst=burst, interval=interval)
    rate = burst / interval
    name = f"{rate:,.0f} readings/s to {subscribers}, {how}"
    assert seen["deliveries"] > 0.95 * rate * subscribers * SECONDS, f"{name}: only {seen['deliveries']} frames came"
    disk_p99 = disk.percentile(0.99)
    show(f"{name}, p50", seen["p50_ms"], "ms")
    show(f"{name}, p99", seen["p99_ms"], "ms", goal_p99 + (disk_p99 if add_disk else 0),
         f"disk fdatasync p99 {disk_p99:.2f} ms, hub busy {seen['cpu'] / seen['seconds']:.0%}")


if __name__ == "__main__":
    measure(HubOneByOne, "evenly", 500, 1, 0.001, 50, False)
    measure(Hub, "in polls", 500, 100, 0.1, 50, False)
    measure(HubOneByOne, "evenly", 10, 1, 0.01, 10, True)
    measure(Hub, "in polls", 10, 10, 0.1, 10, True)
