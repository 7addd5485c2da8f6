"""One of 500 subscribers stops reading for 5 s while 1,000 readings/s are stored and sent to all: what it costs the hub in
memory, what the others notice, and how soon it has every event's latest value. Then for 60 s: it is dropped, its memory
is free again, and with its cursor it comes back complete."""

import asyncio
import json
import re
import socket
import statistics
import sys
import time

from crowd_driver import STREAM, CrowdSetting
from setting import show

from harness.raw_websocket import CLOSE, PING, PONG, TEXT, RawWebSocket

QUICK = "--quick" in sys.argv
SUBSCRIBERS = 500
RATE = 1000
EVENTS = 50  # webmacs-crowd's
SILENCE = 5.0
LONG_SILENCE = 40.0 if QUICK else 60.0  # it is dropped after 30 s
SOCKET_BUFFER = 256 * 1024  # what the hub lets the kernel keep for a client
QUEUE = 1024 * 1024
MEBIBYTE = 1024 * 1024
ROUNDS = 3 if QUICK else 8  # the p99 of a busy machine jumps: with and without the slow one in turn


class SlowClient:
    """Reads when it is told to; remembers its cursor, and per event the last value."""

    def __init__(self, setting, since=None):
        target = f"{STREAM}?format=batch&token={setting.viewer}" + (f"&since={since}" if since else "")
        self.peer = RawWebSocket(setting.server.port, target, timeout=30)
        self.peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        self.cursor, self.recovered, self.skipped, self.values = None, None, 0, []

    def take(self):
        """One envelope; False when the hub is gone."""
        try:
            opcode, payload = self.peer.receive()
        except OSError:
            return False
        if opcode == PING:
            self.peer.send(PONG, payload)
        if opcode == CLOSE:
            return False
        if opcode != TEXT:
            return True
        envelope = json.loads(payload)
        self.cursor = envelope.get("cursor", self.cursor)
        self.recovered = envelope.get("recovered", self.recovered)
        self.skipped += envelope.get("skipped", 0)
        self.values += [int(point["value"]) for point in envelope.get("datapoints", [])]
        return True

    def read_until(self, value):
        """Until a value at least so new has come; answers the seconds it took."""
        started = time.monotonic()
        while not self.values or self.values[-1] < value:
            assert self.take(), "the hub closed the connection"
        return time.monotonic() - started

    def close(self):
        self.peer.close()


def queue_bytes(hub):
    text = hub._get("/metrics", None, {}).body.decode()
    return float(re.search(r"(?m)^webmacs_outbound_queue_bytes (\S+)$", text).group(1))


def stored(setting):
    text = setting.server._get("/metrics", None, {}).body.decode()
    return int(float(re.search(r"(?m)^webmacs_readings_stored_total (\S+)$", text).group(1)))


def compare_others(setting):
    """p99 of the 500, with all reading and with one that does not, in turn: the medians; how much the hub grew, and the
    queue."""
    calm, stalled, grown, queued = [], [], [], []
    for _ in range(ROUNDS):
        calm.append(setting.crowd.measure(SILENCE)["p99_ms"])
        slow = SlowClient(setting)
        slow.read_until(stored(setting))
        before = setting.resident()
        stalled.append(setting.crowd.measure(SILENCE)["p99_ms"])
        queued.append(queue_bytes(setting.server))
        grown.append(setting.resident() - before)
        slow.close()
    return [statistics.median(each) for each in (calm, stalled, grown, queued)]


def stop_and_return(setting):
    """Silent for SILENCE, with a queue that does not hold as much: seconds until it is up to date, and how many it was
    not sent, which is how many it was told."""
    slow = SlowClient(setting)
    slow.read_until(stored(setting))
    time.sleep(SILENCE)
    setting.crowd.push(0)
    time.sleep(1.0)
    last = stored(setting) - 1
    seconds = slow.read_until(last)
    latest = {}
    for value in slow.values:
        latest[value % EVENTS] = value
    assert latest == {value % EVENTS: value for value in range(last - EVENTS + 1, last + 1)}, "every event's latest value"
    came = len(set(slow.values))
    assert came == len(slow.values), "nothing twice"
    missing = last + 1 - min(slow.values) - came
    assert missing == slow.skipped, f"{missing} are missing, {slow.skipped} were said to be left out"
    slow.close()
    return seconds, slow.skipped


def stay_away(setting):
    """Silent for LONG_SILENCE: dropped, freed, and complete when it comes back with its cursor."""
    slow = SlowClient(setting)
    slow.read_until(stored(setting))
    longest, started = 0, time.monotonic()
    while time.monotonic() - started < LONG_SILENCE:
        longest = max(longest, queue_bytes(setting.server))  # the crowd is not there: it is this client's
        time.sleep(1)
    setting.crowd.push(0)
    time.sleep(1.0)
    left = queue_bytes(setting.server)
    seen, cursor = list(slow.values), slow.cursor
    while slow.take():  # what the kernel still has for it, and then the end
        pass
    slow.close()
    again = SlowClient(setting, cursor)
    last = stored(setting) - 1
    seconds = again.read_until(last)
    assert again.recovered, "the ring reaches back"
    assert again.values == list(range(seen[-1] + 1, last + 1)), "nothing is missing and nothing comes twice"
    again.close()
    return longest, left, len(again.values), seconds


async def measure_others():
    with CrowdSetting() as setting:
        await setting.start(history="1MiB")  # full at once: what grows then is not the ring
        setting.crowd.open(SUBSCRIBERS)
        setting.crowd.push(RATE)
        setting.crowd.measure(6)  # warm
        calm, stalled, grown, queued = compare_others(setting)
        others = setting.crowd.measure(0.1)
        assert others["closed"] == 0 and others["open"] == SUBSCRIBERS, others
        setting.finish()
    show("slow client, p99 of the others before", calm, "ms", note=f"{RATE} readings/s to {SUBSCRIBERS}")
    show("slow client, p99 of the others meanwhile", stalled, "ms", 1.1 * calm)
    show("slow client, the hub's memory grew by", grown / MEBIBYTE, "MiB", (QUEUE + SOCKET_BUFFER) / MEBIBYTE)
    show("slow client, bytes queued", queued / MEBIBYTE, "MiB", QUEUE / MEBIBYTE, "all clients'")


async def measure_return():
    with CrowdSetting() as setting:
        await setting.start(client_queue="128KiB")
        setting.crowd.push(RATE)
        seconds, skipped = stop_and_return(setting)
        setting.finish()
    show("slow client, up to date again after", 1000 * seconds, "ms", 1000,
         f"{skipped} skipped, and it was told so")


async def measure_absence():
    with CrowdSetting() as setting:
        await setting.start()
        setting.crowd.push(RATE)
        longest, left, missed, seconds = stay_away(setting)
        setting.finish()
    show("slow client, its queue while it is away", longest / MEBIBYTE, "MiB", QUEUE / MEBIBYTE,
         f"silent for {LONG_SILENCE:.0f} s")
    show("slow client, its queue once it is dropped", left, "bytes", note="goal 0  " + ("MISSED" if left else "met"))
    show("slow client, complete again after", 1000 * seconds, "ms", note=f"{missed} datapoints, each once")


async def measure():
    await measure_others()
    await measure_return()
    await measure_absence()


if __name__ == "__main__":
    asyncio.run(measure())
