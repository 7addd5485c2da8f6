"""How many frames a second one core sends out: the hub beside npm ws, nginx with nchan, FastAPI's obvious
ConnectionManager, and a bare epoll loop that only writes frames. All in the same run, in turn, medians of the rounds.

Every server runs on the first core, the generator (webmacs-fan, C++ and epoll) on the second. The generator publishes
over one WebSocket and receives over 10, 100 or 1000; it counts the frames that arrive, each of which carries one
datapoint in 160 bytes of JSON (FastAPI's has 11 more, because json.dumps writes spaces). It keeps the stated number of
messages in flight: published, and not yet received by every subscriber. Frames are counted after half a second of
warming up; "busy" is the server's processor time while they were.

The hub does more than the others: each reading is parsed, checked, and committed to SQLite with fsync before it goes
out. It is fed with the contract's batches, as our agent does, cut by what is in flight; the others, which know none, get
one message a frame. For comparison the hub is also fed with one reading a frame. With 10 subscribers it is this that
counts, not the sending: half of the hub's time goes into SQLite, and an eighth into parsing.

At the end the servers' processor time per delivered frame at a steady 1,000 messages/s, evenly one each millisecond and
in bursts as a rig that is polled ten times a second sends them; and datapoints/s to subscribers with format=batch, where
5,000 readings may be unanswered.

--quick: one round of a second each."""

import statistics

from generator import fan
from peers import BareLoop, FastApi, Hub, HubOneByOne, Nchan, NpmWs
from setting import Setting, is_quick, show, show_at_least

SERVER_CORE, GENERATOR_CORE = 0, 1
QUICK = is_quick(__doc__)
ROUNDS, SECONDS = (1, 1) if QUICK else (3, 1.5)
PEERS = (Hub, BareLoop, NpmWs, Nchan, FastApi)
# Subscribers, messages in flight, and how many times a peer's rate the hub's is to be.
CASES = ((10, 4000, {Nchan: 25}),
         (100, 4000, {Nchan: 40, NpmWs: 60, FastApi: 100}),
         (1000, 20, {Nchan: 9}),
         (1000, 200, {Nchan: 50}))
STEADY = (("evenly", 1, 0.001), ("in bursts of 100", 100, 0.1))
BATCH_GOAL = 3_000_000


def once(server, *words, **options):
    with Setting() as setting, server(setting, SERVER_CORE) as running:
        return fan(running, GENERATOR_CORE, *words, **options)


def median(runs, member):
    return statistics.median(run[member] for run in runs)


def measure_case(subscribers, in_flight, goals):
    runs = {server: [] for server in (*PEERS, HubOneByOne)}
    for _ in range(ROUNDS):
        for server, figures in runs.items():
            figures.append(once(server, subscribers, SECONDS, in_flight=in_flight))
    hub = median(runs[Hub], "rate")
    for server, figures in runs.items():
        rate = median(figures, "rate")
        busy = statistics.median(run["cpu"] / run["seconds"] for run in figures)
        show(f"fan-out to {subscribers} ({in_flight} in flight), {server.name}", rate, "per second",
             note=f"{median(figures, 'payload_bytes'):.0f} bytes, busy {busy:.0%}, "
                  f"{statistics.median(1e9 * run['cpu'] / max(1, run['deliveries']) for run in figures):,.0f} ns each"
                  + ("" if server in (Hub, HubOneByOne) else f"; the hub sends {hub / rate:.1f} times as many"))
    for server, times in goals.items():
        show_at_least(f"fan-out to {subscribers} ({in_flight} in flight), hub : {server.name}",
                      hub / median(runs[server], "rate"), "times", times)


def measure_steady(how, burst, interval):
    runs = {Hub: [], HubOneByOne: [], BareLoop: []}
    for _ in range(ROUNDS):
        for server, figures in runs.items():
            figures.append(once(server, 100, 2 * SECONDS, burst=burst, interval=interval))
    cost = {server: 1e9 * median(figures, "cpu") / median(figures, "deliveries") for server, figures in runs.items()}
    for server in (BareLoop, HubOneByOne):
        show(f"1,000 messages/s {how} to 100, {server.name}", cost[server], "ns each",
             note=f"latency p99 {median(runs[server], 'p99_ms'):.2f} ms")
    show(f"1,000 messages/s {how} to 100, hub", cost[Hub], "ns each", cost[BareLoop],
         f"latency p99 {median(runs[Hub], 'p99_ms'):.2f} ms")


def measure_batch():
    runs = [once(Hub, 10, 2 * SECONDS, query="?format=batch", in_flight=5000, by_answers=True, frame_messages=500)
            for _ in range(ROUNDS)]
    show_at_least("format=batch to 10, datapoints", median(runs, "rate"), "per second", BATCH_GOAL)


if __name__ == "__main__":
    for case in CASES:
        measure_case(*case)
    for pace in STEADY:
        measure_steady(*pace)
    measure_batch()
