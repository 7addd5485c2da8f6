"""What systemd does for a service, in small: it listens to a program's notifications, watches its watchdog and starts it
anew, with the times of our unit file."""

import asyncio
import itertools
import os
import re
import signal
import socket
import time

from .programs import ROOT

_numbers = itertools.count()


class ServiceManager:
    """`manager = ServiceManager(program, "webmacs-agent@.service")` before the program is started."""

    def __init__(self, program, unit):
        text = (ROOT / "systemd" / unit).read_text()
        self.watchdog_seconds = float(re.search(r"^WatchdogSec=(\d+)$", text, re.M)[1])
        self.restart_seconds = float(re.search(r"^RestartSec=(\d+)$", text, re.M)[1])
        self.program = program
        self.messages = []     # (time.monotonic(), "KEY", "value")
        self.ends = []         # why and when it had to be started anew
        self.last_ready = 0.0
        self._fed = 0.0
        path = program.log_path.parent / f"notify{next(_numbers)}.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._receive)
        # As in the unit; a core file would lie about.
        program.command = ["prlimit", "--core=0", "env", f"NOTIFY_SOCKET={path}",
                           f"WATCHDOG_USEC={int(self.watchdog_seconds * 1e6)}", *program.command]
        self._task = None

    def _receive(self):
        while True:
            try:
                text = self._socket.recv(65536).decode()
            except BlockingIOError:
                return
            now = time.monotonic()
            for key, _, value in (line.partition("=") for line in text.split("\n")):
                self.messages.append((now, key, value))
                if key == "WATCHDOG" and value == "1":
                    self._fed = now
                elif key == "READY":
                    self.last_ready = self._fed = now

    def said(self, key):
        """The values of one key, in the order in which they came."""
        return [value for _, each, value in self.messages if each == key]

    @property
    def status(self):
        said = self.said("STATUS")
        return said[-1] if said else ""

    def keep_running(self):
        """Starts it, and from now on whenever it ends or hangs."""
        self.program.start()
        self._task = asyncio.create_task(self._keep_running())

    async def _keep_running(self):
        while True:
            await asyncio.sleep(0.05)
            if self.program.running:
                triggered = any(value == "trigger" for at, key, value in self.messages[-5:]
                                if key == "WATCHDOG" and at > self.last_ready > 0)
                starving = self.last_ready and time.monotonic() - self._fed > self.watchdog_seconds
                if not triggered and not starving:
                    continue
                os.kill(self.program.pid, signal.SIGABRT)
                await asyncio.to_thread(self.program.wait, 10)
                why = "said that it hangs" if triggered else "did not feed the watchdog"
            else:
                why = f"ended with {self.program.exit_code}"
            self.ends.append((time.monotonic(), why))
            await asyncio.sleep(self.restart_seconds)
            self.last_ready = 0.0
            self.program.start()

    def close(self):
        if self._task:
            self._task.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()
