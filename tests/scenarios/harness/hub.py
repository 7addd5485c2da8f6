"""The hub under test: its settings file, its tokens, its REST answers."""

import asyncio
import json
import urllib.error
import urllib.request

from .programs import SERVER, SLOWNESS, free_port, run
from .store import StoreReader
from .wait import until


class Answer:
    """What a REST request brought."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Hub:
    def __init__(self, scenario, name="server", **settings):
        """`settings` go into [server], the dictionary `store` into [store]; `store_url` names another store."""
        self.scenario = scenario
        self.folder = scenario.folder
        self.port = free_port()
        self.ini = self.folder / f"{name}.ini"
        self.database = self.folder / f"{name}.db"
        store_url = settings.pop("store_url", f"sqlite://{self.database}")
        store = settings.pop("store", {})
        lines = ["[server]", f"listen = 127.0.0.1:{self.port}", *(f"{key} = {value}" for key, value in settings.items()),
                 "[store]", f"url = {store_url}", *(f"{key} = {value}" for key, value in store.items())]
        self.ini.write_text("\n".join(lines) + "\n")
        self.program = scenario.program(name, [SERVER, "run", "--config", self.ini])
        self.store = StoreReader(self.database)
        self._enter = []

    def within(self, enter):
        """Itself and its commands are started by this command (SmallDisk.enter)."""
        self._enter = enter
        self.program.command = [*enter, *self.program.command]
        return self

    # ---- tokens

    def command(self, *words):
        return run([*self._enter, SERVER, *words, "--config", self.ini])

    async def token(self, name, role, expires=None):
        """A new token's text; the hub, if it runs, knows it already."""
        words = ["token", "create", "--name", name, "--role", role]
        done = self.command(*words, *(["--expires", expires] if expires else []))
        assert done.returncode == 0, done.stderr
        token = done.stdout.strip()
        self.scenario.tokens.append(token)

        async def known():
            return (await self.get("/api/v1/datapoints/latest", token)).status in (200, 403)
        if self.program.running:
            await until(known, 2 * SLOWNESS, "the running hub knows the new token")
        return token

    # ---- life

    async def start(self):
        self.program.start()
        await until(self._answers, 20 * SLOWNESS, "the hub answers /health")
        return self

    async def _answers(self):
        assert self.program.running, f"the hub ended with {self.program.exit_code}:\n{self.program.log()}"
        try:
            return (await self.get("/health")).status == 200
        except OSError:
            return False

    def stop(self):
        return self.program.stop()

    def kill(self):
        self.program.kill()

    # ---- REST

    async def get(self, path, token=None, headers=None):
        return await asyncio.to_thread(self._get, path, token, headers or {})

    def _get(self, path, token, headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=dict(headers))
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return Answer(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def url(self, path, token=None, port=None, **query):
        """A WebSocket address; the token in the query, as the seed has it."""
        if token:
            query["token"] = token
        text = "&".join(f"{key}={value}" for key, value in query.items())
        return f"ws://127.0.0.1:{port or self.port}{path}" + (f"?{text}" if text else "")
