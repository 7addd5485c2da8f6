"""The agent under test and its rig file."""

from .programs import AGENT


class Agent:
    def __init__(self, scenario, rig, hub, token, name="rig1", poll_interval="0.2", port=None, clock="trust", **buffer):
        """`rig`: the text of the device and event sections. `port`: not the hub's own, but a way there. `buffer`: keys
        of [buffer]. The clock of the machine that runs tests need not be synchronised: it is trusted unless a test is
        about that."""
        self.name = name
        self.database = scenario.folder / f"{name}.db"
        self.token_file = scenario.folder / f"{name}.token"
        self.token_file.touch(mode=0o600)
        self.token_file.write_text(token + "\n")
        self.ini = scenario.folder / f"{name}.ini"
        self.ini.write_text("\n".join([
            "[agent]", f"name = {name}", f"poll_interval = {poll_interval}", f"clock = {clock}",
            "[hub]", f"url = ws://127.0.0.1:{port or hub.port}/ws/controller/telemetry",
            f"token_file = {self.token_file}",
            "[buffer]", f"path = {self.database}", *(f"{key} = {value}" for key, value in buffer.items()),
            rig]) + "\n")
        self.program = scenario.program(f"agent-{name}", [AGENT, "run", "--config", self.ini])

    def start(self):
        self.program.start()
        return self

    def stop(self):
        return self.program.stop()

    def kill(self):
        self.program.kill()
