"""Where the agent takes its token from, and whose clock is off: with a real hub."""

import os
import unittest

from harness.case import Scenario
from harness.modbus_server import ModbusServer
from harness.programs import SLOWNESS
from harness.wait import until

RIG = "[event:{}]\ndevice = plc\nregister = holding:0\ntype = uint32\n"
FORWARD = 90.0  # seconds


class UplinkSources(Scenario):
    async def asyncSetUp(self):
        self.modbus = await ModbusServer().start()
        self.addAsyncCleanup(self.modbus.stop)
        self.server = self.hub()
        self.viewer = await self.server.token("viewer", "viewer")
        await self.server.start()

    async def box(self, name, **settings):
        return await self.agent(self.modbus.device() + RIG.format(f"evt_{name}"), self.server, name, **settings)

    async def connects(self, box):
        text = f"hub: connected to 127.0.0.1:{self.server.port} as {box.name}"
        await until(lambda: text in box.program.log(), 30 * SLOWNESS, box.program.log)

    async def test_the_token_from_a_file_a_credential_or_the_rig_file(self):
        from_file, from_credential, from_ini = [await self.box(name) for name in ("file", "credential", "ini")]
        credentials = self.folder / "credentials"
        credentials.mkdir(mode=0o700)
        from_credential.token_file.rename(credentials / "token")
        lines = from_credential.ini.read_text().splitlines()
        from_credential.ini.write_text("\n".join(line for line in lines if not line.startswith("token_file")) + "\n")
        from_credential.program.command = ["env", f"CREDENTIALS_DIRECTORY={credentials}",
                                           *from_credential.program.command]
        token = from_ini.token_file.read_text().strip()
        from_ini.ini.write_text(from_ini.ini.read_text().replace(f"token_file = {from_ini.token_file}",
                                                                 f"token = {token}"))
        for box in (from_file, from_credential, from_ini):
            box.start()
        for box in (from_file, from_credential, from_ini):
            await self.connects(box)
        self.assertIn("whoever reads", from_ini.program.log())
        self.assertNotIn("whoever reads", from_file.program.log())

    @unittest.skipIf(os.environ.get("WEBMACS_SANITIZE"), "faketime and a sanitizer both want to be preloaded first")
    async def test_the_hub_shows_how_far_the_agents_clock_is_off(self):
        right, ahead = await self.box("right"), await self.box("ahead")
        ahead.program.command = ["faketime", "-f", f"+{FORWARD:g}s", *ahead.program.command]
        for box in (right, ahead):
            box.start()
            await self.connects(box)

        async def shown():
            answer = (await self.server.get("/api/v1/controllers", self.viewer)).json()
            rows = answer["data"] if isinstance(answer, dict) else answer
            offsets = {row["name"]: row["clock_offset"] for row in rows if row["clock_offset"] is not None}
            return offsets if {"right", "ahead"} <= set(offsets) else None
        offsets = await until(shown, 20 * SLOWNESS)
        self.assertAlmostEqual(offsets["right"], 0, delta=1)
        self.assertAlmostEqual(offsets["ahead"], FORWARD, delta=2)
        said = [line for line in self.server.program.log().splitlines() if "clock" in line]
        self.assertEqual(len(said), 1, said)
        self.assertIn("ahead", said[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
