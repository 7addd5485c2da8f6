"""Hostile input on every route, query parameter, path, body member and frame, as openapi.json lists them, with both
stores: never a failure of the hub's, each refusal a problem+json that the description knows, what was refused has changed
nothing, what was accepted comes back as it was. WEBMACS_SEED draws the mixtures; WEBMACS_LONG=1: all values with
PostgreSQL, too."""

import asyncio
import json
import os
import re
import select
import socket
import unittest

from harness.case import Scenario
from harness.chance import seed
from harness.controller import Controller, reading
from harness.hostile import BAD_TEXTS, JSON_VALUES, QUERY_VALUES, TEXTS, Mixer, deep, json_text, with_raw
from harness.postgres import Postgres
from harness.programs import SLOWNESS
from harness.raw_websocket import RawWebSocket
from harness.rest import Rest
from harness.schema import check_schema
from harness.subscriber import PATH as STREAM

SEED = seed(6)
MIXTURES = 15  # of each route
T = "2025-01-15T14:00:00Z"
TABLES = ("events", "datapoints", "tokens", "experiments", "experiment_controllers", "annotations", "experiment_edits")

# A good body of each kind that the description has.
BODIES = {
    "Reading": {"event_public_id": "evt_push", "value": 1, "timestamp": T, "quality": "good", "reason": None},
    "Batch": {"datapoints": [reading("evt_push", 1, T)], "batch": 1, "backlog": False},
    "SeriesRequest": {"event_public_ids": ["evt_keep"], "from": T, "to": "2025-01-15T15:00:00Z", "max_points": 100},
    "EventChange": {"event_public_id": "evt_made", "name": "made", "type": "analog", "unit": "K", "min_value": 0, "max_value": 1,
                    "poll_interval": 1, "max_silence": 1, "device": "plc", "controller": "rig2"},
    "ExperimentChange": {"name": "made", "controllers": ["rig2"], "started_on": T, "stopped_on": "2025-01-15T15:00:00Z",
                         "notes": ""},
    "AnnotationRequest": {"timestamp": T, "text": "seen"},
    "SessionRequest": {"code": "0" * 32},
    "TokenRequest": {"name": "made", "role": "viewer", "expires": None},
}
FRAMES = {
    "reading": reading("evt_frame", 1, T, quality="good", reason=None),
    "batch": {"batch": 1, "backlog": False, "datapoints": [reading("evt_frame", 1, T)]},
    "events": {"type": "events", "events": [{**BODIES["EventChange"], "event_public_id": "evt_plc"}]},
    "status": {"type": "status", "agent": "a", "version": "1", "backlog": 0, "dropped": 0, "clock": T,
               "devices": [{"name": "plc", "state": "offline", "error": "timeout"}]},
}


def members_of(body):
    """Every member as a path of names, nested ones too, and one that nobody knows."""
    for name, value in body.items():
        yield [name]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from ([name, 0, *rest] for rest in members_of(value[0]))
        elif isinstance(value, list) and value:
            yield [name, 0]
    yield ["nobody"]


