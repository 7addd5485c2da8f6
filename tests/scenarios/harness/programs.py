"""Starts, stops and kills the real programs; each writes its own log file."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("WEBMACS_BUILD", ROOT / "build" / "release"))
AGENT = BUILD / "agent" / "webmacs-agent"
SERVER = BUILD / "server" / "webmacs-server"
SIM = BUILD / "hardware" / "simulator" / "webmacs-sim"

# Sanitized programs are slower; what a person would call "soon" takes longer there.
SLOWNESS = float(os.environ.get("WEBMACS_SLOWNESS", "1"))


def resident(pid):
    """The memory that a process has now, in bytes."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) * 1024


def free_port():
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """One program of ours (or nginx): started again after it stopped, its log goes on in the same file."""

    def __init__(self, name, command, folder):
        self.name = name
        self.command = [str(word) for word in command]
        self.log_path = Path(folder) / f"{name}.log"
        self._process = None

    def start(self):
        assert not self.running, f"{self.name} runs already"
        with open(self.log_path, "ab") as log:
            # It dies with the test, even when CTest kills that.
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *self.command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        return self

    @property
    def pid(self):
        return self._process.pid

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self):
        return self._process.poll()

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def terminate(self, signal_number=signal.SIGTERM):
        self._process.send_signal(signal_number)

    def stop(self, timeout=10.0):
        """SIGTERM; answers (exit code, seconds it took)."""
        started = time.monotonic()
        self.terminate()
        return self.wait(timeout), time.monotonic() - started

    def wait(self, timeout=10.0):
        try:
            return self._process.wait(timeout * SLOWNESS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {timeout * SLOWNESS:g} s") from None

    def kill(self):
        """SIGKILL, as the kernel or a power cut would do it."""
        if self.running:
            self._process.kill()
            self._process.wait()


def run(command, timeout=20.0):
    """Runs a command to its end; answers a CompletedProcess with text."""
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout * SLOWNESS, check=False)
