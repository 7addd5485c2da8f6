#pragma once
// The settings of WebSocket connections (configuration contract, "Server file", [server]).

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace webmacs {

struct WebSocketSettings {
  std::chrono::milliseconds heartbeat_interval{25000};
  std::chrono::milliseconds heartbeat_timeout{10000};  // shorter than the interval
  std::vector<std::string> allowed_origins;            // beside the request's own host
  std::size_t client_queue_bytes = 1024 * 1024;        // of a frontend, bytes in flight included

  bool operator==(const WebSocketSettings&) const = default;
};

}  // namespace webmacs
