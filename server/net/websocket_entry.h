#pragma once
// The door of /ws/…: path, version, origin and token are looked at here; what may enter becomes a session, what may not
// is answered over HTTP before the upgrade, or closed with 1008 right after it (contract, "Authentication").
// Network thread only.

#include "common/log.h"
#include "common/websocket/connection.h"
#include "server/access/login.h"
#include "server/http/connection_places.h"
#include "server/http/http_service.h"
#include "server/net/controller_session.h"
#include "server/net/refused_session.h"
#include "server/net/websocket_settings.h"
#include "server/stream/live_feed.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace webmacs {

class WebSocketEntry {
 public:
  // All of it outlives the entry.
  WebSocketEntry(const WebSocketSettings& settings, ControllerServices controller_services, LiveFeed& feed,
                 DeadlineList& deadlines);

  // A request to /ws/…: refused over HTTP with 403, 404 or 426, or taken over.
  std::unique_ptr<HttpUpgrade> begin(HttpRequest request, Login login);

  // Those that wait to hear why they may not enter hear it now.
  void close_refused() { refused_.close_all(); }

 private:
  class Upgrade;
  std::optional<HttpResponse> refusal(const HttpRequest& request);
  void enter(const HttpRequest& request, Login& login, const std::string& raw_request,
             std::unique_ptr<ByteStream> stream, std::shared_ptr<ConnectionPlace> place);
  ConnectionLimits limits(std::size_t queue_bytes) const;
  std::shared_ptr<Session> make_session(const HttpRequest& request, const Identity& identity) const;
  std::shared_ptr<RefusedSession> refused(const HttpRequest& request, const LoginRefusal& refusal,
                                          std::shared_ptr<ConnectionPlace> place);

  const WebSocketSettings& settings_;
  ControllerServices controller_services_;
  LiveFeed& feed_;
  DeadlineList& deadlines_;
  RefusedSessions refused_;
  // A storm of one kind is a line a second.
  std::map<Denial, RepeatedLog> refused_logs_;
  RepeatedLog origin_log_{LogLevel::info, std::chrono::seconds(1)};
};

}  // namespace webmacs
