"""Programs for Node.js with the packages that tests/node/package-lock.json names."""

import os
import shutil
import subprocess

from .programs import ROOT, SLOWNESS

MODULES = ROOT / "build" / "node" / "node_modules"  # ./run test fills it


def run_node(script, *words, timeout=60.0):
    """Runs tests/node/SCRIPT to its end; answers a CompletedProcess with text. What is secret goes by `words` of the
    form NAME=value into its environment."""
    assert MODULES.exists(), "npm's packages are not installed: ./run test does it"
    environment = {**os.environ, "NODE_PATH": str(MODULES), **dict(word.split("=", 1) for word in words)}
    return subprocess.run([shutil.which("node"), ROOT / "tests" / "node" / script], env=environment, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout * SLOWNESS, check=False)


class NodeProgram:
    """tests/node/SCRIPT while it runs; it ends when its standard input does."""

    def __init__(self, script):
        assert MODULES.exists(), "npm's packages are not installed: ./run test does it"
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", shutil.which("node"), ROOT / "tests" / "node" / script],
            env={**os.environ, "NODE_PATH": str(MODULES)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self):
        """The next line that it prints."""
        line = self._process.stdout.readline()
        assert line, f"the program ended with {self._process.wait()}"
        return line

    def stop(self):
        self._process.stdin.close()
        self._process.wait(10 * SLOWNESS)
        self._process.stdout.close()
