#pragma once
// The server file (configuration contract, "Server file"): every key, its default and its range.

#include "server/net/websocket_settings.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace webmacs {

// What the hub takes when it starts: a change waits for the next start.
struct StartOnly {
  std::string listen_host = "127.0.0.1";
  int listen_port = 8000;  // 0: any free port, named in the log
  std::chrono::milliseconds stream_interval{50};
  std::size_t history_bytes = 64 * 1024 * 1024;
  std::string web_root;  // empty: the installed dashboard
  std::string store_url = "sqlite:///var/lib/webmacs/server/webmacs.db";
  std::string store_password_file;  // PostgreSQL; empty: the url has it, or none is needed

  bool operator==(const StartOnly&) const = default;
};

// What a SIGHUP changes: it holds for connections that come later, and for retention.
struct Live {
  WebSocketSettings websockets;
  std::vector<std::string> trusted_proxies{"127.0.0.1", "::1"};
  std::size_t max_connections = 10000;
  std::size_t max_connections_per_address = 200;
  bool metrics_public = false;
  std::size_t unread_answer_bytes = 64 * 1024 * 1024;  // of one token, in memory until they are read
  std::string certificate_file;                        // with private_key_file: TLS in the daemon itself
  std::string private_key_file;
  std::chrono::microseconds store_retention{0};                         // 0: datapoints stay however old they are
  std::chrono::microseconds store_grace = std::chrono::hours(30 * 24);  // for what lost an experiment's cover
  std::size_t reads_per_token = 4;                                      // REST reads of one token at work at once
  std::int64_t store_max_size = 0;                                      // bytes; 0: however many there are

  bool operator==(const Live&) const = default;
};

struct ServerSettings {
  std::string file;  // where it was read
  StartOnly start;
  Live live;
};

// Throws ConfigurationError with every mistake of the file.
ServerSettings load_server_settings(const std::string& path);

// Returns the keys, as the file has them ("[server] history"), in which `read` differs from what runs; empty exactly
// when both are equal.
std::vector<std::string> keys_that_wait(const StartOnly& running, const StartOnly& read);

}  // namespace webmacs
