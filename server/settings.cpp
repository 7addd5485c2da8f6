#include "server/settings.h"

#include "common/ini.h"
#include "server/store/store_error.h"
#include "server/store/store_url.h"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>
#include <tuple>
#include <variant>

namespace webmacs {
namespace {

using std::chrono::duration_cast;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kib = 1024;
constexpr std::int64_t mib = 1024 * kib;
constexpr std::int64_t gib = 1024 * mib;

void read_listen(IniSection& server, ServerSettings& settings) {
  const std::string text = server.text("listen", "127.0.0.1:8000");
  const auto colon = text.rfind(':');
  std::string host = colon == std::string::npos ? "" : text.substr(0, colon);
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  int number = -1;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  boost::system::error_code bad_address;
  boost::asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, bad_address);
  if (bad_address || error != std::errc() || end != port.data() + port.size() || number < 0 || number > 65535) {
    server.mistake("listen", "'" + text + "' is not an address and a port (127.0.0.1:8000, 0.0.0.0:8000, [::]:8000)");
    return;
  }
  settings.start.listen_host = host == "localhost" ? "127.0.0.1" : host;
  settings.start.listen_port = number;
}

void read_addresses(IniSection& server, ServerSettings& settings) {
  if (!server.has("trusted_proxies")) return (void)server.list("trusted_proxies");
  settings.live.trusted_proxies = server.list("trusted_proxies");
  for (auto& proxy : settings.live.trusted_proxies) {
    boost::system::error_code bad;
    const auto address = boost::asio::ip::make_address(proxy, bad);
    if (bad) {
      server.mistake("trusted_proxies", "'" + proxy + "' is not an IP address");
    } else {
      proxy = address.to_string();  // one way of writing it: it is compared as text
    }
  }
}

milliseconds read_milliseconds(IniSection& section, std::string_view key, milliseconds fallback, microseconds least,
                               microseconds most) {
  return duration_cast<milliseconds>(section.duration(key, fallback, least, most));
}

void read_server(IniSection& server, ServerSettings& settings) {
  read_listen(server, settings);
  settings.live.websockets.heartbeat_interval = read_milliseconds(
      server, "ws_heartbeat_interval", settings.live.websockets.heartbeat_interval, milliseconds(100), hours(1));
  // Whoever shortens only the interval means a shorter timeout too.
  const auto timeout =
      std::min(settings.live.websockets.heartbeat_timeout, settings.live.websockets.heartbeat_interval * 2 / 5);
  settings.live.websockets.heartbeat_timeout =
      read_milliseconds(server, "ws_heartbeat_timeout", timeout, milliseconds(10), hours(1));
  if (settings.live.websockets.heartbeat_timeout >= settings.live.websockets.heartbeat_interval) {
    server.mistake(server.has("ws_heartbeat_timeout") ? "ws_heartbeat_timeout" : "ws_heartbeat_interval",
                   "the timeout must be shorter than the interval (ws_heartbeat_timeout < ws_heartbeat_interval)");
  }
  settings.start.stream_interval =
      read_milliseconds(server, "stream_interval", settings.start.stream_interval, milliseconds(1), seconds(10));
  settings.live.websockets.allowed_origins = server.list("allowed_origins");
  read_addresses(server, settings);
  settings.live.max_connections = static_cast<std::size_t>(server.integer("max_connections", 10000, 1, 1000000));
  settings.live.max_connections_per_address =
      static_cast<std::size_t>(server.integer("max_connections_per_address", 200, 1, 1000000));
  settings.live.metrics_public = server.boolean("metrics_public", false);
  settings.live.unread_answer_bytes = static_cast<std::size_t>(server.size("unread_answers", 64 * mib, mib, 64 * gib));
  settings.live.websockets.client_queue_bytes =
      static_cast<std::size_t>(server.size("client_queue", mib, 128 * kib, gib));
  settings.start.history_bytes = static_cast<std::size_t>(server.size("history", 64 * mib, mib, 64 * gib));
  settings.start.web_root = server.text("web_root");
}

void read_tls(IniSection& tls, ServerSettings& settings) {
  settings.live.certificate_file = tls.text("certificate_file");
  settings.live.private_key_file = tls.text("private_key_file");
  if (settings.live.certificate_file.empty() != settings.live.private_key_file.empty()) {
    tls.mistake(settings.live.certificate_file.empty() ? "certificate_file" : "private_key_file",
                "is missing (certificate_file and private_key_file are given together)");
  }
}

// Whether the url names a store in PostgreSQL; what names no store is a mistake of the file.
bool reads_postgres_url(IniSection& store, const std::string& url) {
  try {
    return std::holds_alternative<PostgresUrl>(parse_store_url(url));
  } catch (const StoreError& error) {
    store.mistake("url", error.what());
    return false;
  }
}

void read_store(IniSection& store, ServerSettings& settings) {
  settings.start.store_url = store.text("url", settings.start.store_url);
  const bool postgres = reads_postgres_url(store, settings.start.store_url);
  settings.start.store_password_file = store.text("password_file");
  if (!settings.start.store_password_file.empty() && !postgres) {
    store.mistake("password_file", "only PostgreSQL has one");
  }
  // Nobody means less, but "retention = 365" are seconds, and a store that is cut to them is not whole again.
  constexpr auto least_age = hours(1);
  constexpr std::int64_t least_size = 64 * mib;
  settings.live.store_retention = store.duration("retention", seconds(0), seconds(0), hours(24 * 36500));
  if (settings.live.store_retention.count() != 0 && settings.live.store_retention < least_age) {
    store.mistake("retention", "is shorter than an hour: days are written 365d (0, or 1h to 36500d)");
  }
  settings.live.store_grace = store.duration("grace", settings.live.store_grace, seconds(0), hours(24 * 36500));
  settings.live.store_max_size = store.size("max_size", 0, 0, 1024 * 1024 * gib);
  if (settings.live.store_max_size != 0 && settings.live.store_max_size < least_size) {
    store.mistake("max_size", "is too small to be of use (0, or 64MiB and more)");
  }
}

void read_limits(IniSection& limits, ServerSettings& settings) {
  settings.live.reads_per_token = static_cast<std::size_t>(limits.integer("reads_per_token", 4, 1, 1000));
}

}  // namespace

ServerSettings load_server_settings(const std::string& path) {
  const auto file = Ini::load(path);
  ServerSettings settings;
  settings.file = path;
  read_server(file->section("server"), settings);
  read_tls(file->section("tls"), settings);
  read_store(file->section("store"), settings);
  read_limits(file->section("limits"), settings);
  file->finish();
  return settings;
}

std::vector<std::string> keys_that_wait(const StartOnly& running, const StartOnly& read) {
  std::vector<std::string> keys;
  const auto compare = [&keys](const char* key, const auto& one, const auto& other) {
    if (one != other) keys.emplace_back(key);
  };
  compare("[server] listen", std::tie(running.listen_host, running.listen_port),
          std::tie(read.listen_host, read.listen_port));
  compare("[server] stream_interval", running.stream_interval, read.stream_interval);
  compare("[server] history", running.history_bytes, read.history_bytes);
  compare("[server] web_root", running.web_root, read.web_root);
  compare("[store] url", running.store_url, read.store_url);
  compare("[store] password_file", running.store_password_file, read.store_password_file);
  return keys;
}

}  // namespace webmacs