class HostileRest(Scenario):
    """With SQLite."""

    share = 1  # one value of so many

    async def asyncSetUp(self):
        await self.start_hub_with_rig(**await self.store())
        roles = {role: await self.server.token(role, role) for role in ("operator", "admin")}
        roles |= {"viewer": self.viewer_token, "controller": await self.server.token("rig2", "controller"), None: None}
        self.rest = {role: Rest(self.server, token) for role, token in roles.items()}
        self.rest["any"] = self.rest["controller"]
        self.operator, self.mixer = self.rest["operator"], Mixer(SEED)
        batch = [reading("evt_keep", i + 0.5, f"2025-01-15T14:00:{i:02}Z") for i in range(20)]
        self.good = {"batch": 7, "datapoints": batch[:1]}
        await self.controller.ask({"batch": 1, "datapoints": batch})
        self.operator.json("POST", "/api/v1/events", {"event_public_id": "evt_hand"})
        self.kept_experiment, self.experiment = (self.operator.json("POST", "/api/v1/experiments", {
            "name": name, "controllers": [rig], "started_on": T, "stopped_on": "2025-01-15T14:00:10Z"})[1]["public_id"]
            for name, rig in (("keep", "rig1"), ("change", "rig3")))
        self.kept = self.kept_things()
        self.ids = {"public_id": self.experiment, "event_public_id": "evt_hand", "annotation_public_id": "ann_none", "name": "nobody"}
        self.document = self.rest[None].get("/api/v1/openapi.json")
        self.requests = 0

    async def store(self):
        return {}

    def kept_things(self):
        viewer = self.rest["viewer"]
        return (viewer.get("/api/v1/datapoints?event_public_id=evt_keep"),
                viewer.get(f"/api/v1/experiments/{self.kept_experiment}"))

    def state(self):
        """All that people and rigs have put into the store."""
        return [self.server.store.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]

    def assert_store_is_sound(self):
        self.assertEqual(self.server.store.rows("PRAGMA integrity_check"), [("ok",)])

    def tearDown(self):
        for rest in getattr(self, "rest", {}).values():
            rest.close()

    def assert_all_is_well(self):
        """What was there is there, and the hub takes and gives."""
        self.assertTrue(self.server.program.running)
        self.assertEqual(self.rest[None].get("/health")["status"], "ok")
        self.assertEqual(self.kept_things(), self.kept)
        self.assertIn(self.rest["controller"].json("POST", "/api/v1/datapoints", reading("evt_well", 1, T))[0], (200, 201))
        self.assert_store_is_sound()
        log = self.server.program.log()
        self.assertNotIn("nothing is acknowledged", log)
        self.assertNotIn("a REST request failed", log)
        print(f"{self.requests} requests, the hub has {self.resident_mib():.0f} MiB")
        if not os.environ.get("WEBMACS_SANITIZE"):
            self.assertLess(self.resident_mib(), 300)

    def resident_mib(self):
        with open(f"/proc/{self.server.program.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) / 1024

    def some(self, values):
        return values[SEED % self.share::self.share]

    # ---- one request

    def operations(self):
        for path, verbs in self.document["paths"].items():
            for verb, operation in verbs.items():
                yield path, verb.upper(), operation

    def target(self, path, **ids):
        known = {**self.ids, **ids}
        if path.startswith("/api/v1/datapoints/"):
            known["public_id"] = ids.get("public_id", self.kept[0]["data"][0]["public_id"])
        return re.sub(r"\{(\w+)\}", lambda match: known[match[1]], path)

    def ask(self, verb, target, operation, body=None):
        """Sends it as whoever may; answers whether it was accepted. Fails when the answer is not one that is described."""
        self.requests += 1
        where = (verb, target[:200], (body or b"")[:200])
        status, headers, text = self.rest[operation.get("x-role")].request(verb, target, body)
        self.assertLess(status, 500, (where, text))
        kind = headers.get("Content-Type", "").split(";")[0]
        if not (status in (404, 405) and "%2F" in target.upper()):  # an escaped slash leads to another path
            self.assertIn(str(status), operation["responses"], (where, text[:300]))
        if status >= 400:
            self.assertEqual(kind, "application/problem+json", where)
            problem = json.loads(text)
            self.assertEqual((set(problem), problem["status"]), ({"type", "title", "status", "detail"}, status), where)
            self.assertNotRegex(text.lower(), rb"sqlite|postgres|syntax error|select |insert |exception|/tmp/", where)
        elif content := operation["responses"][str(status)].get("content", {}).get("application/json"):
            check_schema(content["schema"], json.loads(text), self.document)
            self.forget(verb, target, json.loads(text))
        return status < 300

    def forget(self, verb, target, made):
        """What a request has made goes again, so that the next one finds the same."""
        if verb == "POST" and target.startswith("/api/v1/events"):
            self.operator.request("DELETE", f"/api/v1/events/{made['event_public_id']}")
        elif verb == "POST" and target == "/api/v1/experiments":
            self.operator.request("DELETE", f"/api/v1/experiments/{made['public_id']}")
        elif verb == "POST" and target == "/api/v1/tokens":
            self.tokens.append(made["token"])
            self.assertEqual(self.rest["admin"].request("DELETE", f"/api/v1/tokens/{made['name']}")[0], 204)

    def assert_refusals_change_nothing(self, where, accepted, before):
        if not any(accepted):
            self.assertEqual(self.state(), before, where)

    # ---- routes, parameters, bodies

    async def test_every_parameter_of_every_route(self):
        parameters = 0
        for path, verb, operation in self.operations():
            good = json_text(BODIES[self.body_kind(operation)]) if "requestBody" in operation else None
            named = [(item["name"], item["in"]) for item in operation.get("parameters", ())]
            for name, place in named:
                parameters += 1
                before, accepted = self.state(), []
                for value in self.some(QUERY_VALUES):
                    if place == "path" and value in ("", "%2e%2e"):
                        continue  # another route
                    target = self.target(path, **{name: value}) if place == "path" else f"{self.target(path)}?{name}={value}"
                    accepted.append(self.ask(verb, target, operation, good))
                self.assert_refusals_change_nothing((verb, path, name), accepted, before)
            names = [name for name, place in named if place == "query"] or ["token", "page"]
            for _ in range(MIXTURES if verb == "GET" else 0):
                query = self.mixer.query(names)
                self.rest[operation.get("x-role")].request("HEAD", f"{self.target(path)}?{query}")
                self.ask(verb, f"{self.target(path)}?{query}", operation)
        self.assertGreaterEqual(parameters, 24)
        self.assert_all_is_well()

    def body_kind(self, operation):
        content, = operation["requestBody"]["content"].values()
        kind = content["schema"]["$ref"].rsplit("/", 1)[1]
        self.assertIn(kind, BODIES, "say what a good body of this kind is")
        described = set(self.document["components"]["schemas"][kind]["properties"])
        self.assertLessEqual(set(BODIES[kind]), described)
        return kind

    async def test_every_member_of_every_body(self):
        bodies = 0
        for path, verb, operation in self.operations():
            if "requestBody" not in operation:
                continue
            bodies += 1
            kind = self.body_kind(operation)
            described = self.document["components"]["schemas"][kind]["properties"]
            good, target = dict(BODIES[kind]), self.target(path)
            if "{" in path:  # of one that is there
                good |= {name: value for name, value in (("event_public_id", "evt_hand"), ("controllers", ["rig3"])) if name in good}
            for member in [*members_of(good), *([name] for name in described if name not in good)]:
                before, accepted = self.state(), []
                for raw in self.some(JSON_VALUES):
                    accepted.append(self.ask(verb, target, operation, with_raw(good, member, raw)))
                self.assert_refusals_change_nothing((verb, path, member), accepted, before)
            before, accepted = self.state(), []
            for raw in JSON_VALUES:
                accepted.append(self.ask(verb, target, operation, raw))
            for _ in range(MIXTURES):
                accepted.append(self.ask(verb, target, operation, self.mixer.cut(json_text(good))))
            for huge in (deep(b"[", b"]", b"[" * 400_000), b'{"a":' * 100_000, b'{"a":"' + b"x" * 1_000_000 + b'"}',
                         b"[" + b"1," * 400_000 + b"1]", b'{"a":1,' * 100_000, b"1" * 1_000_000):
                accepted.append(self.ask(verb, target, operation, huge))
            self.assert_refusals_change_nothing((verb, path), accepted, before)
            before = self.state()
            self.refuse_hundred_megabytes(verb, target, self.rest[operation.get("x-role")].token)
            self.assertEqual(self.state(), before)
        self.assertGreaterEqual(bodies, 9)
        self.assert_all_is_well()

    def refuse_hundred_megabytes(self, verb, target, token):
        for length, piece in (("Content-Length: 104857600", b" " * 65536),
                              ("Transfer-Encoding: chunked", b"10000\r\n" + b" " * 65536 + b"\r\n")):
            with socket.create_connection(("127.0.0.1", self.server.port), 30 * SLOWNESS) as peer:
                peer.sendall(f"{verb} {target} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\n{length}\r\n\r\n".encode())
                for _ in range(1600):
                    if select.select([peer], [], [], 0)[0]:
                        break
                    peer.sendall(piece)
                self.assertRegex(peer.recv(65536), rb"^HTTP/1.1 413 ")
            self.requests += 1

    # ---- texts

    async def test_what_is_accepted_comes_back_as_it_was(self):
        viewer = self.rest["viewer"]
        for i, text in enumerate(TEXTS):
            status, event = self.operator.json("PUT", "/api/v1/events/evt_hand", {"name": text, "unit": text, "device": text})
            self.assertEqual((status, event["name"]), (200, text))
            status, experiment = self.operator.json("PUT", f"/api/v1/experiments/{self.experiment}", {"name": text, "notes": text})
            self.assertEqual((status, experiment["name"]), (200, text))
            status, note = self.operator.json("POST", f"/api/v1/experiments/{self.experiment}/annotations",
                                              {"timestamp": T, "text": text})
            self.assertEqual((status, note["text"]), (201, text))
            await self.controller.send({"type": "events", "events": [
                {"event_public_id": "evt_plc", "name": text, "unit": text, "device": text}]})
            await self.controller.send({"type": "status", "agent": text, "version": text, "devices": [
                {"name": text, "state": "offline", "error": text}]})
            bad = reading("evt_bad", None, f"2025-01-16T14:{i:02}:00Z", quality="bad", reason=text)
            self.assertEqual((await self.controller.ask({"batch": 2, "datapoints": [bad]}))["stored"], 1, text)
            for where in ("evt_hand", "evt_plc"):
                event = viewer.get(f"/api/v1/events/{where}")
                self.assertEqual([event[name] for name in ("name", "unit", "device")], [text] * 3, where)
            rig = next(rig for rig in viewer.get("/api/v1/controllers") if rig["name"] == "rig1")
            self.assertEqual((rig["agent"], rig["version"], rig["devices"][0]["name"], rig["devices"][0]["error"]), (text,) * 4)
        for text in BAD_TEXTS:
            self.assertEqual(self.operator.json("PUT", "/api/v1/events/evt_hand", {"name": text})[0], 422, text[:20])

        def all_of_it():
            experiment = viewer.get(f"/api/v1/experiments/{self.experiment}")
            bad = viewer.get("/api/v1/datapoints?event_public_id=evt_bad")["data"]
            return experiment, bad, viewer.get("/api/v1/events")
        experiment, bad, events = all_of_it()
        self.assertEqual([note["text"] for note in experiment["annotations"]], TEXTS)
        edits = viewer.get(f"/api/v1/experiments/{self.experiment}/edits?page_size=100")["data"][::-1]
        self.assertEqual([edit["notes"] for edit in edits[1:]], TEXTS[:-1])
        self.assertEqual(experiment["edits"], edits[-25:])
        self.assertEqual([point["reason"] for point in bad], TEXTS)
        for rest in self.rest.values():
            rest.close()
        self.assertEqual(self.server.stop()[0], 0)
        await self.server.start()
        self.assertEqual(all_of_it(), (experiment, bad, events))
        self.assert_all_is_well()

    # ---- frames

    async def test_every_member_of_every_frame(self):
        answers = set()
        for kind, frame in FRAMES.items():
            for member in members_of(frame):
                for raw in self.some(JSON_VALUES):
                    if len(raw) > 60_000:
                        raw = raw[:8000]  # in a frame there is no room for more
                    # The good one after it tells that the first was dealt with, and that the connection lives.
                    await self.controller.send(with_raw(frame, member, raw).decode("utf-8", "replace"))
                    await self.controller.send(self.good)
                    self.requests += 1
                    while True:
                        answer = await self.controller.receive(20 * SLOWNESS)
                        self.assertIn(answer["type"], ("ack", "error", "pong"), (kind, member, raw[:100]))
                        if answer.get("batch") == 7 and answer.get("duplicates") == 1:
                            break
                        answers.add((kind, answer["type"]))
        self.assertLessEqual({("reading", "error"), ("batch", "error"), ("batch", "ack"), ("events", "error"),
                              ("status", "error")}, answers)
        for name in ("events", "format", "since", "token", "nobody"):
            for value in self.some(QUERY_VALUES):
                token = "" if name == "token" else f"&token={self.viewer_token}"
                peer = await asyncio.to_thread(RawWebSocket, self.server.port, f"{STREAM}?{name}={value}{token}")
                self.assertIn(peer.status, (101, 429) if name == "token" else (101,), (name, value))
                peer.close()
                self.requests += 1
        again = await Controller.connect(self.server, self.rest["controller"].token, ack=1)
        await again.close()
        self.assert_all_is_well()


class HostileRestOnPostgres(HostileRest):
    """With PostgreSQL."""

    share = 1 if os.environ.get("WEBMACS_LONG") else 3

    async def store(self):
        self.postgres = await Postgres(self).start()
        return {"store_url": self.postgres.url()}

    def state(self):
        return self.postgres.rows(" UNION ALL ".join(
            f"SELECT '{table}', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t" for table in TABLES))

    def assert_store_is_sound(self):
        self.assertNotIn("ERROR:", self.postgres.program.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
