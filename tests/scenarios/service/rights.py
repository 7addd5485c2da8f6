"""Who may read what: secrets that everybody can read are warned of, files are made private and for their owner, and a
command that lacks a right says so instead of finding nothing. Run as root, where it takes another user's place."""

import os
import pwd
import resource
import subprocess
import unittest

from harness.case import Scenario
from harness.modbus_server import ModbusServer
from harness.programs import AGENT, SERVER, SIM, SLOWNESS, run
from harness.wait import until

EVENT = "[event:evt_a]\ndevice = plc\nregister = holding:0\ntype = uint16\n"
DENIED = "permission denied; run with sudo"
NOBODY = pwd.getpwnam("nobody")


def as_nobody(*command):
    return run(["setpriv", "--reuid", str(NOBODY.pw_uid), "--regid", str(NOBODY.pw_gid), "--clear-groups", "--", *command])


def mode(path):
    return path.stat().st_mode & 0o777


class Secrets(Scenario):
    async def asyncSetUp(self):
        self.modbus = await ModbusServer().start()
        self.addAsyncCleanup(self.modbus.stop)
        self.server = await self.hub().start()
        self.addCleanup(os.umask, os.umask(0o022))

    async def test_a_token_file_that_everybody_can_read(self):
        agent = await self.agent(self.modbus.device() + EVENT, self.server)
        agent.token_file.chmod(0o644)
        agent.start()
        said = f"token file {agent.token_file}: everybody on this machine can read it (mode 0644): chmod o-rwx"
        await until(lambda: said in agent.program.log(), 10 * SLOWNESS, agent.program.log)
        checked = run([AGENT, "check", "--config", agent.ini])
        self.assertIn(said, checked.stdout)
        self.assertEqual(run([AGENT, "check", "--strict", "--config", agent.ini]).returncode, 78)
        agent.token_file.chmod(0o640)
        self.assertNotIn("everybody", run([AGENT, "check", "--strict", "--config", agent.ini]).stdout)

    async def test_a_buffer_is_made_private_by_hand_too(self):
        agent = (await self.agent(self.modbus.device() + EVENT, self.server, spill_after=0)).start()
        await until(agent.database.with_name("rig1.db-wal").exists, 10 * SLOWNESS)
        beside = [path for path in self.folder.iterdir() if path.name.startswith("rig1.db")]
        self.assertEqual({path.name: mode(path) for path in beside}, {path.name: 0o640 for path in beside})
        agent.stop()
        # One of an older version.
        agent.database.chmod(0o644)
        seen = len(agent.program.log())
        agent.start()
        await until(lambda: "could be read by everybody" in agent.program.log()[seen:], 10 * SLOWNESS)
        self.assertEqual(mode(agent.database), 0o640)
        self.assertIn(str(agent.database), agent.program.log()[seen:])

    async def test_a_key_that_everybody_can_read(self):
        certificate, key = self.folder / "hub.pem", self.folder / "hub.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", certificate, "-days", "90", "-subj", "/CN=hub"], check=True, capture_output=True)
        key.chmod(0o644)
        self.server.stop()
        with self.server.ini.open("a", encoding="utf-8") as ini:
            ini.write(f"[tls]\ncertificate_file = {certificate}\nprivate_key_file = {key}\n")
        said = f"private key file {key}: everybody on this machine can read it (mode 0644)"
        self.assertIn(said, self.server.command("check").stdout)
        self.server.program.start()
        await until(lambda: "listens on" in self.server.program.log().rpartition("stopped:")[2], 20 * SLOWNESS)
        self.assertIn(said, self.server.program.log())
        key.chmod(0o600)
        self.assertNotIn(said, self.server.command("check").stdout)

    async def test_the_hubs_store_is_private(self):
        self.assertEqual(mode(self.server.database), 0o640)


