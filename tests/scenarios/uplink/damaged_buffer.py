"""The agent starts on a buffer whose file was damaged: it runs within five seconds, nobody has to help, what can be read
of the file reaches the hub, and no value is another than the one that was polled."""

import asyncio
import contextlib
import os
import random
import shutil
import socket
import sqlite3
import unittest

from harness.case import Scenario
from harness.chance import seed
from harness.modbus_server import CountingBlock, ModbusServer
from harness.programs import AGENT, SLOWNESS, run
from harness.wait import until

CHANNELS = 20
POLL = 0.02
ROWS = 4000
RUNNING_WITHIN = 5.0
SEED = seed(25)


def flip(data, chance):
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def flip_twenty(data, chance):
    for _ in range(20):
        flip(data, chance)


def truncate(data, chance):
    del data[chance.randrange(len(data) * 3 // 4, len(data)):]


def garbage_tail(data, chance):
    data += chance.randbytes(chance.randrange(1, 8000))


def noise_in_front(data, chance):
    data[:100] = chance.randbytes(100)


class Ready:
    """Where systemd would listen."""

    def __init__(self, folder):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.path = folder / "notify"
        self.socket.bind(str(self.path))
        self.said = ""
        asyncio.get_running_loop().add_reader(self.socket, self._read)  # whoever tells waits until it is heard

    def _read(self):
        self.said += self.socket.recv(65536).decode() + "\n"

    def heard(self, word):
        return word in self.said

    def close(self):
        asyncio.get_running_loop().remove_reader(self.socket)
        self.socket.close()


class DamagedBuffer(Scenario):
    async def asyncSetUp(self):
        self.block = CountingBlock(CHANNELS)
        self.modbus = await ModbusServer(holding=self.block).start()
        self.notify = Ready(self.folder)
        os.environ["NOTIFY_SOCKET"] = str(self.notify.path)
        self.chance = random.Random(SEED)

    async def asyncTearDown(self):
        del os.environ["NOTIFY_SOCKET"]
        self.notify.close()
        await super().asyncTearDown()

    async def fill_a_buffer(self):
        """A buffer that an agent without a hub wrote; answers its readings as (event, time): (value, reason)."""
        self.server = self.hub()
        rig = self.modbus.device() + "".join(
            f"[event:evt_{i}]\ndevice = plc\nregister = holding:{2 * i}\ntype = uint32\n" for i in range(CHANNELS))
        self.box = await self.agent(rig, self.server, poll_interval=str(POLL), spill_after="0")
        self.box.start()
        await until(lambda: self.rows_waiting() >= ROWS, 60 * SLOWNESS, "the buffer is filled", every=0.5)
        self.assertEqual((await asyncio.to_thread(self.box.stop))[0], 0)
        await self.modbus.stop()
        self.pristine = self.folder / "pristine.db"
        shutil.copy(self.box.database, self.pristine)
        with contextlib.closing(sqlite3.connect(self.pristine)) as database:
            return {(event, time): (value, reason) for event, time, value, reason in database.execute(
                "SELECT event_public_id, time, value, reason FROM readings r JOIN events e ON e.id = r.event")}

    def rows_waiting(self):
        done = run([AGENT, "buffer", "--config", self.box.ini])
        return next((int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("rows")), -1)

    def aside(self):
        return [path.name for path in self.folder.glob("rig1.db.damaged-*") if "recovered" not in path.name]

    def place(self, damage):
        for path in self.folder.glob("rig1.db*"):
            path.unlink()
        data = bytearray(self.pristine.read_bytes())
        damage(data, self.chance)
        self.box.database.write_bytes(data)

    async def start_on(self, damage, number):
        """The share of the readings that came back."""
        self.place(damage)
        server = self.hub(name=f"hub{number}")
        server.port = self.server.port
        server.ini.write_text(server.ini.read_text().replace("listen = ", "; ").replace(
            "[store]", f"listen = 127.0.0.1:{server.port}\n[store]"))
        shutil.copy(self.server.database, server.database)  # it knows the token
        await server.start()
        self.notify.said = ""
        self.box.start()
        await until(lambda: self.notify.heard("READY=1"), RUNNING_WITHIN * SLOWNESS, f"{damage.__name__}: ready")
        await until(lambda: self.notify.heard("connected"), 10 * SLOWNESS)

        def at_rest():
            # Empty, nothing to read back, and still empty: a file that was set aside is done with when the new one has
            # all of it.
            return self.rows_waiting() == 0 and not self.aside() and self.rows_waiting() == 0
        await until(at_rest, 30 * SLOWNESS, lambda: f"{damage.__name__}: all is handed over, "
                    f"{sorted(path.name for path in self.folder.glob('rig1.db*'))}", every=0.2)
        self.assertEqual((await asyncio.to_thread(self.box.stop))[0], 0)
        self.assert_command_tells(damage)
        found = 0
        for event, time, value, reason in server.store.datapoints():
            if (event, time) in self.written:
                self.assertEqual((value, reason), self.written[event, time], f"{damage.__name__}: {event} at {time}")
                found += 1
            else:  # the device is not there any more
                self.assertIsNone(value, f"{damage.__name__}: nobody polled {event} at {time}")
        await asyncio.to_thread(server.stop)
        return found / len(self.written)

    def assert_command_tells(self, damage):
        """`webmacs-agent buffer` names what was set aside, and what is in it."""
        done = run([AGENT, "buffer", "--config", self.box.ini])
        self.assertEqual(done.returncode, 0, done.stderr)
        aside = list(self.folder.glob("rig1.db.damaged-*.recovered"))
        for path in aside:
            self.assertRegex(done.stdout, f"aside +{path}: .*read; they were read back|aside +{path}: [0-9]+ readings")
        self.assertEqual(done.stdout.count("aside "), len(aside), done.stdout)

    def test_the_buffer_command_on_what_is_no_buffer(self):
        ini = self.folder / "rig.ini"
        buffer = self.folder / "rig.db"
        ini.write_text("[hub]\nurl = ws://127.0.0.1:1/ws/controller/telemetry\ntoken = x\n[buffer]\n"
                       f"path = {buffer}\n[device:plc]\nhost = 127.0.0.1\n"
                       "[event:evt_a]\ndevice = plc\nregister = holding:0\ntype = uint16\n")
        missing = run([AGENT, "buffer", "--config", ini])
        self.assertEqual((missing.returncode, buffer.exists()), (1, False))
        self.assertIn("there is no buffer", missing.stderr)
        buffer.write_bytes(b"this is no database" * 1000)
        damaged = run([AGENT, "buffer", "--config", ini])
        self.assertEqual(damaged.returncode, 1)
        self.assertIn("damaged  no readings can be read", damaged.stdout)
        self.assertEqual(buffer.read_bytes(), b"this is no database" * 1000, "it is only looked at")

    async def test_flips_cuts_and_garbage(self):
        self.written = await self.fill_a_buffer()
        shares = {}
        for number, damage in enumerate([flip, flip_twenty, truncate, garbage_tail, noise_in_front] * 2):
            shares.setdefault(damage.__name__, []).append(await self.start_on(damage, number))
        for name, found in shares.items():
            print(f"{name}: {', '.join(f'{share:.1%}' for share in found)} of {len(self.written)} readings came back")
        everything = [share for found in shares.values() for share in found]
        self.assertGreater(min(shares["flip"] + shares["garbage_tail"] + shares["noise_in_front"]), 0.9)
        self.assertGreaterEqual(sum(everything) / len(everything), 0.9)
        print(f"all runs: {sum(everything) / len(everything):.1%}")


if __name__ == "__main__":
    unittest.main()
