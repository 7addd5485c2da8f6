"""Each kind of mistake in the three programs' files and command lines: file and line, and the contract's exit codes."""

import re
import unittest

from harness.case import Scenario
from harness.programs import AGENT, ROOT, SERVER, SIM, run

RIG = """[agent]
poll_interval = 0.5
[hub]
url = ws://127.0.0.1:8000/ws/controller/telemetry
[device:plc]
host = 127.0.0.1
[event:evt_a]
device = plc
register = holding:100
type = float32
"""
HUB = """[server]
listen = 127.0.0.1:8000
[store]
url = sqlite:///tmp/never-opened.db
"""

# What is changed in the right file -> (line, words of the mistake). Lines count from 1.
RIG_MISTAKES = [
    (("[agent]", "[agnet]"), 1, ["agnet", "did you mean", "agent"]),
    (("poll_interval", "pol_interval"), 2, ["[agent]", "pol_interval", "did you mean", "poll_interval"]),
    (("poll_interval = 0.5", "poll_interval = soon"), 2, ["[agent]", "poll_interval", "soon"]),
    (("poll_interval = 0.5", "poll_interval = 0.001"), 2, ["[agent]", "poll_interval"]),
    (("poll_interval = 0.5", "poll_interval = 0.5\npoll_interval = 1"), 3, ["[agent]", "poll_interval"]),
    (("poll_interval = 0.5", "poll_interval"), 2, ["[agent]"]),
    (("ws://127.0.0.1:8000/ws/controller/telemetry", "http://127.0.0.1"), 4, ["[hub]", "url", "http://127.0.0.1"]),
    (("[hub]", "[hub"), 3, []),
    (("host = 127.0.0.1", "port = 502"), 5, ["[device:plc]", "host"]),
    (("host = 127.0.0.1", "host = 127.0.0.1\nport = 70000"), 7, ["[device:plc]", "port", "70000"]),
    (("host = 127.0.0.1", "host = 127.0.0.1\ntransport = udp"), 7, ["[device:plc]", "transport", "udp", "tcp"]),
    (("host = 127.0.0.1", "host = 127.0.0.1\nunit = 256"), 7, ["[device:plc]", "unit", "256"]),
    (("[event:evt_a]", "[event:evt a]"), 7, ["[event:evt a]"]),
    (("[event:evt_a]", "[device:plc]\n[event:evt_a]"), 7, ["[device:plc]"]),
    (("device = plc", "device = pcl"), 8, ["[event:evt_a]", "device", "pcl", "did you mean", "plc"]),
    (("device = plc\n", ""), 7, ["[event:evt_a]", "device"]),
    (("holding:100", "holding:65535"), 9, ["[event:evt_a]", "register", "65535"]),
    (("holding:100", "holding"), 9, ["[event:evt_a]", "register", "holding"]),
    (("holding:100", "register:100"), 9, ["[event:evt_a]", "register", "register:100"]),
    (("register = holding:100\n", ""), 7, ["[event:evt_a]", "register"]),
    (("type = float32", "type = float"), 10, ["[event:evt_a]", "type", "float", "float32"]),
    (("type = float32\n", ""), 7, ["[event:evt_a]", "type"]),
    (("type = float32", "type = bool"), 7, ["[event:evt_a]", "bit"]),
    (("holding:100\ntype = float32", "coil:3\ntype = float32"), 10, ["[event:evt_a]", "type", "coil"]),
    (("type = float32", "type = float32\nscale = 0"), 11, ["[event:evt_a]", "scale"]),
    (("type = float32", "type = float32\norder = ACBD"), 11, ["[event:evt_a]", "order", "ACBD"]),
    (("type = float32", "type = float32\nmin_value = 5\nmax_value = 4"), 12, ["[event:evt_a]", "max_value"]),
]
HUB_MISTAKES = [
    (("listen = 127.0.0.1:8000", "listen = 127.0.0.1"), 2, ["[server]", "listen"]),
    (("listen = 127.0.0.1:8000", "listen = 127.0.0.1:99999"), 2, ["[server]", "listen", "99999"]),
    (("listen", "lisen"), 2, ["[server]", "lisen", "did you mean", "listen"]),
    (("listen = 127.0.0.1:8000", "ws_heartbeat_interval = often"), 2, ["[server]", "ws_heartbeat_interval", "often"]),
    (("listen = 127.0.0.1:8000", "ws_heartbeat_interval = 5s\nws_heartbeat_timeout = 5s"), 3,
     ["[server]", "ws_heartbeat_timeout"]),
    (("listen = 127.0.0.1:8000", "client_queue = 1 apple"), 2, ["[server]", "client_queue", "apple"]),
    (("listen = 127.0.0.1:8000", "max_connections = 0"), 2, ["[server]", "max_connections"]),
    (("listen = 127.0.0.1:8000", "metrics_public = perhaps"), 2, ["[server]", "metrics_public", "perhaps"]),
    (("[store]", "[stor]"), 3, ["stor", "did you mean", "store"]),
    (("[store]", "[tls]\ncertificate_file = /a.pem\n[store]"), 3, ["[tls]", "private_key_file"]),
    (("sqlite:///tmp/never-opened.db", "mysql://localhost/x"), 4, ["[store]", "url"]),
]


