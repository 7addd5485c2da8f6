"""webmacs-sim as a test commands it: a rig on loopback (serial lines as ptys), and misbehaviour on its standard input."""

import subprocess
import time

from .programs import SIM, SLOWNESS


class Simulator:
    """`with Simulator(folder, "gateway", rig_text) as simulator:` serves; `local` is the rig file that points there."""

    def __init__(self, folder, name, rig, *options):
        self.given = folder / f"{name}.given.ini"
        self.local = folder / f"{name}.local.ini"
        self.log_path = folder / f"sim-{name}.log"
        self.given.write_text(rig)
        self.options = options
        self._process = None

    def __enter__(self):
        with open(self.log_path, "ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", SIM, "--config", self.given, "--local", self.local,
                 *self.options], stdin=subprocess.PIPE, stdout=log, stderr=log, text=True)
        self._wait_for(self.local.exists)
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def command(self, line):
        """Returns when it is obeyed."""
        said = self.log().count("command")
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        self._wait_for(lambda: self.log().count("command") > said)
        assert "command refused" not in self.log(), self.log()

    def stop(self):
        """Answers its last line: the requests, and how many of them were spoilt."""
        self._process.terminate()
        assert self._process.wait(10 * SLOWNESS) == 0, self.log()
        return self.log().splitlines()[-1]

    def log(self):
        return self.log_path.read_text(errors="replace")

    def _wait_for(self, condition):
        deadline = time.monotonic() + 20 * SLOWNESS
        while not condition():
            assert self._process.poll() is None and time.monotonic() < deadline, self.log()
            time.sleep(0.005)
