"""A rig gets its token by a one-time code: the right file, whole or untouched, for its owner, and the agent connects with it."""

import contextlib
import os
import socket
import subprocess
import threading
import unittest

from harness.case import Scenario
from harness.modbus_server import ModbusServer
from harness.programs import AGENT, SLOWNESS, free_port, run
from harness.wait import until

EVENT = "[event:evt_a]\ndevice = plc\nregister = holding:0\ntype = uint16\n"


@contextlib.contextmanager
def stranger():
    """The port of one that is no hub."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def answer():
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")
        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


class Enrolment(Scenario):
    async def asyncSetUp(self):
        self.modbus = await ModbusServer().start()
        self.addAsyncCleanup(self.modbus.stop)
        self.server = self.hub()
        self.token_file = self.folder / "rig1.token"

    def rig(self, scheme="ws", more="", port=None):
        ini = self.folder / "rig1.ini"
        ini.write_text(f"[agent]\nname = rig1\npoll_interval = 0.2\nclock = trust\n"
                       f"[hub]\nurl = {scheme}://127.0.0.1:{port or self.server.port}/ws/controller/telemetry\n"
                       f"token_file = {self.token_file}\n{more}[buffer]\npath = {self.folder}/rig1.db\n"
                       + self.modbus.device() + EVENT)
        return ini

    def code(self, name="rig1"):
        done = self.server.command("token", "enroll", name)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def enroll(self, ini, code, *words):
        done = run([AGENT, "enroll", "--config", ini, "--code", code, *words], 40)
        if self.token_file.exists():
            self.tokens.append(self.token_file.read_text().strip())
        return done

    async def test_a_new_rig_enrols_and_its_values_flow(self):
        await self.server.start()
        ini = self.rig()
        done = self.enroll(ini, self.code(), "--hub", f"http://127.0.0.1:{self.server.port}/")
        self.assertEqual((done.returncode, done.stdout), (0, f"the token of rig1 is in {self.token_file}\n"), done.stderr)
        self.assertEqual(self.token_file.stat().st_mode & 0o777, 0o600)
        self.assertRegex(self.token_file.read_text(), r"\Awm_[A-Za-z0-9_-]{43}\n\Z")
        agent = self.program("agent", [AGENT, "run", "--config", ini]).start()
        await until(lambda: self.server.store.count() > 0, 20 * SLOWNESS, agent.log)
        # Again, with the address of the rig file: the former token ends, the file keeps its owner and mode.
        os.chmod(self.token_file, 0o640)
        former = self.token_file.read_text()
        self.assertEqual(self.enroll(ini, self.code()).returncode, 0)
        self.assertNotEqual(self.token_file.read_text(), former)
        self.assertEqual(self.token_file.stat().st_mode & 0o777, 0o640)
        self.assertEqual((await self.server.get("/api/v1/me", former.strip())).status, 401)
        self.assertEqual(sorted(path.name for path in self.folder.glob("rig1.token*")), ["rig1.token"])

    async def test_a_code_that_is_no_good_leaves_the_file_as_it_was(self):
        await self.server.start()
        ini = self.rig()
        self.token_file.write_text("as it was\n")
        code = self.code()
        self.assertEqual(self.enroll(ini, code).returncode, 0)
        self.token_file.write_text("as it was\n")
        for wrong, said in ((code, "was used"), ("0" * 32, "was used"), ("", "code")):
            done = self.enroll(ini, wrong)
            self.assertEqual((done.returncode, done.stdout), (1 if wrong else done.returncode, ""))
            self.assertIn(said, done.stderr)
            self.assertEqual(self.token_file.read_text(), "as it was\n")

    async def test_what_is_said_when_it_cannot_be(self):
        ini = self.rig(port=free_port())
        done = self.enroll(ini, "0" * 32)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot connect to 127.0.0.1:", done.stderr)
        for address in ("hub", "ftp://hub", "http://", "https://hub?x=1"):
            done = self.enroll(ini, "0" * 32, "--hub", address)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("--hub", done.stderr)
        with stranger() as port:
            done = self.enroll(ini, "0" * 32, "--hub", f"http://127.0.0.1:{port}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not speak HTTP", done.stderr)
        self.assertFalse(self.token_file.exists())

    @unittest.skipUnless(os.geteuid() == 0, "takes root to become somebody else")
    async def test_who_may_not_write_the_file_wastes_no_code(self):
        await self.server.start()
        ini = self.rig()
        ini.chmod(0o644)
        self.folder.chmod(0o755)
        code = self.code()
        done = run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--", AGENT, "enroll", "--config", ini,
                    "--code", code])
        self.assertEqual(done.returncode, 1)
        self.assertIn("permission denied; run with sudo", done.stderr)
        self.assertEqual(self.enroll(ini, code).returncode, 0)

    async def test_over_tls_a_certificate_that_is_not_trusted_gets_no_code(self):
        certificate, key = self.folder / "hub.pem", self.folder / "hub.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", certificate, "-days", "90", "-subj", "/CN=hub", "-addext",
                        "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        with self.server.ini.open("a", encoding="utf-8") as ini:
            ini.write(f"[tls]\ncertificate_file = {certificate}\nprivate_key_file = {key}\n")
        code = self.code()
        self.server.program.start()
        await until(lambda: "listens on" in self.server.program.log(), 20 * SLOWNESS)
        refused = self.enroll(self.rig("wss"), code)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("certificate: ", refused.stderr)
        self.assertEqual(self.enroll(self.rig("wss", f"ca_file = {certificate}\n"), code).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
