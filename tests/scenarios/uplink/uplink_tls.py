"""What an agent says to a hub whose certificate is not right, and that it trusts the right one: by ca_file or by the
system's trust store, by address or by name."""

import re
import subprocess
import unittest

from harness.case import Scenario
from harness.modbus_server import ModbusServer
from harness.programs import AGENT, SLOWNESS, free_port
from harness.wait import until

EVENT = "[event:evt_a]\ndevice = plc\nregister = holding:0\ntype = uint16\n"
UNKNOWN = "certificate: unable to get local issuer certificate; .* name its CA in .hub. ca_file"


def openssl(*words, when=None):
    subprocess.run([*(["faketime", when] if when else []), "openssl", *map(str, words)], check=True, capture_output=True)


class UplinkTls(Scenario):
    async def asyncSetUp(self):
        self.modbus = await ModbusServer().start()
        self.addAsyncCleanup(self.modbus.stop)
        self.modbus.holding.setValues(0, [42])
        self.ca = self.authority("ca")
        self.server = self.hub()
        self.plain_settings = self.server.ini.read_text()
        self.token = await self.server.token("rig1", "controller")

    def authority(self, name, names="DNS:nowhere"):
        """A certificate that signed itself; with `names` it may be a server's, too."""
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-keyout", self.folder / f"{name}.key", "-out", self.folder / f"{name}.pem", "-subj", f"/CN={name}",
                "-addext", f"subjectAltName={names}")
        return self.folder / f"{name}.pem"

    def signed(self, name, names, ca="ca", when=None):
        """A server's certificate of that authority."""
        base = self.folder / name
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{base}.key",
                "-out", f"{base}.csr", "-subj", f"/CN={name}")
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n")
        openssl("x509", "-req", "-in", f"{base}.csr", "-CA", self.folder / f"{ca}.pem", "-CAkey",
                self.folder / f"{ca}.key", "-CAcreateserial", "-days", "10", "-extfile", extensions, "-out",
                f"{base}.pem", when=when)
        return self.folder / f"{name}.pem"

    def start_hub(self, certificate):
        self.server.ini.write_text(f"{self.plain_settings}[tls]\ncertificate_file = {certificate}\n"
                                   f"private_key_file = {certificate.with_suffix('.key')}\n")
        self.server.program.start()

    def start_agent(self, trust, host="127.0.0.1", port=None, environment=()):
        token_file = self.folder / "rig1.token"
        token_file.touch(mode=0o600)
        token_file.write_text(self.token)
        ini = self.folder / "rig1.ini"
        ini.write_text(f"[agent]\nname = rig1\npoll_interval = 0.2\n"
                       f"[hub]\nurl = wss://{host}:{port or self.server.port}/ws/controller/telemetry\n"
                       f"token_file = {token_file}\n" + (f"ca_file = {trust}\n" if trust else "") +
                       f"[buffer]\npath = {self.folder}/rig1.db\n" + self.modbus.device() + EVENT)
        settings = [f"{name}={value}" for name, value in environment]
        return self.program("agent", ["env", *settings, AGENT, "run", "--config", ini]).start()

    async def assert_refused(self, agent, reason):
        """It says why, goes on polling into its buffer, and no reading arrives."""
        await until(lambda: re.search(reason, agent.log()), 20 * SLOWNESS, lambda: f"{reason} in:\n{agent.log()}")
        await until(lambda: self.folder.joinpath("rig1.db-wal").exists(), 10 * SLOWNESS)
        self.assertTrue(agent.running)
        self.assertEqual(self.server.store.count(), 0)
        self.assertEqual(agent.stop()[0], 0)

    async def assert_trusted(self, agent):
        await until(lambda: self.server.store.count() > 0, 20 * SLOWNESS, agent.log)
        self.assertEqual(self.server.store.datapoints("evt_a")[0][2], 42)
        self.assertEqual(agent.stop()[0], 0)

    # ---- the right one

    async def test_a_ca_file_and_an_address(self):
        self.start_hub(self.signed("hub", "IP:127.0.0.1"))
        await self.assert_trusted(self.start_agent(self.ca))

    async def test_a_ca_file_and_a_name(self):
        self.start_hub(self.signed("hub", "DNS:localhost"))
        await self.assert_trusted(self.start_agent(self.ca, host="localhost"))

    async def test_the_system_s_trust_store(self):
        self.start_hub(self.signed("hub", "IP:127.0.0.1"))
        await self.assert_trusted(self.start_agent(None, environment=[("SSL_CERT_FILE", self.ca)]))

    # ---- wrong ones

    async def test_a_certificate_for_another_address(self):
        self.start_hub(self.signed("hub", "IP:127.0.0.9"))
        await self.assert_refused(self.start_agent(self.ca), "certificate: IP address mismatch")

    async def test_a_certificate_for_another_name(self):
        self.start_hub(self.signed("hub", "DNS:elsewhere.example"))
        await self.assert_refused(self.start_agent(self.ca, host="localhost"), "certificate: hostname mismatch")

    async def test_an_expired_certificate(self):
        self.start_hub(self.signed("hub", "IP:127.0.0.1", when="2021-03-01"))
        await self.assert_refused(self.start_agent(self.ca), "certificate: certificate has expired")

    async def test_a_self_signed_certificate(self):
        self.start_hub(self.authority("own", "IP:127.0.0.1"))
        await self.assert_refused(self.start_agent(self.ca), "certificate: self.signed certificate; .*ca_file")

    async def test_an_unknown_authority(self):
        self.authority("other")
        self.start_hub(self.signed("hub", "IP:127.0.0.1", ca="other"))
        await self.assert_refused(self.start_agent(self.ca), UNKNOWN)

    async def test_an_authority_that_the_system_does_not_know(self):
        self.start_hub(self.signed("hub", "IP:127.0.0.1"))
        await self.assert_refused(self.start_agent(None), UNKNOWN)

    async def test_a_hub_that_only_speaks_tls_1_1(self):
        certificate, port = self.signed("hub", "IP:127.0.0.1"), free_port()
        self.program("old", ["openssl", "s_server", "-tls1_1", "-cipher", "ALL@SECLEVEL=0", "-accept", port, "-cert",
                             certificate, "-key", certificate.with_suffix(".key"), "-quiet"]).start()
        await self.assert_refused(self.start_agent(self.ca, port=port), "the peer offers no TLS 1.2 or later")

    async def test_a_hub_without_tls(self):
        await self.server.start()
        await self.assert_refused(self.start_agent(self.ca), "(?i)wrong version number|tls")


if __name__ == "__main__":
    unittest.main(verbosity=2)
