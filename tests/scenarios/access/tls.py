"""TLS in the hub itself: https and wss with a certificate of its own, changed while it runs."""

import asyncio
import json
import re
import signal
import ssl
import subprocess
import time
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
    def certificate(self, name, days=2, kind=("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")):
        """A self-signed certificate for 127.0.0.1; answers (certificate, key)."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", *kind, "-nodes",
                        "-keyout", key, "-out", certificate, "-days", str(days), "-subj", f"/CN={name}",
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

    async def warnings(self, certificate):
        def get():
            with urllib.request.urlopen(f"https://127.0.0.1:{self.server.port}/health", timeout=10,
                                        context=self.context(certificate)) as reply:
                return json.load(reply)
        health = await asyncio.to_thread(get)
        self.assertEqual(health["status"], "ok")
        self.assertEqual(health.get("warning"), next(iter(health["warnings"]), None))
        return health["warnings"]

    async def metrics(self, certificate):
        def get():
            with urllib.request.urlopen(f"https://127.0.0.1:{self.server.port}/metrics", timeout=10,
                                        context=self.context(certificate)) as reply:
                return reply.read().decode()
        return await asyncio.to_thread(get)

    def handshake(self, *words):
        """What openssl's client says of a handshake; the cipher, or None when there was none."""
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
        cipher = re.search(r"^New, .*, Cipher is (\S+)$", done.stdout, re.M)
        return cipher[1] if cipher and cipher[1] != "(NONE)" else None

    async def test_tls_1_2_has_forward_secrecy_and_the_hubs_order_counts(self):
        self.use(*self.certificate("rsa", kind=("rsa:2048",)))
        self.server.program.start()
        await until(lambda: self.health(self.folder / "rsa.pem"), 20 * SLOWNESS)
        weakest = "@SECLEVEL=0"
        for refused in (["-tls1_2", "-cipher", "AES128-GCM-SHA256"], ["-tls1_2", "-cipher", "AES256-SHA256"],
                        ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"], ["-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA"],
                        ["-tls1_1", "-cipher", f"ALL:{weakest}"], ["-tls1", "-cipher", f"ALL:{weakest}"]):
            with self.subTest(refused):
                self.assertIsNone(await asyncio.to_thread(self.handshake, *refused))
        offered = "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256"
        self.assertEqual(await asyncio.to_thread(self.handshake, "-tls1_2", "-cipher", offered), "ECDHE-RSA-AES128-GCM-SHA256")
        self.assertEqual(await asyncio.to_thread(self.handshake, "-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"),
                         "ECDHE-RSA-CHACHA20-POLY1305")
        self.assertTrue((await asyncio.to_thread(self.handshake, "-tls1_3")).startswith("TLS_"))

    async def test_a_certificate_that_ends_soon_is_warned_of(self):
        await self.start()
        (warning,) = await self.warnings(self.certificate_file)
        self.assertRegex(warning, r"certificate ends in 1 day \(20\d\d-.*renew it")
        self.assertIn(warning, self.server.program.log())
        end = float(re.search(r"(?m)^webmacs_certificate_end_seconds (\S+)$", await self.metrics(self.certificate_file))[1])
        self.assertAlmostEqual(end, time.time() + 2 * 86400, delta=600)
        # One that lasts takes the warning away.
        renewed, key = self.certificate("renewed", days=40)
        self.use(renewed, key)
        self.server.program.terminate(signal.SIGHUP)
        await until(lambda: self.health(renewed), 5 * SLOWNESS)
        self.assertEqual(await self.warnings(renewed), [])
        self.assertEqual(self.server.program.log().count("ends in"), 1)

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
        self.assertRegex(agent.log(), rf"the certificate of 127.0.0.1:{self.server.port} ends in 1 day")
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
