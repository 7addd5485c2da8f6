#include "server/net/websocket_entry.h"

#include "common/log.h"
#include "common/timestamp.h"
#include "server/access/credentials.h"
#include "server/net/frontend_session.h"
#include "server/net/refused_session.h"
#include "server/net/stream_query.h"
#include "server/net/upgrade_request.h"

namespace webmacs {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view telemetry_path = "/ws/controller/telemetry";
constexpr std::string_view stream_path = "/ws/datapoints/stream";
constexpr std::size_t answer_queue_bytes = 1024 * 1024;  // of a controller: acknowledgements

}  // namespace

WebSocketEntry::WebSocketEntry(const WebSocketSettings& settings, const Access& access, FailedLogins& failed_logins,
                               ControllerServices controller_services, LiveFeed& feed, DeadlineList& deadlines)
    : settings_(settings),
      access_(access),
      failed_logins_(failed_logins),
      controller_services_(controller_services),
      feed_(feed),
      deadlines_(deadlines),
      refused_(controller_services.sessions.close_codes()) {}

bool WebSocketEntry::is_websocket_path(std::string_view path) {
  return path == telemetry_path || path == stream_path;
}

std::optional<HttpResponse> WebSocketEntry::refusal(const HttpRequest& request) {
  if (!is_websocket_path(request.path)) return problem(404, "there is nothing at this path");
  if (auto refused_upgrade = refuse_upgrade(request)) return refused_upgrade;
  if (!origin_allowed(request, settings_.allowed_origins)) {
    origin_log_.write(
        fmt::format("refused a WebSocket from {}: its Origin {} is not this host and not in allowed_origins",
                    request.client, request.field(http::field::origin).substr(0, 200)));
    return problem(403, "this Origin is not allowed here");
  }
  return std::nullopt;
}

void WebSocketEntry::enter(const HttpRequest& request, std::string raw_request, std::unique_ptr<ByteStream> stream,
                           std::shared_ptr<ConnectionPlace> place) {
  const bool pushes = request.path == telemetry_path;
  const std::string subprotocol = offers_webmacs_subprotocol(request) ? webmacs_subprotocol : "";
  const auto connection_limits = limits(pushes ? answer_queue_bytes : settings_.client_queue_bytes);
  const auto verdict = access_.check(presented_token(request), pushes ? Right::push : Right::read, utc_now());

  if (const auto* denial = std::get_if<Denial>(&verdict)) {
    auto session = refused(request, *denial, std::move(place));
    session->attach(Connection::accept(std::move(stream), std::move(raw_request), subprotocol, connection_limits,
                                       deadlines_, session));
    return;
  }
  auto session = make_session(request, std::get<Identity>(verdict), request.client);
  session->keep(std::move(place));
  session->attach(Connection::accept(std::move(stream), std::move(raw_request), subprotocol, connection_limits,
                                     deadlines_, session));
}

std::shared_ptr<RefusedSession> WebSocketEntry::refused(const HttpRequest& request, Denial denial,
                                                        std::shared_ptr<ConnectionPlace> place) {
  refused_logs_.try_emplace(denial, LogLevel::info, std::chrono::seconds(1))
      .first->second.write(fmt::format("refused {} on {}: {}", request.client, request.path, to_text(denial)));
  const bool failed_login = denial == Denial::invalid || denial == Denial::revoked;
  const auto wait = failed_login ? failed_logins_.failed(request.client, std::chrono::steady_clock::now())
                                 : std::chrono::milliseconds(0);
  return std::make_shared<RefusedSession>(refused_, deadlines_, denial, wait, std::move(place));
}

std::shared_ptr<Session> WebSocketEntry::make_session(const HttpRequest& request, const Identity& identity,
                                                      std::string peer) const {
  if (request.path == telemetry_path) {
    return std::make_shared<ControllerSession>(controller_services_, identity, request.parameter("ack") == "1",
                                               std::move(peer));
  }
  return std::make_shared<FrontendSession>(feed_, controller_services_.sessions, identity, subscription_of(request),
                                           settings_.client_queue_bytes, std::move(peer));
}

ConnectionLimits WebSocketEntry::limits(std::size_t queue_bytes) const {
  ConnectionLimits limits;
  limits.queue_bytes = queue_bytes;
  limits.max_message_bytes = max_frame_bytes;
  limits.heartbeat_interval = settings_.heartbeat_interval;
  limits.heartbeat_timeout = settings_.heartbeat_timeout;
  return limits;
}

}  // namespace webmacs
