"""What the benchmarks share: a folder on the disk that is measured, the hub in it, our load generator, the disk's own
speed, and one way to print a figure."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenarios"))

from harness.hub import Hub  # noqa: E402
from harness.programs import BUILD, Program, free_port  # noqa: E402, F401

LOAD = BUILD / "tests" / "bench" / "webmacs-load"


class Setting:
    """A folder beside the programs (a temporary one might be in memory), and the programs that ran in it."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="bench-", dir=BUILD))
        self.tokens = []
        self._programs = []
        return self

    def __exit__(self, kind, error, trace):
        for program in self._programs:
            program.kill()
            if kind:
                print(f"---- {program.log_path.name}", *program.log().splitlines()[-20:], sep="\n", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, name, command):
        program = Program(name, command, self.folder)
        self._programs.append(program)
        return program

    def hub(self, **settings):
        """`settings` go into [server]."""
        return Hub(self, **settings)

    def forget(self, hub):
        """Its database and log go, so that the next hub starts with nothing."""
        for file in self.folder.glob(f"{hub.program.name}*"):
            file.unlink()


class Load:
    """webmacs-load as a process of its own; its token does not stand on its command line."""

    def __init__(self, token, *words):
        self._process = subprocess.Popen([str(LOAD), *map(str, words)], env={**os.environ, "WEBMACS_TOKEN": token},
                                         stdout=subprocess.PIPE, text=True)

    def line(self):
        """The next line it prints, parsed."""
        text = self._process.stdout.readline()
        if not text:
            raise RuntimeError(f"webmacs-load ended with {self._process.wait()}")
        return json.loads(text)

    def finish(self, stop=False):
        """Its figures; with `stop` it is asked to end first."""
        if stop:
            self._process.terminate()
        figures = self.line()
        if self._process.wait(20) != 0:
            raise RuntimeError("webmacs-load failed")
        return figures


class Meanwhile:
    """What a thread of its own measures as long as the `with` lasts: _run() until _over is set."""

    def __init__(self):
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        raise NotImplementedError


class DiskProbe(Meanwhile):
    """How long this disk takes to sync 4 KiB, while something else is measured: `with DiskProbe(folder) as disk`."""

    def __init__(self, folder, every=0.02):
        super().__init__()
        self._path = folder / "disk.probe"
        self._every = every
        self.milliseconds = []

    def _run(self):
        block = os.urandom(4096)
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        while not self._over.wait(self._every):
            os.pwrite(file, block, 0)
            started = time.perf_counter()
            os.fdatasync(file)
            self.milliseconds.append((time.perf_counter() - started) * 1000)
        os.close(file)

    def percentile(self, part):
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def show(name, value, unit, goal=None, note=""):
    """One line per figure; with a goal (`value` is to be at most that) the ratio to it."""
    line = f"{name:<44} {value:>12,.2f} {unit:<11}"
    if goal is not None:
        line += f" goal <= {goal:,.2f}  ratio {value / goal:.2f}  {'met' if value <= goal else 'MISSED'}"
    print((line + (f" {note}" if note else "")).rstrip(), flush=True)


def show_at_least(name, value, unit, goal, note=""):
    """As show(), of a figure that is to be at least its goal."""
    show(name, value, unit, note=f"goal >= {goal:,.2f}  ratio {value / goal:.2f}  "
                                 f"{'met' if value >= goal else 'MISSED'}{' ' if note else ''}{note}")


def is_quick(description):
    """The only argument that a benchmark takes: --quick, a shorter run whose figures are rougher."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a shorter run; its figures are rougher")
    return parser.parse_args().quick


def cpu_seconds(pid):
    """Processor time of a process, all its threads that live, in seconds: exact, not counted in ticks."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9
