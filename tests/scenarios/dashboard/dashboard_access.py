"""How one gets in, and out: the token in a form or a link, kept where its owner wants it, gone when it is revoked."""

import re
import time
import unittest

from harness.dashboard import SOON, DashboardScenario
from harness.programs import SLOWNESS
from harness.wait import until

STORED = "[sessionStorage, localStorage].map((kept) => kept.getItem('webmacs.token'))"


class DashboardAccess(DashboardScenario):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        await self.server.start()

    async def test_a_token_is_asked_for_and_kept_for_the_tab(self):
        browser = await self.open_browser()
        await browser.goto(self.server)
        await browser.see("#token")
        self.assertEqual(await browser.run("document.activeElement.id"), "token")
        await browser.fill("#token", "wm_" + 43 * "x")
        await browser.click("text=Sign in >> nth=-1")
        await browser.see("[role=alert]")
        self.assertIn("Invalid or expired token", await browser.text("[role=alert]"))
        self.assertEqual(await browser.run(STORED), [None, None])

        await browser.fill("#token", f"  {self.viewer_token}\n")
        await browser.call("press", "#token", "Enter")
        await browser.state("live")
        self.assertEqual(await browser.run(STORED), [self.viewer_token, None])
        await browser.call("reload")
        await browser.state("live")
        await browser.call("reopen")
        await browser.goto(self.server)
        await browser.see("#token")

    async def test_remembered_on_request_until_signed_out(self):
        browser = await self.open_browser()
        await browser.goto(self.server)
        await browser.fill("#token", self.viewer_token)
        await browser.click("#keep")
        await browser.call("press", "#token", "Enter")
        await browser.state("live")
        self.assertEqual(await browser.run(STORED), [None, self.viewer_token])
        await browser.call("reopen")
        await browser.goto(self.server)
        await browser.state("live")
        await browser.click("text=Sign out")
        await browser.see("#token")
        self.assertEqual(await browser.run(STORED), [None, None])

    async def test_a_link_with_a_token_is_consumed(self):
        browser = await self.open_live()
        self.assertNotIn("token", await browser.run("location.href"))
        await browser.go("agents")
        await browser.call("goBack")
        await browser.call("goBack")
        self.assertNotIn(self.viewer_token, await browser.run("location.href"))

    def address(self, *words):
        done = self.server.command("token", "link", "viewer", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()[1]

    async def stored(self):
        """The token that the browser has."""
        token, kept = await self.browser.run(STORED)
        self.assertIsNone(kept)
        if token:
            self.tokens.append(token)
        return token

    async def test_a_link_with_a_code_signs_in_once(self):
        address = self.address()
        browser = await self.open_browser()
        await browser.call("goto", address)
        await browser.state("live")
        first = await self.stored()
        self.assertRegex(first, r"\Awm_")
        self.assertNotEqual(first, self.viewer_token)
        self.assertNotIn("code", await browser.run("location.href"))
        await browser.call("reopen")
        await browser.call("goto", address)
        await browser.see("[role=alert]")
        self.assertIn("was used", await browser.text("[role=alert]"))
        self.assertIsNone(await self.stored())

    async def test_a_link_takes_no_login_away_unasked(self):
        browser = await self.open_live()
        address = self.address()
        await browser.call("goto", address)
        await browser.see(".sign-in[data-state=choose]")
        self.assertIn("signed in as viewer", await browser.text(".sign-in"))
        self.assertNotIn("code", await browser.run("location.href"))
        await browser.click("text=Stay signed in")
        await browser.state("live")
        self.assertEqual(await self.stored(), self.viewer_token)
        # Nothing was exchanged: the link is still good.
        await browser.call("goto", address)
        await browser.click("text=Sign in with the link")
        await browser.state("live")
        self.assertNotEqual(await self.stored(), self.viewer_token)

    async def test_a_link_with_another_token_asks_too_and_one_that_ended_is_replaced(self):
        other = await self.server.token("other", "viewer")
        browser = await self.open_live()
        await browser.goto(self.server, token=other)
        await browser.see(".sign-in[data-state=choose]")
        await browser.click("text=Stay signed in")
        await browser.state("live")
        await browser.goto(self.server, token=self.viewer_token)  # the same one: nothing to ask
        await browser.state("live")
        self.server.command("token", "revoke", "viewer")
        await browser.see(".sign-in[data-state=denied]")
        await browser.goto(self.server, token=other)
        await browser.state("live")
        self.assertEqual(await self.stored(), other)

    async def test_a_revoked_token_is_denied_at_once(self):
        browser = await self.open_live()
        done = self.server.command("token", "revoke", "--name", "viewer")
        self.assertEqual(done.returncode, 0, done.stderr)
        revoked = time.monotonic()
        await browser.see(".sign-in[data-state=denied]")
        self.assertLess(time.monotonic() - revoked, 10 * SLOWNESS)
        self.assertIn("Token has been revoked", await browser.text("[role=alert]"))
        self.assertEqual(await browser.count(".tile"), 0)
        self.assertEqual(await browser.run(STORED), [None, None])

        async def asked():
            return len(await browser.call("requests"))
        before = await asked()
        await browser.call("waitForTimeout", 4000)
        self.assertEqual(await asked(), before, "it is not tried again")

    async def test_a_controllers_token_does_not_open_the_page(self):
        token = await self.server.token("rig1", "controller")
        browser = await self.open_browser()
        await browser.goto(self.server, token=token)
        await browser.see("[role=alert]")
        self.assertIn("Token not allowed here", await browser.text("[role=alert]"))

    async def test_what_is_served_lets_no_foreign_script_in(self):
        page = await self.server.get("/")
        self.assertIn("default-src 'self'", page.headers["Content-Security-Policy"])
        self.assertIn("form-action 'none'", page.headers["Content-Security-Policy"])
        self.assertEqual(page.headers["Cache-Control"], "no-cache")
        script = re.search(r'src="\./(assets/[^"]+\.js)"', page.body.decode())[1]
        self.assertIn("immutable", (await self.server.get(f"/{script}")).headers["Cache-Control"])
        await self.open_live()

    async def test_who_may_only_look_is_offered_nothing_else(self):
        browser = await self.open_live("experiments")
        await until(lambda: self.has_text(".toolbar p", "An operator’s token may also start"), SOON)
        self.assertFalse(await browser.call("isVisible", "text=Start an experiment"))

    async def has_text(self, selector, text):
        return any(text in found for found in await self.browser.texts(selector))


if __name__ == "__main__":
    unittest.main()
