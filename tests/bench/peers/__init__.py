"""The servers that the hub is compared with. Each is started by the benchmark in a folder of its own, runs on the core it
is told, and is used as `with NpmWs(setting, core) as server`; the hub is one of them."""

import asyncio
import socket
import time
from pathlib import Path

from setting import cpu_seconds

from harness.node import MODULES
from harness.programs import BUILD, free_port

HERE = Path(__file__).resolve().parent
BARE_LOOP = BUILD / "tests" / "bench" / "webmacs-bare-loop"


class Peer:
    """What the generator needs to know of a server: its port, its paths, and in which form it takes messages."""

    name = ""
    publish, subscribe = "/publish", "/subscribe"
    form = "datapoint"
    environment = {}

    def __init__(self, setting, core):
        self.setting, self.core, self.port = setting, core, None
        self.folder = setting.folder
        self.program = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.program.kill()

    def launch(self, *command, environment=None):
        words = [f"{key}={value}" for key, value in (environment or {}).items()]
        self.program = self.setting.program(type(self).__name__.lower(),
                                            ["env", *words, "taskset", "-c", self.core, *command])
        self.program.start()

    def wait_for_port(self):
        """Of a server that prints it."""
        self.wait(lambda: self.program.log().strip().isdigit())
        self.port = int(self.program.log())

    def wait(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            if not self.program.running or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{self.program.log()}")
            time.sleep(0.05)

    def cpu(self):
        return cpu_seconds(self.program.pid)


class Hub(Peer):
    """Ours, from its usual settings; each reading is in the database (`database`: a PostgreSQL's url; SQLite otherwise),
    synced, before it goes out."""

    name = "hub"
    publish, subscribe = "/ws/controller/telemetry", "/ws/datapoints/stream"
    form = "batch"

    def __init__(self, setting, core, database=None):
        super().__init__(setting, core)
        self.store = {"store_url": database} if database else {}

    def start(self):
        self.hub = self.setting.hub(max_connections_per_address=10000, **self.store)
        self.hub.program.command = ["taskset", "-c", str(self.core), *self.hub.program.command]
        self.program = self.hub.program
        asyncio.run(self._start())
        self.port = self.hub.port

    async def _start(self):
        self.environment = {"WEBMACS_TOKEN": await self.hub.token("bench", "controller"),
                            "WEBMACS_VIEWER_TOKEN": await self.hub.token("bench-viewer", "viewer")}
        await self.hub.start()

    def __exit__(self, kind, error, trace):
        code = self.hub.stop()[0]
        self.setting.forget(self.hub)
        if kind is None and code != 0:
            raise RuntimeError(f"the hub ended with {code}:\n{self.program.log()}")


class HubOneByOne(Hub):
    """Ours, fed with one reading a frame as a controller of the seed does."""

    name = "hub, single messages in"
    form = "reading"


class BareLoop(Peer):
    """An epoll loop that only writes frames (bare_loop.cpp)."""

    name = "bare loop"

    def start(self):
        self.launch(BARE_LOOP)
        self.wait_for_port()


class NpmWs(Peer):
    """npm's ws, which ./run installs below build/ from the tests' lock file."""

    name = "npm ws"

    def start(self):
        self.launch("node", HERE / "fan_out.js", environment={"NODE_PATH": MODULES})
        self.wait_for_port()


class Nchan(Peer):
    """nginx with nchan, one process, publisher and subscribers on WebSockets."""

    name = "nginx nchan"

    def start(self):
        self.port = free_port()
        text = (HERE / "nchan.conf.in").read_text(encoding="utf-8")
        file = self.folder / "nchan.conf"
        modules = "/usr/lib/nginx/modules"
        file.write_text(text.replace("@folder@", str(self.folder)).replace("@port@", str(self.port))
                        .replace("@modules@", modules), encoding="utf-8")
        self.launch("nginx", "-p", self.folder, "-e", self.folder / "nginx-error.log", "-c", file)
        self.wait(lambda: answers(self.port))


class FastApi(Peer):
    """The seed's ConnectionManager in Python (seed_server.py), uvicorn as Debian has it; `database` is where it stores."""

    name = "FastAPI"
    publish, subscribe = "/ws/controller/telemetry", "/ws/datapoints/stream"
    form = "reading"

    def __init__(self, setting, core, database=None):
        super().__init__(setting, core)
        self.database = database

    def start(self):
        self.port = free_port()
        environment = {"PYTHONDONTWRITEBYTECODE": "1"}
        if self.database:
            environment["SEED_DATABASE"] = self.database
        self.launch("/usr/bin/python3", "-m", "uvicorn", "--app-dir", HERE, "--host", "127.0.0.1", "--port", self.port,
                    "--log-level", "warning", "seed_server:app", environment=environment)
        self.wait(lambda: answers(self.port))


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False
