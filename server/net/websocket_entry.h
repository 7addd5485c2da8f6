#pragma once
// The door of /ws/…: path, version, origin and token are looked at here; what may enter becomes a session, what may not
// is answered over HTTP before the upgrade, or closed with 1008 right after it (contract, "Authentication").
// Network thread only.

#include "common/websocket/connection.h"
#include "server/api/access.h"
#include "server/net/controller_session.h"
#include "server/net/http_message.h"
#include "server/settings.h"
#include "server/stream/live_feed.h"

#include <memory>
#include <optional>
#include <string>

namespace webmacs {

class WebSocketEntry {
 public:
  WebSocketEntry(const ServerSettings& settings, const Access& access, ControllerServices controller_services,
                 LiveFeed& feed, DeadlineList& deadlines);

  static bool is_websocket_path(std::string_view path);

  // The answer when there will be no upgrade: 403, 426 or 404.
  std::optional<HttpResponse> refusal(const HttpRequest& request) const;

  // Only without a refusal. `raw_request`: all bytes that were read, the header first. `guard` is kept until the
  // connection is closed.
  void enter(const HttpRequest& request, std::string raw_request, std::unique_ptr<ByteStream> stream,
             std::shared_ptr<void> guard);

 private:
  ConnectionLimits limits(std::size_t queue_bytes) const;
  std::shared_ptr<Session> make_session(const HttpRequest& request, const Identity& identity, std::string peer) const;

  const ServerSettings& settings_;
  const Access& access_;
  ControllerServices controller_services_;
  LiveFeed& feed_;
  DeadlineList& deadlines_;
};

}  // namespace webmacs
