#include "agent/settings.h"

#include "agent_test_tools.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace webmacs;
using namespace webmacs::agent_tests;

namespace {

// A device and an event, so that what is wrong is what the test says.
const std::string rig =
    "[device:plc]\nhost = 10.0.0.1\n[event:evt_a]\ndevice = plc\nregister = holding:1\ntype = uint16\n";

std::vector<std::string> mistakes_in(const std::string& text, const std::string& file = "rig1.ini") {
  try {
    parse_agent_settings(text + rig, file);
  } catch (const ConfigurationError& error) {
    return error.mistakes();
  }
  return {};
}

bool mentions(const std::string& line, const std::string& beginning, const std::string& word) {
  return line.rfind(beginning, 0) == 0 && line.find(word) != std::string::npos;
}

HubSettings token_from(const std::string& file) {
  HubSettings hub;
  hub.token_file = file;
  hub.token_file_given = true;
  return hub;
}

class Credentials {
 public:
  explicit Credentials(const std::string& folder) { ::setenv("CREDENTIALS_DIRECTORY", folder.c_str(), 1); }
  ~Credentials() { ::unsetenv("CREDENTIALS_DIRECTORY"); }
};

}  // namespace

TEST_CASE("an empty agent part gives the defaults of the configuration contract") {
  const AgentSettings settings = parse_agent_settings(rig, "/etc/webmacs/rigs/rig1.ini");
  CHECK(settings.name == "rig1");
  CHECK(settings.poll_interval == 500ms);
  CHECK(settings.hub.url.host == "localhost");
  CHECK(settings.hub.url.port == "8000");
  CHECK(settings.hub.url.target == "/ws/controller/telemetry");
  CHECK_FALSE(settings.hub.url.tls);
  CHECK(settings.hub.token_file == "/etc/webmacs/rigs/rig1.token");
  CHECK(settings.hub.max_batch == 500);
  CHECK(settings.hub.batch_interval == 0us);
  CHECK(settings.buffer.path == "/var/lib/webmacs/agent/rig1.db");
  CHECK(settings.buffer.max_size == 512 * 1024 * 1024);
  CHECK(settings.buffer.drop_oldest);
  CHECK(settings.buffer.spill_after == 1s);
  REQUIRE(settings.rig.events.size() == 1);
  CHECK(settings.rig.events[0].poll_interval == 500ms);
}

TEST_CASE("every key is read") {
  const AgentSettings settings = parse_agent_settings(
      "[agent]\nname = north\npoll_interval = 20ms\n"
      "[hub]\nurl = wss://hub.lab/ws/controller/telemetry\ntoken_file = /run/t\nmax_batch = 50\nbatch_interval = "
      "100ms\n"
      "[buffer]\npath = /data/b.db\nmax_size = 2MiB\nwhen_full = drop_newest\nspill_after = 0\n" +
          rig,
      "rig1.ini");
  CHECK(settings.name == "north");
  CHECK(settings.rig.events[0].poll_interval == 20ms);
  CHECK(settings.hub.url.tls);
  CHECK(settings.hub.url.port == "443");
  CHECK(settings.hub.token_file == "/run/t");
  CHECK(settings.hub.token_file_given);
  CHECK(settings.hub.max_batch == 50);
  CHECK(settings.hub.batch_interval == 100ms);
  CHECK(settings.buffer.path == "/data/b.db");
  CHECK(settings.buffer.max_size == 2 * 1024 * 1024);
  CHECK_FALSE(settings.buffer.drop_oldest);
  CHECK(settings.buffer.spill_after == 0s);
}

