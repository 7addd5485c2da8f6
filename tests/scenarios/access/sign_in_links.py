"""One-time codes: a link signs in once, within ten minutes, with a token of its own that ends with the one it came from."""

import asyncio
import json
import re
import unittest
import urllib.error
import urllib.request

from harness.case import Scenario
from harness.fake_clock import LIBRARY
from harness.postgres import Postgres
from harness.programs import SERVER, SLOWNESS, run
from harness.subscriber import Subscriber
from harness.wait import until

TOKEN = r"\Awm_[A-Za-z0-9_-]{43}\Z"
SESSION = "/api/v1/session"


class SignInLinks(Scenario):
    async def asyncSetUp(self):
        self.server = self.hub(**await self.store())
        await self.server.start()

    async def store(self):
        return {}

    def link(self, *words, code=0):
        done = self.server.command("token", "link", *words)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def code_of(self, *words):
        code, address = self.link(*words).stdout.splitlines()
        self.assertEqual(address, f"http://127.0.0.1:{self.server.port}/#code={code}")
        self.assertRegex(code, r"\A[0-9a-f]{32}\Z")
        return code

    async def post(self, body, headers=None):
        """(status, JSON, headers)"""
        def ask():
            request = urllib.request.Request(f"http://127.0.0.1:{self.server.port}{SESSION}",
                                             body if isinstance(body, bytes) else json.dumps(body).encode(),
                                             {"Content-Type": "application/json", **(headers or {})})
            try:
                with urllib.request.urlopen(request, timeout=10 * SLOWNESS) as reply:
                    return reply.status, json.loads(reply.read()), reply.headers
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, json.loads(error.read()), error.headers
        status, answer, headers = await asyncio.to_thread(ask)
        if "token" in answer:
            self.tokens.append(answer["token"])
        return status, answer, headers

    async def signed_in(self, code):
        status, answer, headers = await self.post({"code": code})
        self.assertEqual(status, 200, answer)
        self.assertEqual(set(answer), {"token", "name", "role", "expires"})
        self.assertRegex(answer["token"], TOKEN)
        self.assertIn("no-store", headers["Cache-Control"])
        return answer

    async def may_read(self, token):
        return (await self.server.get("/api/v1/events", token)).status

    async def test_the_first_admin_signs_in_by_a_link(self):
        session = await self.signed_in(self.code_of("admin", "--role", "admin"))
        self.assertEqual((session["name"], session["role"], session["expires"]), ("admin.2", "admin", None))
        self.assertEqual((await self.server.get("/api/v1/tokens", session["token"])).status, 200)
        # The token's own text is nobody's; a second link needs no role.
        self.assertEqual((await self.signed_in(self.code_of("admin")))["name"], "admin.3")

    async def test_a_code_is_good_once(self):
        code = self.code_of("anna", "--role", "viewer")
        await self.signed_in(code)
        status, answer, _ = await self.post({"code": code})
        self.assertEqual((status, answer["status"]), (410, 410))
        self.assertIn("used", answer["detail"])

    async def test_of_many_who_use_a_code_at_once_one_gets_in(self):
        code = self.code_of("anna", "--role", "viewer")
        statuses = [status for status, *_ in await asyncio.gather(*(self.post({"code": code}) for _ in range(8)))]
        self.assertEqual(sorted(statuses), [200] + [410] * 7)

    async def test_a_code_that_was_not_made_or_is_no_code(self):
        self.assertEqual((await self.post({"code": "0" * 32}))[0], 410)
        for body in ({}, {"code": 5}, []):
            self.assertEqual((await self.post(body))[0], 422, body)
        self.assertEqual((await self.post(b"no JSON"))[0], 400)

    async def test_a_link_has_the_role_and_the_end_of_its_token_and_goes_with_it(self):
        await self.server.token("anna", "operator", "90d")
        session = await self.signed_in(self.code_of("anna"))
        me = (await self.server.get("/api/v1/me", session["token"])).json()
        self.assertEqual(me, {key: session[key] for key in ("name", "role", "expires")})
        self.assertEqual((me["name"], me["role"]), ("anna.2", "operator"))
        self.assertIsNotNone(me["expires"])
        waiting = self.code_of("anna")
        socket = await Subscriber.connect(self.server, session["token"])
        self.assertEqual(self.server.command("token", "revoke", "anna").returncode, 0)
        self.assertEqual(await socket.closed(), (1008, "Token has been revoked"))
        self.assertEqual(await self.may_read(session["token"]), 401)
        self.assertEqual((await self.post({"code": waiting}))[0], 410)

    async def test_a_code_ends_after_ten_minutes(self):
        def made(when):
            done = run(["env", f"LD_PRELOAD={LIBRARY}", f"FAKETIME={when}", SERVER, "token", "link", "anna", "--role",
                        "viewer", "--config", self.server.ini])
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout.splitlines()[0]
        late, young = made("-601s"), made("-500s")
        self.assertEqual((await self.post({"code": late}))[0], 410)
        await self.signed_in(young)

    async def test_guessing_is_slowed_down_and_a_good_code_is_not(self):
        code = self.code_of("anna", "--role", "viewer")
        statuses, answer = [], None
        for i in range(25):
            status, answer, headers = await self.post({"code": f"{i:032x}"})
            statuses.append(status)
        self.assertEqual(statuses[:10], [410] * 10)
        self.assertEqual(statuses[-1], 429, statuses)
        self.assertIn(int(headers["Retry-After"]), range(1, 9))
        await self.signed_in(code)

    async def test_what_a_link_cannot_be_made_for(self):
        await self.server.token("rig1", "controller")
        await self.server.token("anna", "viewer")
        for words, code, said in ((["nobody"], 1, "--role"), (["rig1"], 2, "enroll rig1"),
                                  (["new", "--role", "controller"], 2, "enroll new"),
                                  (["anna", "--role", "admin"], 2, "viewer"), (["new", "--role", "queen"], 2, "queen"),
                                  (["a b", "--role", "viewer"], 2, "no name"),
                                  (["new", "--role", "viewer", "--expires", "90"], 2, "unit"),
                                  (["x" * 100, "--role", "viewer"], 2, "too long")):
            with self.subTest(words):
                done = self.link(*words, code=code)
                self.assertEqual(done.stdout, "")
                self.assertIn(said, done.stderr)
        self.assertNotIn("new", self.server.command("token", "list").stdout)

    async def test_the_address_that_people_use(self):
        done = self.link("anna", "--role", "viewer", "--url", "https://lab.example/webmacs/")
        code, address = done.stdout.splitlines()
        self.assertEqual(address, f"https://lab.example/webmacs/#code={code}")

    async def test_a_controller_is_enrolled_and_its_former_token_ends(self):
        def enrolled():
            done = self.server.command("token", "enroll", "rig1")
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout.strip()
        first = await self.signed_in(enrolled())
        self.assertEqual((first["name"], first["role"]), ("rig1", "controller"))
        code = enrolled()
        self.assertEqual((await self.server.get("/api/v1/me", first["token"])).status, 200)
        second = await self.signed_in(code)
        self.assertEqual((await self.server.get("/api/v1/me", second["token"])).json()["name"], "rig1")

        async def ended():
            return (await self.server.get("/api/v1/me", first["token"])).status == 401
        await until(ended, 2 * SLOWNESS)
        await self.server.token("anna", "viewer")
        done = self.server.command("token", "enroll", "anna")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("viewer", done.stderr)

    async def test_no_code_is_kept_or_logged(self):
        self.server.stop()
        self.server.program.command += ["--log-level", "debug"]
        await self.server.start()
        code = self.code_of("anna", "--role", "viewer")
        await self.signed_in(code)
        await self.post({"code": code})
        self.assertNotIn(code, self.server.program.log())
        for path in self.folder.glob("server.db*"):
            self.assertIsNone(re.search(code.encode(), path.read_bytes()), path)


class SignInLinksOnPostgres(SignInLinks):
    """With PostgreSQL."""

    async def store(self):
        self.postgres = await Postgres(self).start()
        return {"store_url": self.postgres.url()}


if __name__ == "__main__":
    unittest.main(verbosity=2)