class WrongConfiguration(Scenario):
    def mistakes(self, command, path, text):
        """The lines (file, number, text) that the program prints about a wrong file; exit 78."""
        path.write_text(text)
        done = run([*command, "--config", path])
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertEqual(done.stdout, "")
        lines = done.stderr.splitlines()
        found = [re.fullmatch(r"(?:<\d>)?(.+?):(\d+): (.+)", line) for line in lines]
        self.assertTrue(all(found), done.stderr)
        self.assertEqual({match[1] for match in found}, {str(path)})
        return [(int(match[2]), match[3]) for match in found]

    def check_each(self, right, mistakes, commands, path):
        for (old, new), line, words in mistakes:
            for command in commands:
                with self.subTest(change=new, command=command[0].name, verb=command[1:]):
                    self.assertIn(old, right)
                    said = self.mistakes(command, path, right.replace(old, new, 1))
                    about = [text for number, text in said if number == line]
                    self.assertTrue(any(all(word in text for word in words) for text in about),
                                    f"nothing about line {line} with {words} in {said}")

    def test_each_mistake_in_a_rig_file(self):
        path = self.folder / "rig.ini"
        self.check_each(RIG, RIG_MISTAKES, [[AGENT, "check"]], path)
        self.check_each(RIG, RIG_MISTAKES[:2] + RIG_MISTAKES[8:9], [[AGENT, "run"], [AGENT]], path)

    def test_the_simulator_names_the_same_mistakes(self):
        ours = [mistake for mistake in RIG_MISTAKES if mistake[1] >= 5]
        self.check_each(RIG, ours, [[SIM, "--local", self.folder / "out.ini"]], self.folder / "rig.ini")
        self.assertFalse((self.folder / "out.ini").exists())

    def test_each_mistake_in_a_server_file(self):
        path = self.folder / "server.ini"
        self.check_each(HUB, HUB_MISTAKES, [[SERVER, "check"]], path)
        self.check_each(HUB, HUB_MISTAKES[:3], [[SERVER, "run"], [SERVER], [SERVER, "token", "list"]], path)

    def test_all_mistakes_are_named_at_once_in_the_files_order(self):
        wrong = RIG.replace("0.5", "never").replace("holding:100", "holding:x").replace("float32", "real")
        said = self.mistakes([AGENT, "check"], self.folder / "rig.ini", wrong)
        self.assertEqual([number for number, _ in said], [2, 9, 10])
        wrong = HUB.replace("8000", "0x1f").replace("sqlite", "oracle") + "colour = blue\n"
        said = self.mistakes([SERVER, "check"], self.folder / "server.ini", wrong)
        self.assertEqual([number for number, _ in said], [2, 4, 5])

    def test_a_file_that_is_not_there(self):
        for program in ([AGENT, "run"], [AGENT, "check"], [SERVER, "run"], [SERVER, "check"], [SIM]):
            with self.subTest(program=program):
                done = run([*program, "--config", self.folder / "missing.ini"])
                self.assertEqual(done.returncode, 78, done.stderr)
                self.assertIn(str(self.folder / "missing.ini"), done.stderr)

    def test_a_right_file_passes_the_check(self):
        rig, server = self.folder / "rig.ini", self.folder / "server.ini"
        rig.write_text(RIG)
        server.write_text(HUB)
        for command in ([AGENT, "check", "--config", rig], [SERVER, "check", "--config", server]):
            done = run(command)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertFalse((self.folder / "never-opened.db").exists())

    def test_our_own_examples_are_right(self):
        for command in ([AGENT, "check", "--config", ROOT / "systemd/rigs/fluidised-bed.ini"],
                        [SERVER, "check", "--config", ROOT / "systemd/server.ini"]):
            done = run(command)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_every_key_of_the_example_server_file_is_known_at_its_default(self):
        text = (ROOT / "systemd/server.ini").read_text()
        (self.folder / "server.ini").write_text(re.sub(r"(?m)^;(?=\w+ =)", "", text))
        done = run([SERVER, "check", "--config", self.folder / "server.ini"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_wrong_usage_ends_with_2(self):
        wrong = [[AGENT, "fly"], [AGENT, "run", "--colour"], [AGENT, "run", "--config"], [AGENT, "--log-level", "loud"],
                 [SERVER, "fly"], [SERVER, "run", "--port", "1"], [SERVER, "token"], [SERVER, "token", "create"],
                 [SERVER, "--log-level", "loud"], [SIM], [SIM, "--colour"]]
        for command in wrong:
            with self.subTest(command=command):
                done = run(command)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertTrue(done.stderr.strip() or done.stdout.strip())

    def test_help_and_version(self):
        for program in (AGENT, SERVER, SIM):
            for option in ("--help", "--version"):
                done = run([program, option])
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(done.stdout.strip())


if __name__ == "__main__":
    unittest.main()
