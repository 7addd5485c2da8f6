"""REST as the contract has it: datapoints, events, experiments, tokens, by role, against the running hub; and its own
description, openapi.json, which must be true."""

import json
import re
import time
import unittest
import urllib.parse

from harness.case import Scenario
from harness.controller import reading
from harness.programs import SLOWNESS
from harness.rest import Rest
from harness.schema import check_schema
from harness.times import microseconds, rfc3339
from harness.wait import until

T0 = microseconds("2025-01-15T14:00:00Z")
BORDERS = [None, "", "0", "1", "-1", "100", "101", "10001", "1e9", "99999999999999999999", "1.5", "x", "%00", "'; DROP TABLE events; --",
           "☃", "2025-01-15T14:00:00Z", "9999-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "a" * 8000]


def at(seconds):
    return rfc3339(T0 + int(seconds * 1e6))


class RestContract(Scenario):
    async def asyncSetUp(self):
        await self.start_hub_with_rig()
        self.rest = {role: Rest(self.server, await self.server.token(role, role))
                     for role in ("operator", "admin")}
        self.rest["viewer"] = Rest(self.server, self.viewer_token)
        self.rest["controller"] = Rest(self.server, await self.server.token("rig2", "controller"))
        self.rest[None] = Rest(self.server)
        self.viewer, self.operator, self.admin = (self.rest[role] for role in ("viewer", "operator", "admin"))

    def tearDown(self):
        for rest in self.rest.values():
            rest.close()

    async def push(self, event, first, count, step=1.0):
        batch = [reading(event, i, at(first + i * step)) for i in range(count)]
        self.assertEqual((await self.controller.ask({"batch": 1, "datapoints": batch}))["stored"], count)

    # ---- datapoints

    async def test_pages_of_datapoints_hold_everything_once_in_order(self):
        await self.push("evt_b", 0, 25)
        await self.push("evt_a", 0.5, 25, 0.5)
        await self.push("evt_c", 0, 5)
        for limit in (1, 7, 55, 56):
            seen, cursor = [], None
            while True:
                page = self.viewer.get(f"/api/v1/datapoints?limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
                self.assertLessEqual(len(page["data"]), limit)
                seen += page["data"]
                cursor = page["next_cursor"]
                if cursor is None:
                    break
            keys = [(point["timestamp"], point["event_public_id"]) for point in seen]
            self.assertEqual(keys, sorted(set(keys)))
            self.assertEqual(len(keys), 55)
        only = self.viewer.get(f"/api/v1/datapoints?event_public_id=evt_b&from={at(5)}&to={at(8)}")
        self.assertEqual([point["value"] for point in only["data"]], [5, 6, 7])
        one = only["data"][0]
        self.assertEqual(self.viewer.get(f"/api/v1/datapoints/{one['public_id']}"), one)
        self.assertEqual(self.viewer.json("GET", "/api/v1/datapoints/dp_1zzzzzzzzzzz")[0], 404)

    async def test_one_reading_at_a_time(self):
        push = self.rest["controller"]
        status, point = push.json("POST", "/api/v1/datapoints", reading("evt_http", 1.5, at(0)))
        self.assertEqual((status, point["value"], point["timestamp"]), (201, 1.5, at(0)))
        self.assertEqual(push.json("POST", "/api/v1/datapoints", reading("evt_http", 1.5, at(0))), (200, point))
        self.assertEqual(push.json("POST", "/api/v1/datapoints", reading("evt_http", 2, at(0)))[0], 409)
        self.assertEqual(push.json("POST", "/api/v1/datapoints", reading("evt_http", 2))[0], 201)
        await self.push("evt_theirs", 0, 1)
        status, answer = push.json("POST", "/api/v1/datapoints", reading("evt_theirs", 2, at(9)))
        self.assertEqual((status, answer["detail"]), (409, "event belongs to rig1"))
        for wrong in ({}, [], {"datapoints": []}, reading("evt http", 1), reading("evt_http", "1"), {"type": "ping"}):
            self.assertEqual(push.json("POST", "/api/v1/datapoints", wrong)[0], 422, wrong)

    async def test_a_batch_is_answered_as_on_the_websocket(self):
        push = self.rest["controller"]
        batch = [reading("evt_http", 1, at(0)), reading("evt_http", 1, at(0)), reading("evt_http", 2, at(0)),
                 reading("evt_http", 3, "never")]
        status, counts = push.json("POST", "/api/v1/datapoints/batch", {"datapoints": batch})
        self.assertEqual((status, counts["stored"], counts["duplicates"]), (201, 1, 1))
        self.assertEqual([item["index"] for item in counts["rejected"]], [2, 3])
        self.assertNotIn("batch", counts)
        status, counts = push.json("POST", "/api/v1/datapoints/batch", {"batch": 7, "datapoints": batch[:1]})
        self.assertEqual((counts["batch"], counts["duplicates"]), (7, 1))

    async def test_a_series_keeps_its_spike_and_its_gap(self):
        for first in range(0, 3600, 450):
            batch = [reading("evt_a", 100 if i == 1234 else i % 7, at(i)) for i in range(first, first + 450)]
            await self.controller.ask({"batch": 1, "datapoints": batch})
        await self.push("evt_a", 7200, 60)
        ask = {"event_public_ids": ["evt_a", "evt_none"], "from": at(0), "to": at(9999), "max_points": 100}
        for _ in range(3):
            answer = self.viewer.json("POST", "/api/v1/datapoints/series", ask)[1]
            self.assertEqual(answer["evt_none"], [])
            line = answer["evt_a"]
            self.assertLessEqual(len(line), 100)
            self.assertIn({"timestamp": at(1234), "value": 100}, line)
            self.assertEqual([point["timestamp"] for point in line if point["value"] is None], [at(3599 + 30)])
            self.assertEqual((line[0]["timestamp"], line[-1]["timestamp"]), (at(0), at(7259)))
            time.sleep(0.6)  # the summaries are made meanwhile
        self.assertEqual(self.viewer.json("POST", "/api/v1/datapoints/series",
                                          {"event_public_ids": ["evt_a"], "minutes": 60})[1], {"evt_a": []})
        for wrong, field in (({}, "event_public_ids"), ({"event_public_ids": []}, "event_public_ids"),
                             ({"event_public_ids": ["a"] * 21}, "event_public_ids"), ({**ask, "to": at(-1)}, "to"),
                             ({**ask, "minutes": 5}, "minutes"), ({"event_public_ids": ["a"], "minutes": 0}, "minutes"),
                             ({"event_public_ids": ["a"], "minutes": 1e300}, "minutes"), ({**ask, "max_points": 9}, "max_points"),
                             ({**ask, "max_points": 4001}, "max_points"), ({**ask, "from": None}, "from")):
            status, answer = self.viewer.json("POST", "/api/v1/datapoints/series", wrong)
            self.assertEqual((status, answer["detail"].split(":")[0]), (422, field), wrong)
        everything = {"event_public_ids": ["evt_a"], "from": "1970-01-01T00:00:00Z", "to": "2199-12-31T23:59:59Z"}
        line = self.viewer.json("POST", "/api/v1/datapoints/series", everything)[1]["evt_a"]
        self.assertIn({"timestamp": at(1234), "value": 100}, line)

    # ---- events

    async def test_events_of_people_and_of_agents(self):
        status, event = self.operator.json("POST", "/api/v1/events", {"event_public_id": "evt_hand", "unit": "kg"})
        self.assertEqual((status, event["name"], event["unit"], event["controller"]), (201, "evt_hand", "kg", None))
        self.assertEqual(self.operator.json("POST", "/api/v1/events", {"event_public_id": "evt_hand"})[0], 409)
        status, event = self.operator.json("PUT", "/api/v1/events/evt_hand", {"name": "Füllgewicht ☃", "max_value": 5})
        self.assertEqual((status, event["name"], event["unit"], event["max_value"]), (200, "Füllgewicht ☃", "kg", 5))
        self.assertEqual(self.viewer.get("/api/v1/events/evt_hand"), event)
        self.assertEqual(self.operator.json("PUT", "/api/v1/events/evt_hand", {"type": "odd"})[0], 422)
        self.assertEqual(self.operator.json("PUT", "/api/v1/events/evt_none", {"name": "x"})[0], 404)

        await self.controller.send({"type": "events", "events": [{"event_public_id": "evt_plc", "name": "Inlet"}]})
        await self.push("evt_plc", 0, 1)
        status, answer = self.operator.json("PUT", "/api/v1/events/evt_plc", {"name": "Mine"})
        self.assertEqual(status, 409, answer)
        self.assertEqual(self.operator.json("DELETE", "/api/v1/events/evt_plc")[0], 409)
        status, event = self.operator.json("PUT", "/api/v1/events/evt_plc", {"controller": "rig2"})
        self.assertEqual((status, event["controller"]), (200, "rig2"))
        answer = await self.controller.ask({"batch": 2, "datapoints": [reading("evt_plc", 1, at(1))]})
        self.assertEqual(answer["rejected"][0]["reason"], "event belongs to rig2")
        self.assertEqual(len(self.viewer.get("/api/v1/datapoints?event_public_id=evt_plc")["data"]), 1)
        self.assertEqual(self.operator.request("DELETE", "/api/v1/events/evt_hand")[0], 204)
        self.assertEqual(self.viewer.json("GET", "/api/v1/events/evt_hand")[0], 404)

    async def test_a_list_is_cut_into_pages(self):
        for i in range(30):
            self.operator.json("POST", "/api/v1/events", {"event_public_id": f"evt_{i:02}"})
        first = self.viewer.get("/api/v1/events")
        self.assertEqual((first["page"], first["page_size"], first["total"], len(first["data"])), (1, 25, 30, 25))
        third = self.viewer.get("/api/v1/events?page=3&page_size=12")
        self.assertEqual([event["event_public_id"] for event in third["data"]], [f"evt_{i}" for i in range(24, 30)])
        self.assertEqual(self.viewer.get("/api/v1/events?page=1000000000&page_size=100")["data"], [])

    # ---- experiments

    async def test_an_experiment_from_start_to_end(self):
        status, made = self.operator.json("POST", "/api/v1/experiments", {"name": "Lauf 1", "controllers": ["rig1"]})
        self.assertEqual((status, made["stopped_on"], made["annotations"]), (201, None, []))
        path = f"/api/v1/experiments/{made['public_id']}"
        now = time.time()
        ack = await self.controller.ask({"batch": 1, "datapoints": [
            reading("evt_a", 1, rfc3339(int((now - 60) * 1e6))), reading("evt_a", 2, rfc3339(int((now + 1) * 1e6)))]})
        self.assertEqual(ack["stored"], 2)
        latest = self.viewer.get("/api/v1/datapoints/latest")
        self.assertEqual([point["experiment_public_id"] for point in latest], [made["public_id"]])
        status, note = self.operator.json("POST", f"{path}/annotations", {"text": "Ventil auf"})
        self.assertEqual(status, 201, made)
        status, answer = self.operator.json("POST", "/api/v1/experiments", {"name": "other"})
        self.assertEqual(status, 409)
        self.assertIn(made["public_id"], answer["detail"])
        self.assertEqual(self.operator.json("POST", "/api/v1/experiments", {"name": "o", "controllers": ["rig2"]})[0], 201)

        # Its begin is moved back: the earlier datapoint belongs to it as well, also where it was shown already.
        status, changed = self.operator.json("PUT", path, {"started_on": rfc3339(int((now - 3600) * 1e6))})
        self.assertEqual((status, changed["name"], changed["annotations"]), (200, "Lauf 1", [note]))
        data = self.viewer.get(f"/api/v1/datapoints?experiment_public_id={made['public_id']}")["data"]
        self.assertEqual([point["value"] for point in data], [1, 2])
        status, stopped = self.operator.json("PUT", f"{path}/stop")
        self.assertEqual(status, 200)
        self.assertIsNotNone(stopped["stopped_on"])
        self.assertEqual(self.operator.json("PUT", f"{path}/stop")[0], 409)
        edits = self.viewer.get(path)["edits"]
        self.assertEqual([(edit["edited_by"], edit["started_on"], edit["stopped_on"]) for edit in edits],
                         [("operator", made["started_on"], None), ("operator", changed["started_on"], None)])
        data = self.viewer.get(f"/api/v1/datapoints?experiment_public_id={made['public_id']}")["data"]
        self.assertEqual([point["value"] for point in data], [1])  # the other one is later than its end

        # What arrives late lands right by its time.
        await self.controller.ask({"batch": 2, "backlog": True, "datapoints": [
            reading("evt_a", 3, rfc3339(int((now - 1800) * 1e6)))]})
        data = self.viewer.get(f"/api/v1/datapoints?experiment_public_id={made['public_id']}")["data"]
        self.assertEqual([point["value"] for point in data], [3, 1])
        self.assertEqual(self.operator.request("DELETE", f"{path}/annotations/{note['public_id']}")[0], 204)
        self.assertEqual(self.operator.request("DELETE", path)[0], 204)
        self.assertEqual(self.viewer.json("GET", path)[0], 404)
        data = self.viewer.get("/api/v1/datapoints?event_public_id=evt_a")["data"]
        self.assertEqual([(point["value"], point["experiment_public_id"]) for point in data],
                         [(3, None), (1, None), (2, None)])

    async def test_experiments_outlive_the_hub(self):
        status, made = self.operator.json("POST", "/api/v1/experiments", {"name": "x", "notes": "Zeile 1\nZeile 2"})
        self.assertEqual(status, 201, made)
        self.server.kill()
        self.operator.close()
        self.viewer.close()
        await self.server.start()
        (found,) = self.viewer.get("/api/v1/experiments")["data"]
        self.assertEqual(found, made)

    async def test_wrong_experiments_are_refused_with_the_field_and_why(self):
        for wrong, field in (({}, "name"), ({"name": ""}, "name"), ({"name": 5}, "name"), ({"name": "a\u0000b"}, "name"),
                             ({"name": "x", "started_on": "yesterday"}, "started_on"),
                             ({"name": "x", "started_on": at(5), "stopped_on": at(5)}, "stopped_on"),
                             ({"name": "x", "controllers": []}, "controllers"),
                             ({"name": "x", "controllers": ["a b"]}, "controllers"),
                             ({"name": "x", "controllers": "rig1"}, "controllers"),
                             ({"name": "x" * 201}, "name"), ({"name": "x", "notes": "y" * 100001}, "notes")):
            status, answer = self.operator.json("POST", "/api/v1/experiments", wrong)
            self.assertEqual(status, 422, wrong)
            self.assertTrue(answer["detail"].startswith(field), answer)
        self.assertEqual(self.viewer.get("/api/v1/experiments")["total"], 0)

    # ---- tokens

    async def test_tokens_are_made_shown_once_and_revoked(self):
        status, made = self.admin.json("POST", "/api/v1/tokens", {"name": "guest", "role": "viewer"})
        self.assertEqual(status, 201, made)
        self.assertRegex(made["token"], r"^wm_[A-Za-z0-9_-]{43}$")
        self.tokens.append(made["token"])
        guest = Rest(self.server, made["token"])
        self.assertEqual(guest.get("/api/v1/datapoints/latest"), [])
        self.assertEqual(self.admin.json("POST", "/api/v1/tokens", {"name": "guest", "role": "viewer"})[0], 409)
        self.assertEqual(self.admin.json("POST", "/api/v1/tokens", {"name": "x", "role": "god"})[0], 422)
        listed = self.admin.get("/api/v1/tokens?page_size=100")["data"]
        self.assertIn("guest", [token["name"] for token in listed])
        self.assertNotIn("wm_", json.dumps(listed))
        self.assertEqual(self.admin.request("DELETE", "/api/v1/tokens/guest")[0], 204)
        self.assertEqual(self.admin.json("DELETE", "/api/v1/tokens/guest")[0], 404)
        await until(lambda: guest.json("GET", "/api/v1/datapoints/latest")[0] == 401, 2 * SLOWNESS)
        guest.close()

    async def test_every_token_may_ask_whose_it_is(self):
        for role, name in (("controller", "rig2"), ("viewer", "viewer"), ("operator", "operator"), ("admin", "admin")):
            status, headers, text = self.rest[role].request("GET", "/api/v1/me")
            self.assertEqual((status, headers["Cache-Control"]), (200, "no-store"))
            self.assertEqual(text, f'{{"name":"{name}","role":"{role}","expires":null}}'.encode())
        expires = rfc3339(int((time.time() + 3600) * 1e6))
        made = self.admin.json("POST", "/api/v1/tokens", {"name": "guest", "role": "controller", "expires": expires})[1]
        self.tokens.append(made["token"])
        guest = Rest(self.server, made["token"])
        self.assertEqual(guest.get("/api/v1/me"), {"name": "guest", "role": "controller", "expires": expires})
        self.assertEqual(self.admin.request("DELETE", "/api/v1/tokens/guest")[0], 204)
        await until(lambda: guest.json("GET", "/api/v1/me")[0] == 401, 2 * SLOWNESS)
        guest.close()
        self.assertEqual(self.rest[None].json("GET", "/api/v1/me")[0], 401)

    # ---- HTTP

    async def test_bodies_that_cannot_be_taken(self):
        post = self.operator.request
        self.assertEqual(post("POST", "/api/v1/events", "{", )[0], 400)
        self.assertEqual(post("POST", "/api/v1/events", "[1]")[0], 422)
        self.assertEqual(post("POST", "/api/v1/events", "[" * 500000)[0], 400)
        self.assertEqual(post("POST", "/api/v1/events", "{}", Content_Type="text/plain")[0], 415)
        for headers in ({}, {"Transfer_Encoding": "chunked"}):
            with self.subTest(headers=headers):
                try:
                    self.assertEqual(post("POST", "/api/v1/events", b" " * (100 << 20), **headers)[0], 413)
                except OSError:
                    pass  # it hung up while most was still to come
        self.assertEqual(self.rest[None].request("POST", "/api/v1/events", b" " * 5000)[0], 401)
        self.assertEqual(post("POST", "/api/v1/events", '{"event_public_id":"evt_x"}', Expect="100-continue")[0], 201)

    async def test_a_connection_serves_many_requests(self):
        self.viewer.get("/health")
        socket = self.viewer._connection.sock
        for i in range(50):
            self.assertEqual(self.operator.json("POST", "/api/v1/events", {"event_public_id": f"evt_{i}"})[0], 201)
            self.assertEqual(self.viewer.get("/api/v1/events")["total"], i + 1)
        self.assertIs(self.viewer._connection.sock, socket)

    # ---- the description

    async def test_the_description_is_true(self):
        await self.push("evt_a", 0, 3)
        self.operator.json("POST", "/api/v1/events", {"event_public_id": "evt_hand"})
        experiment = self.operator.json("POST", "/api/v1/experiments", {"name": "x"})[1]["public_id"]
        document = self.rest[None].get("/api/v1/openapi.json")
        self.assertRegex(document["openapi"], r"^3\.1\.")
        ranks = {"viewer": ("viewer", "operator", "admin"), "operator": ("operator", "admin"), "admin": ("admin",),
                 "controller": ("controller", "admin"), "any": ("controller", "viewer", "operator", "admin")}
        point = self.viewer.get("/api/v1/datapoints")["data"][0]["public_id"]
        for path, operations in document["paths"].items():
            ids = {"public_id": point if "datapoints" in path else experiment, "event_public_id": "evt_hand",
                   "annotation_public_id": "ann_none", "name": "nobody"}
            real = re.sub(r"\{(\w+)\}", lambda match: ids[match[1]], path)
            for verb, operation in operations.items():
                role = operation.get("x-role")
                body = b"{}" if "requestBody" in operation else None
                with self.subTest(path=path, verb=verb):
                    # Who may: as described. A wrong body, and things that are not there, so that nothing is changed.
                    for who, rest in self.rest.items():
                        if role and who not in ranks[role]:
                            self.assertEqual(rest.request(verb.upper(), real, body)[0], 401 if who is None else 403)
                    rest = self.rest["controller" if role == "any" else role]
                    status, headers, text = rest.request(verb.upper(), real, body)
                    self.assertIn(str(status), operation["responses"])
                    content = operation["responses"][str(status)].get("content")
                    if content:
                        kind, = content
                        self.assertEqual(headers["Content-Type"].split(";")[0], kind)
                        if "json" in kind:
                            check_schema(content[kind]["schema"], json.loads(text), document)
                    else:
                        self.assertEqual(text, b"")
            missing = {"get", "put", "post", "delete"} - set(operations)
            for verb in missing:
                status, headers, _ = self.admin.request(verb.upper(), real)
                if verb == "get" and path.startswith("/api/v1/datapoints/"):
                    self.assertEqual(status, 404)  # a datapoint of that name
                    continue
                self.assertEqual(status, 405, (verb, path))
                self.assertLessEqual(set(operations), {word.strip().lower() for word in headers["Allow"].split(",")})

    async def test_no_query_parameter_brings_the_hub_down(self):
        await self.push("evt_a", 0, 30)
        document = self.rest[None].get("/api/v1/openapi.json")
        for path, operations in document["paths"].items():
            for parameter in operations.get("get", {}).get("parameters", ()):
                if parameter["in"] != "query":
                    continue
                for border in BORDERS:
                    value = "" if border is None else "=" + urllib.parse.quote(border, safe="%")
                    status, answer = self.admin.json("GET", f"{path}?{parameter['name']}{value}")
                    self.assertIn(status, (200, 404, 422), (path, parameter["name"], border, answer))
                    if status == 422:
                        self.assertTrue(answer["detail"].startswith(parameter["name"]), answer)
        self.assertEqual(self.viewer.get("/health")["status"], "ok")


if __name__ == "__main__":
    unittest.main(verbosity=2)
