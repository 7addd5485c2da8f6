"""TLS in the hub itself: https and wss with a certificate of its own, changed while it runs."""

import asyncio
import json
import signal
import ssl
import subprocess
import unittest
import urllib.request

import websockets

from harness.case import Scenario
from harness.filled import fill
from harness.modbus_server import ModbusServer
from harness.programs import AGENT, SLOWNESS
from harness.wait import until

STREAM = "/ws/datapoints/stream"


class Tls(Scenario):
    def certificate(self, name):
        """A self-signed certificate for 127.0.0.1; answers (certificate, key)."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", certificate, "-days", "2", "-subj", f"/CN={name}",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        return certificate, key

    def context(self, certificate):
        return ssl.create_default_context(cafile=str(certificate))

    async def asyncSetUp(self):
        self.certificate_file, self.key_file = self.certificate("first")
        self.server = self.hub()
        self.plain_settings = self.server.ini.read_text()
        self.use(self.certificate_file, self.key_file)
        self.controller_token = await self.server.token("rig1", "controller")
        self.viewer_token = await self.server.token("anna", "viewer")

    def use(self, certificate, key):
        self.server.ini.write_text(
            f"{self.plain_settings}[tls]\ncertificate_file = {certificate}\nprivate_key_file = {key}\n")

    async def start(self):
        self.server.program.start()
        await until(lambda: self.health(self.certificate_file), 20 * SLOWNESS)

    async def health(self, certificate):
        """Whether /health answers over a connection that trusts only this certificate."""
        def get():
            try:
                with urllib.request.urlopen(f"https://127.0.0.1:{self.server.port}/health", timeout=10,
                                            context=self.context(certificate)) as reply:
                    return json.load(reply)["status"] == "ok"
            except OSError:
                return False
        return await asyncio.to_thread(get)

    async def subscriber(self, certificate):
        return await websockets.connect(f"wss://127.0.0.1:{self.server.port}{STREAM}?format=batch",
                                        extra_headers={"Authorization": f"Bearer {self.viewer_token}"},
                                        ssl=self.context(certificate), compression=None)

    def agent_file(self, ca_file, modbus):
        token_file = self.folder / "rig1.token"
        token_file.touch(mode=0o600)
        token_file.write_text(self.controller_token)
        ini = self.folder / "rig1.ini"
        ini.write_text(f"[agent]\nname = rig1\npoll_interval = 0.2\n"
                       f"[hub]\nurl = wss://127.0.0.1:{self.server.port}/ws/controller/telemetry\n"
                       f"token_file = {token_file}\nca_file = {ca_file}\n[buffer]\npath = {self.folder}/rig1.db\n"
                       + modbus.device() + "[event:evt_a]\ndevice = plc\nregister = holding:0\ntype = uint16\n")
        return self.program("agent", [AGENT, "run", "--config", ini])

    async def test_an_export_over_tls(self):
        fill(self.server.database, 1_700_000_000_000_000, 100_000)
        await self.start()
        request = urllib.request.Request(f"https://127.0.0.1:{self.server.port}/api/v1/experiments/exp_long/export/csv",
                                         headers={"Authorization": f"Bearer {self.viewer_token}"})

        def get():
            with urllib.request.urlopen(request, timeout=30, context=self.context(self.certificate_file)) as reply:
                return reply.read().splitlines()
        self.assertEqual(await asyncio.to_thread(get),
                         self.server.command("export", "--experiment", "exp_long").stdout.encode().splitlines())

    async def test_an_agent_and_a_browser_over_tls(self):
        await self.start()
        modbus = await ModbusServer().start()
        self.addAsyncCleanup(modbus.stop)
        modbus.holding.setValues(0, [42])
        socket = await self.subscriber(self.certificate_file)
        self.assertEqual(json.loads(await socket.recv())["type"], "connected")
        agent = self.agent_file(self.certificate_file, modbus).start()
        while (message := json.loads(await asyncio.wait_for(socket.recv(), 10)))["type"] != "datapoints_batch":
            pass
        self.assertEqual(message["datapoints"][0]["value"], 42)
        await socket.close()
        self.assertEqual(agent.stop()[0], 0)

    async def test_an_agent_with_the_wrong_ca_says_so_and_sends_nothing(self):
        await self.start()
        modbus = await ModbusServer().start()
        self.addAsyncCleanup(modbus.stop)
        wrong, _ = self.certificate("wrong")
        agent = self.agent_file(wrong, modbus).start()
        await until(lambda: "certificate" in agent.log(), 10 * SLOWNESS)
        line = next(line for line in agent.log().splitlines() if "certificate" in line)
        self.assertRegex(line, "self.signed certificate|unable to get local issuer")
        self.assertEqual(self.server.store.count(), 0)

    async def test_a_plain_client_on_the_tls_port_gets_nothing_and_harms_nobody(self):
        await self.start()
        with self.assertRaises(OSError):
            await self.server.get("/health")
        self.assertTrue(await self.health(self.certificate_file))

    async def test_a_handshake_that_never_comes_ends_with_the_headers_deadline(self):
        await self.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        writer.write(b"\x16\x03\x01")  # the beginning of a ClientHello
        self.assertEqual(await asyncio.wait_for(reader.read(), 20 * SLOWNESS), b"")
        writer.close()

    async def test_sighup_changes_the_certificate_for_new_connections(self):
        await self.start()
        before = await self.subscriber(self.certificate_file)
        second, second_key = self.certificate("second")
        self.use(second, second_key)
        self.server.program.terminate(signal.SIGHUP)
        await until(lambda: self.health(second), 5 * SLOWNESS)
        self.assertFalse(await self.health(self.certificate_file))
        self.assertIn("certificate included", self.server.program.log())
        await before.send('{"type":"ping"}')  # who was in stays in
        await asyncio.wait_for(before.recv(), 5)
        await before.close()

    async def test_files_renewed_in_place_are_read_anew(self):
        await self.start()
        second, second_key = self.certificate("second")
        second.replace(self.certificate_file)
        second_key.replace(self.key_file)
        self.server.program.terminate(signal.SIGHUP)
        await until(lambda: self.health(self.certificate_file), 5 * SLOWNESS)

    async def test_wrong_files_are_refused_and_the_old_stay(self):
        await self.start()
        other, other_key = self.certificate("other")
        garbage = self.folder / "garbage.pem"
        garbage.write_text("no certificate")
        for certificate, key, said in ((self.certificate_file, other_key, "key values mismatch"),
                                       (garbage, other_key, "certificate file"),
                                       (self.folder / "nothing.pem", other_key, "nothing.pem: No such file"),
                                       (other, garbage, "private key file")):
            with self.subTest(certificate=certificate, key=key):
                self.use(certificate, key)
                seen = len(self.server.program.log())
                self.server.program.terminate(signal.SIGHUP)
                await until(lambda: "stay as they were" in self.server.program.log()[seen:], 5 * SLOWNESS)
                self.assertIn(said, self.server.program.log()[seen:])
                self.assertTrue(await self.health(self.certificate_file))


if __name__ == "__main__":
    unittest.main(verbosity=2)
