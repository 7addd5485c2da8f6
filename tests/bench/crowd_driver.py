"""webmacs-crowd as a process of its own, on the core that the hub does not have, and what the hub costs meanwhile."""

import json
import os
import subprocess
import tempfile

from setting import Setting

from harness.programs import BUILD

CROWD = BUILD / "tests" / "bench" / "webmacs-crowd"
HUB_CORE, OTHER_CORE = 0, 1
STREAM = "/ws/datapoints/stream"
TICK = os.sysconf("SC_CLK_TCK")


class Crowd:
    """Every method blocks; asyncio.to_thread where something else must go on."""

    def __init__(self, hub, viewer, controller):
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", "taskset", "-c", str(OTHER_CORE), CROWD, str(hub.port)],
            env={**os.environ, "WEBMACS_VIEWER": viewer, "WEBMACS_CONTROLLER": controller},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def command(self, *words):
        """Its answer, parsed."""
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"webmacs-crowd ended with {self._process.wait()}"
        return json.loads(answer)

    def open(self, count, target=STREAM):
        opened = self.command("open", count, target)
        assert opened["closed"] == 0, opened
        return opened

    def push(self, rate):
        self.command("push", rate)

    def measure(self, seconds):
        return self.command("measure", seconds)

    def close(self):
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


class CrowdSetting(Setting):
    """A Setting with a hub on a core of its own and a crowd on the other. The store is in memory: a disk's stalls of
    tens of milliseconds would hide what sessions do to each other."""

    def __enter__(self):
        self._memory = tempfile.TemporaryDirectory(prefix="bench-", dir="/dev/shm")
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        self._memory.cleanup()

    async def start(self, descriptors=None, **settings):
        """`descriptors`: how many the hub may have."""
        self.server = self.hub(**{"max_connections": 50000, "max_connections_per_address": 50000,
                                  "store_url": f"sqlite://{self._memory.name}/hub.db", **settings})
        limit = ["prlimit", f"--nofile={descriptors}:{descriptors}", "--"] if descriptors else []
        self.server.program.command = ["taskset", "-c", str(HUB_CORE), *limit, *self.server.program.command]
        self.viewer = await self.server.token("viewer", "viewer")
        self.controller = await self.server.token("rig1", "controller")
        await self.server.start()
        self.crowd = Crowd(self.server, self.viewer, self.controller)

    def resident(self):
        """Of the hub, in bytes."""
        with open(f"/proc/{self.server.program.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self):
        """Of the hub."""
        with open(f"/proc/{self.server.program.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def finish(self):
        self.crowd.close()
        code, seconds = self.server.stop()
        assert code == 0
        return seconds
