#pragma once
// The door of /ws/…: path, version, origin and token are looked at here; what may enter becomes a session, what may not
// is answered over HTTP before the upgrade, or closed with 1008 right after it (contract, "Authentication").
// Network thread only.

#include "common/log.h"
#include "common/websocket/connection.h"
#include "server/access/access.h"
#include "server/access/failed_logins.h"
#include "server/http/connection_places.h"
#include "server/net/controller_session.h"
#include "server/http/http_message.h"
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
  WebSocketEntry(const WebSocketSettings& settings, const Access& access, FailedLogins& failed_logins,
                 ControllerServices controller_services, LiveFeed& feed, DeadlineList& deadlines);

  static bool is_websocket_path(std::string_view path);

  // The answer when there will be no upgrade: 403, 426 or 404.
  std::optional<HttpResponse> refusal(const HttpRequest& request);

  // Only without a refusal. `raw_request`: all bytes that were read, the header first. `place` is kept until the
  // connection is closed.
  void enter(const HttpRequest& request, std::string raw_request, std::unique_ptr<ByteStream> stream,
             std::shared_ptr<ConnectionPlace> place);

  // Those that wait to hear why they may not enter hear it now.
  void close_refused() { refused_.close_all(); }

 private:
  ConnectionLimits limits(std::size_t queue_bytes) const;
  std::shared_ptr<Session> make_session(const HttpRequest& request, const Identity& identity, std::string peer) const;

  std::shared_ptr<RefusedSession> refused(const HttpRequest& request, Denial denial,
                                          std::shared_ptr<ConnectionPlace> place);

  const WebSocketSettings& settings_;
  const Access& access_;
  FailedLogins& failed_logins_;
  ControllerServices controller_services_;
  LiveFeed& feed_;
  DeadlineList& deadlines_;
  RefusedSessions refused_;
  // A storm of one kind is a line a second.
  std::map<Denial, RepeatedLog> refused_logs_;
  RepeatedLog origin_log_{LogLevel::info, std::chrono::seconds(1)};
};

}  // namespace webmacs
