#include "server/settings.h"

#include "common/ini.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <unistd.h>

using namespace webmacs;

namespace {

struct File {
  std::string path = "/tmp/webmacs-settings-" + std::to_string(getpid()) + ".ini";
  explicit File(const std::string& text) { std::ofstream(path) << text; }
  ~File() { std::remove(path.c_str()); }
};

std::vector<std::string> mistakes_of(const std::string& text) {
  const File file(text);
  try {
    load_server_settings(file.path);
  } catch (const ConfigurationError& error) {
    return error.mistakes();
  }
  return {};
}

}  // namespace

TEST_CASE("an empty file means the contract's defaults") {
  const File file("");
  const auto settings = load_server_settings(file.path);
  CHECK(settings.start.listen_host == "127.0.0.1");
  CHECK(settings.start.listen_port == 8000);
  CHECK(settings.live.websockets.heartbeat_interval == std::chrono::seconds(25));
  CHECK(settings.live.websockets.heartbeat_timeout == std::chrono::seconds(10));
  CHECK(settings.live.websockets.client_queue_bytes == 1024 * 1024);
  CHECK(settings.start.store_url == "sqlite:///var/lib/webmacs/server/webmacs.db");
}

TEST_CASE("every mistake of a file is named with its line") {
  const auto mistakes = mistakes_of(
      "[server]\n"
      "listen = here\n"
      "ws_heartbeat_interval = 1s\n"
      "ws_heartbeat_timeout = 5s\n"
      "trusted_proxies = 127.0.0.1, proxy\n"
      "max_conections = 5\n"
      "[tls]\n"
      "certificate_file = /x.pem\n"
      "[store]\n"
      "url = mysql://x\n"
      "retention = 365\n"
      "[sotre]\n");
  REQUIRE(mistakes.size() == 8);
  const std::vector<std::string> expected = {":2: [server] listen",          ":4: [server] ws_heartbeat_timeout",
                                             ":5: [server] trusted_proxies", ":6: [server] max_conections",
                                             ":7: [tls] private_key_file",   ":10: [store] url",
                                             ":11: [store] retention",       ":12: [sotre]"};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(mistakes[i]);
    CHECK(mistakes[i].find(expected[i]) != std::string::npos);
  }
  CHECK(mistakes[3].find("max_connections") != std::string::npos);  // did you mean
}

TEST_CASE("who shortens only the heartbeat interval gets a shorter timeout") {
  const File file("[server]\nws_heartbeat_interval = 1s\n");
  CHECK(load_server_settings(file.path).live.websockets.heartbeat_timeout == std::chrono::milliseconds(400));
}

TEST_CASE("addresses of both families are understood") {
  const File file("[server]\nlisten = [::1]:0\n");
  const auto settings = load_server_settings(file.path);
  CHECK(settings.start.listen_host == "::1");
  CHECK(settings.start.listen_port == 0);
}

TEST_CASE("a store in PostgreSQL may have its password in a file, one in SQLite has none") {
  const File file("[store]\nurl = postgresql://webmacs@db/webmacs\npassword_file = /etc/webmacs/password\n");
  const auto settings = load_server_settings(file.path);
  CHECK(settings.start.store_url == "postgresql://webmacs@db/webmacs");
  CHECK(settings.start.store_password_file == "/etc/webmacs/password");
  CHECK(mistakes_of("[store]\npassword_file = /etc/webmacs/password\n").size() == 1);
  for (const std::string url : {"mysql://db", "sqlite://", "/var/lib/webmacs.db"}) {
    const auto mistakes = mistakes_of("[store]\nurl = " + url + "\n");
    REQUIRE(mistakes.size() == 1);
    CHECK(mistakes[0].find(":2: [store] url: store url ") != std::string::npos);
    CHECK(mistakes[0].find("allowed: sqlite:///absolute/path") != std::string::npos);
  }
}

TEST_CASE("what may not stay for ever is asked for in days and bytes") {
  const File file("[store]\nretention = 365d\nmax_size = 50GiB\n");
  const auto settings = load_server_settings(file.path);
  CHECK(settings.live.store_retention == std::chrono::hours(24 * 365));
  CHECK(settings.live.store_max_size == 50LL * 1024 * 1024 * 1024);
  CHECK(settings.live.store_grace == std::chrono::hours(24 * 30));
  CHECK(load_server_settings(File("[store]\ngrace = 0\n").path).live.store_grace.count() == 0);
  CHECK(load_server_settings(File("[store]\nretention = 0\nmax_size = 0\n").path).live.store_retention.count() == 0);
  const auto mistakes = mistakes_of("[store]\nretention = 365\nmax_size = 50\n");
  REQUIRE(mistakes.size() == 2);
  CHECK(mistakes[0].find("365d") != std::string::npos);
  CHECK(mistakes[1].find("64MiB") != std::string::npos);
}

TEST_CASE("how much one token may ask for at once is set among the limits") {
  CHECK(load_server_settings(File("").path).live.reads_per_token == 4);
  CHECK(load_server_settings(File("[limits]\nreads_per_token = 2\n").path).live.reads_per_token == 2);
  CHECK(mistakes_of("[limits]\nreads_per_token = 0\n").size() == 1);
}

TEST_CASE("each key that needs a restart is named for as long as it waits") {
  const StartOnly running;
  CHECK(keys_that_wait(running, running).empty());
  const auto waits = [&running](auto change) {
    StartOnly read;
    change(read);
    CHECK_FALSE(read == running);
    const auto keys = keys_that_wait(running, read);
    return keys.size() == 1 ? keys[0] : std::to_string(keys.size()) + " keys";
  };
  CHECK(waits([](StartOnly& read) { read.listen_host = "0.0.0.0"; }) == "[server] listen");
  CHECK(waits([](StartOnly& read) { read.listen_port = 1; }) == "[server] listen");
  CHECK(waits([](StartOnly& read) { read.stream_interval = std::chrono::seconds(1); }) == "[server] stream_interval");
  CHECK(waits([](StartOnly& read) { read.history_bytes = 1; }) == "[server] history");
  CHECK(waits([](StartOnly& read) { read.web_root = "/srv"; }) == "[server] web_root");
  CHECK(waits([](StartOnly& read) { read.store_url = "sqlite:///other"; }) == "[store] url");
  CHECK(waits([](StartOnly& read) { read.store_password_file = "/x"; }) == "[store] password_file");
}
