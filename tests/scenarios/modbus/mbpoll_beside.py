"""Debian's mbpoll (libmodbus) as a second client of the same devices: over TCP, through a serial server that hands each
reply to everybody, and as a second master on a serial line. Nobody's value is taken for another's."""

import asyncio
import os
import re
import unittest

from harness.case import Scenario
from harness.modbus_server import ModbusServer
from harness.modbus_units import SerialServer, SerialUnits, event, fixed
from harness.programs import SLOWNESS, run
from harness.wait import until

MAP = {address: 5000 + address for address in range(200)}
TIMEOUT = 0.3 * SLOWNESS
READ = re.compile(r"^\[(\d+)\]:\s+(\d+)$", re.M)
WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"] if os.geteuid() == 0 else []


class ToEverybody(SerialServer):
    """What comes from the serial line goes to all connections."""

    def __init__(self, answer):
        self.connected = []
        super().__init__(answer, lambda _: 0.02)
        self.last = self

    def sendall(self, frame):
        for connection in list(self.connected):
            try:
                connection.sendall(frame)
            except OSError:
                self.connected.remove(connection)

    def serve(self, connection):
        self.connected.append(connection)
        while part := connection.recv(256):
            for at in range(0, len(part) - 7, 8):
                self.line.put(part[at:at + 8])


def whole_lines(log):
    return log[:log.rfind("\n") + 1]


class MbpollBeside(Scenario):
    def mbpoll(self, *where, first=50, count=5, **options):
        words = {"-a": 1, "-r": first, "-c": count, "-t": 4, "-l": 50, "-o": TIMEOUT, **options}
        return self.program("mbpoll", ["mbpoll", "-0", *(str(word) for pair in words.items() for word in pair), *where])

    def assert_mbpoll_read(self, mbpoll, least):
        read = [(int(register), int(value)) for register, value in READ.findall(whole_lines(mbpoll.log()))]
        self.assertGreaterEqual(len(read), least, mbpoll.log())
        return [(register, value) for register, value in read if value != MAP[register]]

    async def poll(self, device):
        """A hub, and an agent that reads three registers of that device, each in a request of its own."""
        self.server = await self.hub().start()
        events = "".join(event(f"e{a}", a, "d") for a in (0, 50, 150))
        self.agent_ = await self.agent(device + events, self.server)
        self.agent_.start()

    def good(self):
        return len([row for row in self.server.store.datapoints() if row[2] is not None])

    async def more_is_read(self, count):
        before = self.good()
        await until(lambda: self.good() >= before + count, 60 * SLOWNESS, lambda: f"{self.good() - before} more were read")

    def wrong(self):
        return [row for row in self.server.store.datapoints() if row[2] is not None and row[2] != MAP[int(row[0][1:])]]

    def bad(self):
        return [row for row in self.server.store.datapoints() if row[2] is None]

    async def test_two_clients_of_one_tcp_device(self):
        plc = await ModbusServer().start()
        self.addAsyncCleanup(plc.stop)
        plc.holding.setValues(0, list(MAP.values()))
        await self.poll(plc.device("d"))
        mbpoll = self.mbpoll("-p", plc.port, "127.0.0.1", first=0, count=100).start()
        await self.more_is_read(90)
        await until(lambda: len(READ.findall(mbpoll.log())) > 500, 20 * SLOWNESS)
        mbpoll.stop()
        self.assertEqual(self.assert_mbpoll_read(mbpoll, 500), [])
        self.assertEqual((await asyncio.to_thread(self.agent_.stop))[0], 0)
        self.assertEqual((self.wrong(), self.bad()), ([], []))

    async def test_a_serial_line_that_the_agent_has_is_not_shared(self):
        units = SerialUnits(fixed(MAP))
        self.addCleanup(units.close)
        await self.poll(units.device())
        await self.more_is_read(9)
        once = [*WITHOUT_RIGHTS, "mbpoll", "-m", "rtu", "-P", "none", "-1", "-0", "-r", "0", "-c", "1", units.name]
        beside = await asyncio.to_thread(run, once, 30)
        self.assertNotEqual(beside.returncode, 0, beside.stdout)
        self.assertNotRegex(beside.stdout, READ)
        await self.more_is_read(9)
        self.assertEqual((await asyncio.to_thread(self.agent_.stop))[0], 0)
        self.assertEqual((self.wrong(), self.bad()), ([], []))
        alone = await asyncio.to_thread(run, once, 30)
        self.assertIn(f"[0]: \t{MAP[0]}", alone.stdout, alone.stderr)

    async def test_a_second_master_that_was_on_the_line_first(self):
        units = SerialUnits(fixed(MAP))
        self.addCleanup(units.close)
        mbpoll = self.mbpoll("-m", "rtu", "-P", "none", units.name).start()
        await until(lambda: READ.search(mbpoll.log()), 20 * SLOWNESS)
        await self.poll(units.device(timeout=TIMEOUT))
        await until(lambda: self.server.store.count() > 3, 30 * SLOWNESS)
        polls = mbpoll.log().count("Polling")
        await until(lambda: mbpoll.log().count("Polling") >= polls + 100, 60 * SLOWNESS)
        mbpoll.kill()
        await self.more_is_read(30)
        self.assertEqual((await asyncio.to_thread(self.agent_.stop))[0], 0)
        self.assertEqual(self.wrong(), [])
        print(f"beside another master: {self.good()} good, {len(self.bad())} bad")

    async def test_a_serial_server_that_hands_each_reply_to_everybody(self):
        units = ToEverybody(fixed(MAP))
        line = self.folder / "line"
        cable = self.program("socat", ["socat", f"pty,raw,echo=0,link={line}", f"tcp:127.0.0.1:{units.port}"]).start()
        await self.poll(units.device(timeout=TIMEOUT))
        await until(line.exists, 20)
        await self.more_is_read(9)
        mbpoll = self.mbpoll("-m", "rtu", "-P", "none", line).start()
        await until(lambda: READ.search(mbpoll.log()), 20 * SLOWNESS)
        await self.more_is_read(60)
        mbpoll.kill()
        await self.more_is_read(30)
        self.assertEqual((await asyncio.to_thread(self.agent_.stop))[0], 0)
        cable.kill()
        self.assertEqual(self.wrong(), [])
        self.assertIn("another master", self.agent_.program.log())


if __name__ == "__main__":
    unittest.main()
