#include "server/commands.h"

#include "common/program.h"
#include "server/access/access.h"
#include "server/open_store.h"
#include "unit/server/captured_stream.h"
#include "unit/temporary_folder.h"

#include <doctest/doctest.h>

#include <iostream>
#include <memory>
#include <string>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

struct Commands {
  Commands() { settings.start.store_url = "sqlite://" + folder.file("hub.db"); }

  int create(const std::string& name, const std::string& role, const std::string& expires = "") {
    const CapturedStream printed(std::cout);
    const CapturedStream complaint(std::cerr);
    const int code = create_token(settings, name, role, expires);
    output = printed.text();
    error = complaint.text();
    return code;
  }
  std::string list() {
    const CapturedStream printed(std::cout);
    CHECK(list_tokens(settings) == exit_ok);
    return printed.text();
  }
  int revoke(const std::string& name) {
    const CapturedStream complaint(std::cerr);
    const int code = revoke_token(settings, name);
    error = complaint.text();
    return code;
  }
  std::vector<TokenRecord> stored() const { return open_store(settings.start.store_url)->tokens(); }

  TemporaryFolder folder;
  ServerSettings settings;
  std::string output, error;
};

}  // namespace

TEST_CASE("a token is shown once, and the store keeps its hash alone") {
  Commands commands;
  REQUIRE(commands.create("rig1", "controller") == exit_ok);
  REQUIRE(commands.output.starts_with("wm_"));
  REQUIRE(commands.output.ends_with("\n"));
  const std::string text = commands.output.substr(0, commands.output.size() - 1);
  const auto tokens = commands.stored();
  REQUIRE(tokens.size() == 1);
  CHECK(tokens[0].name == "rig1");
  CHECK(tokens[0].role == "controller");
  CHECK(tokens[0].hash == token_hash(text));
  CHECK_FALSE(tokens[0].expires);
  CHECK(commands.list().find(text) == std::string::npos);
}

TEST_CASE("a token expires so long after it was made") {
  Commands commands;
  REQUIRE(commands.create("anna", "viewer", "90d") == exit_ok);
  const auto tokens = commands.stored();
  REQUIRE(tokens.at(0).expires);
  CHECK(*tokens[0].expires - tokens[0].created == std::chrono::hours(24 * 90));
}

TEST_CASE("a mistake names its flag and what may stand there, and makes no token") {
  Commands commands;
  struct Case {
    std::string name, role, expires, complaint;
  };
  for (const Case& wrong : {Case{"two words", "viewer", "", "--name: 'two words' is no name"},
                            Case{"", "viewer", "", "--name: '' is no name"},
                            Case{"anna", "boss", "", "--role: 'boss' is no role (controller, viewer, operator, admin)"},
                            Case{"anna", "viewer", "90", "--expires: '90' is no duration"},
                            Case{"anna", "viewer", "-1d", "--expires: '-1d' is no duration"},
                            Case{"anna", "viewer", "0s", "--expires: '0s' is no duration"},
                            Case{"anna", "viewer", "900000000d", "--expires: '900000000d' is no duration"}}) {
    CAPTURE(wrong.complaint);
    CHECK(commands.create(wrong.name, wrong.role, wrong.expires) == exit_usage);
    CHECK(commands.error.starts_with(wrong.complaint));
    CHECK(commands.output.empty());
  }
  CHECK(commands.stored().empty());
}

TEST_CASE("a list says of each token whether it is still good") {
  Commands commands;
  commands.create("rig1", "controller");
  commands.create("anna", "viewer", "1s");
  commands.create("ben", "admin");
  REQUIRE(commands.revoke("ben") == exit_ok);
  const std::string list = commands.list();
  const auto line_of = [&](const std::string& name) {
    const auto begin = list.find("\n" + name + " ");
    REQUIRE(begin != std::string::npos);
    return list.substr(begin + 1, list.find('\n', begin + 1) - begin - 1);
  };
  CHECK(list.starts_with("NAME "));
  CHECK(line_of("rig1").find("controller  valid ") != std::string::npos);
  CHECK(line_of("rig1").ends_with(" -"));
  CHECK(line_of("ben").find("admin       revoked ") != std::string::npos);
}

TEST_CASE("a name that has no valid token cannot be revoked") {
  Commands commands;
  commands.create("ben", "admin");
  CHECK(commands.revoke("anna") == exit_failure);
  CHECK(commands.error == "there is no valid token named 'anna'\n");
  CHECK(commands.revoke("ben") == exit_ok);
  CHECK(commands.revoke("ben") == exit_failure);
}
