#pragma once
// Opens a WebSocket to a ws:// or wss:// URL: name resolution off the network thread, every address tried, TLS,
// handshake, all under one deadline. Network thread only.

#include "common/websocket/connection.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace webmacs {

struct WebSocketUrl {
  bool tls = false;
  std::string host;  // without brackets
  std::string port;
  std::string target;  // path and query, at least "/"
  bool operator==(const WebSocketUrl&) const = default;
};

// ws:// or wss://; empty when the text is no such URL or names a user.
std::optional<WebSocketUrl> parse_websocket_url(std::string_view text);

struct ClientOptions {
  WebSocketUrl url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string ca_file;  // wss: empty for the system's trust store. TLS 1.2 or later; names are always checked.
  std::chrono::milliseconds connect_timeout{10000};
  ConnectionLimits limits;
};

// Calls handler->on_open or, once, on_closed; a failure before the connection exists comes as on_closed(1006, why) with
// a `why` that names the step ("cannot resolve hub.lab: …", "certificate: …", "HTTP 401"). Destroying the attempt
// cancels it without a call.
class ConnectAttempt {
 public:
  virtual ~ConnectAttempt() = default;
  // The connection once the TCP (and TLS) connection stands; null before.
  virtual std::shared_ptr<Connection> connection() const = 0;
  // When the first certificate that the hub showed ends; empty without TLS.
  virtual std::optional<Timestamp> certificate_end() const = 0;
};

std::unique_ptr<ConnectAttempt> connect_websocket(boost::asio::io_context& io, DeadlineList& deadlines,
                                                  const ClientOptions& options,
                                                  std::shared_ptr<ConnectionHandler> handler);

}  // namespace webmacs
