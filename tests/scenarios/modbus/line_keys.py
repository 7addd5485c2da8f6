"""What a rig file says of a line is what the devices on it see: how many requests come at once, when the connection is
closed, how long it is left in peace at first."""

import asyncio
import socket
import struct
import threading
import time
import unittest

from harness.case import Scenario
from harness.modbus_units import Server, TcpUnits, event, fixed, framed, receive, section
from harness.programs import SLOWNESS, run
from harness.wait import until

READS = [200 * i for i in range(12)]  # too far apart to be merged
VALUES = {address: address + 7 for address in READS}
TIMEOUT = 0.5 * SLOWNESS
POLL = 0.2


class ManyAtOnce(Server):
    """A Modbus TCP unit that answers all that it has received in the opposite order, after a moment. `loses(number)`: that
    request gets no answer; `lags(number)`: its answer comes once its timeout is over. `serves`: so many of those that are
    there at once; the others are forgotten, as by a gateway with a short queue."""

    def __init__(self, loses=lambda number: False, lags=lambda number: False, serves=16):
        self.loses, self.lags, self.serves = loses, lags, serves
        self.most = 0
        super().__init__()

    def serve(self, connection):
        data = b""
        while part := connection.recv(4096):
            data += part
            replies = []
            while len(data) >= 12:
                request, data = data[:12], data[12:]
                replies.append(self._reply(connection, request))
            self.most = max(self.most, len(replies))
            time.sleep(0.005)
            connection.sendall(b"".join(reversed(replies[:self.serves])))

    def _reply(self, connection, request):
        self.requests += 1
        unit, pdu = request[6], request[7:]
        body = fixed(VALUES)(unit, pdu)
        reply = request[:4] + struct.pack(">HB", len(body) + 1, unit) + body
        if self.loses(self.requests):
            return b""
        if self.lags(self.requests):
            threading.Timer(1.5 * TIMEOUT, self._late, (connection, reply)).start()
            return b""
        return reply

    @staticmethod
    def _late(connection, reply):
        try:
            connection.sendall(reply)
        except OSError:
            pass

    def device(self, name, **keys):
        return section(name, host="127.0.0.1", port=self.port, timeout=f"{TIMEOUT}s", **keys)


class OneAfterTheOther(TcpUnits):
    """Takes the next connection when the one before it was closed."""

    def _take(self, connection):
        self._guarded(connection)


class Touchy(TcpUnits):
    """Needs half a second after a connection was made: who asks earlier is cut off. It hangs up after each tenth answer."""
    NEEDS, PAUSE = 0.5, 1.2  # far apart: a busy machine may be late to notice a connection

    def __init__(self):
        self.asked_early = 0
        self.ages = []
        super().__init__(self._touchy)

    def _touchy(self, unit, pdu, age):
        self.ages.append(age)
        if age < self.NEEDS:
            self.asked_early += 1
            return "close"
        return "close" if self.requests % 10 == 0 else fixed({0: 42})(unit, pdu)


class TouchyRtu(Touchy):
    transport = "rtu_over_tcp"

    def serve(self, connection):
        made = time.monotonic()
        while request := receive(connection, 8):
            self.requests += 1
            reply = self._touchy(request[0], request[1:6], time.monotonic() - made)
            if reply == "close":
                return
            connection.sendall(framed(request[0], reply))