@unittest.skipUnless(os.geteuid() == 0, "takes root to become somebody else")
class Rights(Scenario):
    async def asyncSetUp(self):
        self.modbus = await ModbusServer().start()
        self.addAsyncCleanup(self.modbus.stop)
        self.server = self.hub()
        self.folder.chmod(0o755)

    async def started_agent(self, **settings):
        agent = await self.agent(self.modbus.device() + EVENT, self.server, spill_after=0, **settings)
        return agent

    async def test_a_start_by_root_leaves_the_buffer_to_the_service(self):
        agent = await self.started_agent()
        place = self.folder / "state"
        place.mkdir()
        os.chown(place, NOBODY.pw_uid, NOBODY.pw_gid)
        buffer = place / "agent" / "rig1.db"
        agent.ini.write_text(agent.ini.read_text().replace(f"path = {agent.database}", f"path = {buffer}"))
        agent.start()
        await until(buffer.with_name("rig1.db-wal").exists, 10 * SLOWNESS)
        self.assertEqual({path.name: path.stat().st_uid for path in place.rglob("*")},
                         {path.name: NOBODY.pw_uid for path in place.rglob("*")})
        agent.stop()

    async def test_commands_without_rights_say_so(self):
        await self.server.start()
        agent = (await self.started_agent()).start()
        await until(agent.database.exists, 10 * SLOWNESS)
        agent.stop()
        self.assertIn("rows", run([AGENT, "buffer", "--config", agent.ini]).stdout)
        for path in (agent.ini, self.server.ini):
            path.chmod(0o644)
        cases = [("a buffer", [AGENT, "buffer", "--config", agent.ini], agent.database),
                 ("a token file", [AGENT, "check", "--config", agent.ini], agent.token_file)]
        for name, command, path in cases:
            with self.subTest(name):
                path.chmod(0o600)
                done = as_nobody(*command)
                self.assertIn(f"{path}: {DENIED}", done.stdout + done.stderr)
                self.assert_nothing_is_called_missing(done)
        closed = self.folder / "closed"
        closed.mkdir(mode=0o700)
        hidden = closed / "rig1.db"
        agent.database.rename(hidden)
        agent.ini.write_text(agent.ini.read_text().replace(f"path = {agent.database}", f"path = {hidden}"))
        with self.subTest("a buffer in a closed folder"):
            done = as_nobody(AGENT, "buffer", "--config", agent.ini)
            self.assertIn(f"{hidden}: {DENIED}", done.stderr)
            self.assert_nothing_is_called_missing(done)
        for words in (["create", "--name", "x", "--role", "viewer"], ["list"], ["revoke", "x"], ["link", "x", "--role", "viewer"]):
            with self.subTest(words):
                done = as_nobody(SERVER, "token", *words, "--config", self.server.ini)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn(DENIED, done.stderr)
        for name, program, ini in (("agent", AGENT, agent.ini), ("server", SERVER, self.server.ini)):
            with self.subTest(f"the {name}'s file"):
                ini.chmod(0o600)
                done = as_nobody(program, "check", "--config", ini)
                self.assertEqual(done.returncode, 78)
                self.assertIn(f"{ini}: {DENIED}", done.stderr)

    def assert_nothing_is_called_missing(self, done):
        for lie in ("there is no", "no token", "make one"):
            self.assertNotIn(lie, done.stdout + done.stderr)


class Limits(Scenario):
    async def test_out_of_memory_says_which_limit(self):
        server = self.hub()

        def limited():
            resource.setrlimit(resource.RLIMIT_AS, (60 * 1024 * 1024, 60 * 1024 * 1024))
        done = subprocess.run([SERVER, "run", "--config", server.ini], preexec_fn=limited, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30 * SLOWNESS, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the address space is limited to 60 MiB (ulimit -v, LimitAS=)", done.stderr)

    async def test_a_simulator_does_not_overwrite_its_rig_file(self):
        rig = self.folder / "rig.ini"
        rig.write_text("[device:plc]\nhost = 10.0.0.1\n" + EVENT)
        text = rig.read_text()
        (self.folder / "link.ini").symlink_to(rig)
        for local in (rig, self.folder / "link.ini", self.folder / "." / "rig.ini"):
            done = run([SIM, "--config", rig, "--local", local])
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("name another", done.stderr)
            self.assertEqual(rig.read_text(), text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
