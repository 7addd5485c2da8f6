"""SIGHUP of the hub: what lives is in force at once; what needs a restart is named by its key each time, for as long as the
file differs from what runs."""

import signal
import unittest

from harness.case import Scenario
from harness.programs import SLOWNESS
from harness.rest import Rest
from harness.wait import until


class HubReload(Scenario):
    async def reload(self, *changes, section="server"):
        """Writes the file with these lines more in a section, sends SIGHUP; answers what the hub then says."""
        lines = "".join(f"{line}\n" for line in changes)
        self.server.ini.write_text(self.settings.replace(f"[{section}]\n", f"[{section}]\n{lines}"))
        seen = len(self.server.program.log())
        self.server.program.terminate(signal.SIGHUP)
        await until(lambda: "read again" in self.server.program.log()[seen:], 10 * SLOWNESS)
        line, = [line for line in self.server.program.log()[seen:].splitlines() if "read again" in line]
        return line

    async def test_what_needs_a_restart_is_said_until_it_is_so(self):
        self.server = self.hub()
        self.settings = self.server.ini.read_text()
        await self.server.start()
        self.assertNotIn("next start", await self.reload())
        self.assertTrue((await self.reload("history = 2MiB")).endswith("; with the next start: [server] history"))
        # It waits as before, whatever else the file says now.
        self.assertTrue((await self.reload("history = 2MiB")).endswith("; with the next start: [server] history"))
        self.assertTrue((await self.reload("history = 2MiB", "stream_interval = 70ms", "client_queue = 2MiB"))
                        .endswith("; with the next start: [server] stream_interval, [server] history"))
        self.assertNotIn("next start", await self.reload("client_queue = 2MiB"))

    async def test_what_lives_is_in_force_at_once(self):
        self.server = self.hub()
        self.settings = self.server.ini.read_text()
        await self.server.start()
        rest = Rest(self.server)
        self.assertEqual(rest.request("GET", "/metrics", X_Forwarded_For="192.0.2.1")[0], 403)
        self.assertNotIn("next start", await self.reload("metrics_public = true"))
        self.assertEqual(rest.request("GET", "/metrics", X_Forwarded_For="192.0.2.1")[0], 200)
        rest.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