class LineKeys(Scenario):
    async def watch(self, rig, done, **settings):
        """An agent on that rig until `done(hub)`; answers what was stored, by event: values, reasons."""
        hub = await self.hub().start()
        agent = (await self.agent(rig, hub, **settings)).start()
        await until(lambda: done(hub), 60 * SLOWNESS, lambda: f"{hub.store.count()} datapoints")
        self.assertEqual((await asyncio.to_thread(agent.stop))[0], 0)
        stored = {}
        for name, _, value, reason in hub.store.datapoints():
            stored.setdefault(name, ([], []))[value is None].append(reason if value is None else value)
        return stored

    @staticmethod
    def events(device, interval=POLL):
        return "".join(event(f"{device}_{a}", a, device, poll_interval=interval) for a in READS)

    async def test_pipeline_is_how_many_requests_are_in_flight(self):
        units = {"eight": (ManyAtOnce(), 8), "three": (ManyAtOnce(), 3), "one": (ManyAtOnce(), None)}
        rig = "".join(unit.device(name, **({"pipeline": flight} if flight else {})) + self.events(name)
                      for name, (unit, flight) in units.items())
        stored = await self.watch(rig, lambda hub: hub.store.count() >= len(units) * len(READS) * 20)
        for name, (unit, flight) in units.items():
            self.assertEqual(unit.most, flight or 1, name)
            for address in READS:
                values, reasons = stored[f"{name}_{address}"]
                self.assertEqual((set(values), reasons), ({VALUES[address]}, []), f"{name}_{address}")

    async def test_answers_that_are_lost_late_or_out_of_order_are_nobody_elses(self):
        # The lost ones are asked for again, alone; a late one is known by its transaction.
        units = {"loses": ManyAtOnce(loses=lambda number: number % 31 == 0),
                 "lags": ManyAtOnce(lags=lambda number: number % 31 == 0),
                 "forgets": ManyAtOnce(serves=2)}
        rig = "".join(unit.device(name, pipeline=8) + self.events(name, 1) for name, unit in units.items())
        stored = await self.watch(rig, lambda hub: all(len(hub.store.datapoints(f"{name}_{READS[-1]}")) >= 12
                                                       for name in units))
        for name, unit in units.items():
            self.assertEqual(unit.most, 8, name)
            self.assertEqual(unit.connections, 1, "a lost answer costs no connection")
            for address in READS:
                values, reasons = stored[f"{name}_{address}"]
                self.assertEqual((set(values), reasons), ({VALUES[address]}, []), f"{name}_{address}")

    def mbpoll(self, port):
        """Another client reads a value, if it gets a connection within two seconds."""
        done = run(["mbpoll", "-m", "tcp", "-a", "1", "-0", "-r", "0", "-t", "4", "-1", "-o", "2", "-p", port, "127.0.0.1"])
        return done.returncode == 0 and "[0]: \t7" in done.stdout

    async def test_per_poll_leaves_a_device_with_one_socket_to_others_between_two_turns(self):
        device = OneAfterTheOther(lambda unit, pdu, age: fixed({0: 7})(unit, pdu))
        rig = "".join(device.device(f"u{unit}", unit, connection="per_poll") + event(f"e{unit}", 0, f"u{unit}")
                      for unit in (1, 2))
        asked = []

        async def others(hub):
            asked.append(await asyncio.to_thread(self.mbpoll, device.port))
            return len(asked) >= 5 and len(hub.store.datapoints("e2")) >= 10
        stored = await self.watch(rig, others, poll_interval="0.5")
        self.assertTrue(all(asked), asked)
        self.assertEqual({name: (set(values), reasons) for name, (values, reasons) in stored.items()},
                         {"e1": ({7}, []), "e2": ({7}, [])})
        # One connection a turn, in which both units are read.
        turns = len(stored["e1"][0])
        self.assertLessEqual(abs(device.connections - len(asked) - turns), 2)

    async def test_without_it_the_connection_is_kept_and_others_wait_for_ever(self):
        device = OneAfterTheOther(lambda unit, pdu, age: fixed({0: 7})(unit, pdu))
        got = []

        async def others(hub):
            if hub.store.count() > 3:
                got.append((await asyncio.to_thread(self.mbpoll, device.port), device.connections))
            return got
        stored = await self.watch(device.device() + event("e", 0), others)
        self.assertEqual(got, [(False, 1)])
        self.assertEqual((set(stored["e"][0]), stored["e"][1]), ({7}, []))

    async def test_a_device_is_left_in_peace_after_each_connect(self):
        units = {"kept": (Touchy(), {}), "each_turn": (Touchy(), {"connection": "per_poll"}), "rtu": (TouchyRtu(), {})}
        rig = "".join(unit.device(name, pause_after_connect=f"{Touchy.PAUSE}s", **keys) + event(name, 0, name)
                      for name, (unit, keys) in units.items())
        stored = await self.watch(rig, lambda hub: all(len(hub.store.datapoints(name)) >= 11 for name in units))
        for name, (unit, _) in units.items():
            with self.subTest(name):
                self.assertEqual(unit.asked_early, 0)
                self.assertGreater(unit.connections, 1)
                self.assertGreater(min(unit.ages), Touchy.NEEDS)
                self.assertEqual((set(stored[name][0]), stored[name][1]), ({42}, []))


if __name__ == "__main__":
    unittest.main()