TEST_CASE("all mistakes are reported at once, each with its line") {
  const auto mistakes = mistakes_in(
      "[agent]\n"                    // 1
      "name = my rig\n"              // 2
      "poll_interval = 1ms\n"        // 3
      "[hub]\n"                      // 4
      "url = http://hub:8000/\n"     // 5
      "max_batch = 501\n"            // 6
      "batch_intervall = 1s\n"       // 7
      "ca_file = /nowhere/ca.pem\n"  // 8
      "[buffer]\n"                   // 9
      "max_size = 4KiB\n"            // 10
      "when_full = drop_all\n"       // 11
      "spill_after = soon\n"         // 12
      "[bufer]\n");                  // 13
  REQUIRE(mistakes.size() == 10);
  CHECK(mentions(mistakes[0], "rig1.ini:2: [agent] name: ", "my rig"));
  CHECK(mentions(mistakes[1], "rig1.ini:3: [agent] poll_interval: ", ""));
  CHECK(mentions(mistakes[2], "rig1.ini:5: [hub] url: ", "ws://"));
  CHECK(mentions(mistakes[3], "rig1.ini:6: [hub] max_batch: ", "500"));
  CHECK(mentions(mistakes[4], "rig1.ini:7: [hub] batch_intervall: ", "batch_interval"));
  CHECK(mentions(mistakes[5], "rig1.ini:8: [hub] ca_file: ", "/nowhere/ca.pem"));
  CHECK(mentions(mistakes[6], "rig1.ini:10: [buffer] max_size: ", ""));
  CHECK(mentions(mistakes[7], "rig1.ini:11: [buffer] when_full: ", "drop_oldest"));
  CHECK(mentions(mistakes[8], "rig1.ini:12: [buffer] spill_after: ", ""));
  CHECK(mentions(mistakes[9], "rig1.ini:13: [bufer]", "buffer"));
}

TEST_CASE("a file name that is no usable name asks for [agent] name") {
  const auto mistakes = mistakes_in("", "/etc/webmacs/rigs/my rig.ini");
  REQUIRE(mistakes.size() == 1);
  CHECK(mistakes[0].find("[agent] name") != std::string::npos);
  CHECK(mistakes[0].find("my rig") != std::string::npos);
}

TEST_CASE("a token in the URL, two tokens and a token of two words are mistakes, and the token is not printed") {
  auto mistakes = mistakes_in("[hub]\nurl = ws://hub/ws/controller/telemetry?token=wm_secret\n");
  REQUIRE(mistakes.size() == 1);
  CHECK(mentions(mistakes[0], "rig1.ini:2: [hub] url: ", "token_file"));
  CHECK(mistakes[0].find("wm_secret") == std::string::npos);
  mistakes = mistakes_in("[hub]\ntoken = wm_secret\ntoken_file = /x\n");
  REQUIRE(mistakes.size() == 1);
  CHECK(mentions(mistakes[0], "rig1.ini:2: [hub] token: ", "token_file"));
  mistakes = mistakes_in("[hub]\ntoken = wm_secret two\n");
  REQUIRE(mistakes.size() == 1);
  CHECK(mistakes[0].find("wm_secret") == std::string::npos);
}

TEST_CASE("a token file is read and trimmed") {
  TemporaryFolder folder;
  write_file(folder.file("t"), "\n  wm_abc  \r\n");
  CHECK(find_token(token_from(folder.file("t"))).token == "wm_abc");
}

TEST_CASE("a missing, empty or senseless token file is said with what to do, and is no configuration mistake") {
  TemporaryFolder folder;
  write_file(folder.file("empty"), " \n");
  write_file(folder.file("two"), "wm_a wm_b\n");
  for (const char* name : {"missing", "empty", "two"}) {
    const TokenLookup found = find_token(token_from(folder.file(name)));
    CHECK(found.token.empty());
    CHECK(found.problem.find(folder.file(name)) != std::string::npos);
    CHECK(found.problem.find("webmacs-server token create") != std::string::npos);
    CHECK(found.problem.find("wm_a") == std::string::npos);
  }
  CHECK(mistakes_in("[hub]\ntoken_file = " + folder.file("missing") + "\n").empty());
}

TEST_CASE("the systemd credential `token` is used, but a readable token_file that was written down counts more") {
  TemporaryFolder folder;
  write_file(folder.file("token"), "wm_credential\n");
  write_file(folder.file("mine"), "wm_mine\n");
  const Credentials credentials(folder.path());
  CHECK(find_token(token_from(folder.file("mine"))).token == "wm_mine");
  CHECK(find_token(token_from(folder.file("missing"))).token == "wm_credential");
  HubSettings by_default;
  by_default.token_file = folder.file("mine");
  CHECK(find_token(by_default).token == "wm_credential");
}

TEST_CASE("settings compare equal exactly when nothing changed") {
  const AgentSettings a = parse_agent_settings(rig, "rig1.ini");
  const AgentSettings b =
      parse_agent_settings("[hub]\nmax_batch = 499\n[buffer]\nspill_after = 2s\n" + rig, "rig1.ini");
  CHECK(a.hub == parse_agent_settings(rig, "rig1.ini").hub);
  CHECK_FALSE(a.hub == b.hub);
  CHECK_FALSE(a.buffer == b.buffer);
}
