#include "server/net/websocket_entry.h"

#include "common/log.h"
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

// One request to /ws/….
class WebSocketEntry::Upgrade final : public HttpUpgrade {
 public:
  Upgrade(WebSocketEntry& entry, HttpRequest request, Login login)
      : entry_(entry), request_(std::move(request)), login_(std::move(login)) {}

  std::optional<HttpResponse> refusal() override { return entry_.refusal(request_); }
  void take_over(std::string raw_request, std::unique_ptr<ByteStream> stream,
                 std::shared_ptr<ConnectionPlace> place) override {
    entry_.enter(request_, login_, raw_request, std::move(stream), std::move(place));
  }

 private:
  WebSocketEntry& entry_;
  const HttpRequest request_;
  Login login_;
};

WebSocketEntry::WebSocketEntry(const WebSocketSettings& settings, ControllerServices controller_services,
                               LiveFeed& feed, DeadlineList& deadlines)
    : settings_(settings),
      controller_services_(controller_services),
      feed_(feed),
      deadlines_(deadlines),
      refused_(controller_services.sessions.close_codes()) {}

std::unique_ptr<HttpUpgrade> WebSocketEntry::begin(HttpRequest request, Login login) {
  return std::make_unique<Upgrade>(*this, std::move(request), std::move(login));
}

std::optional<HttpResponse> WebSocketEntry::refusal(const HttpRequest& request) {
  if (request.path != telemetry_path && request.path != stream_path)
    return problem(404, "there is nothing at this path");
  if (auto refused_upgrade = refuse_upgrade(request)) return refused_upgrade;
  if (!origin_allowed(request, settings_.allowed_origins)) {
    origin_log_.write(
        fmt::format("refused a WebSocket from {}: its Origin {} is not this host and not in allowed_origins",
                    request.client, request.field(http::field::origin).substr(0, 200)));
    return problem(403, "this Origin is not allowed here");
  }
  return std::nullopt;
}

void WebSocketEntry::enter(const HttpRequest& request, Login& login, const std::string& raw_request,
                           std::unique_ptr<ByteStream> stream, std::shared_ptr<ConnectionPlace> place) {
  const bool pushes = request.path == telemetry_path;
  const std::string subprotocol = offers_webmacs_subprotocol(request) ? webmacs_subprotocol : "";
  const auto connection_limits = limits(pushes ? answer_queue_bytes : settings_.client_queue_bytes);
  const auto verdict = login.enter(pushes ? Right::push : Right::read);

  if (const auto* refusal = std::get_if<LoginRefusal>(&verdict)) {
    auto session = refused(request, *refusal, std::move(place));
    session->attach(
        Connection::accept(std::move(stream), raw_request, subprotocol, connection_limits, deadlines_, session));
    return;
  }
  auto session = make_session(request, std::get<Identity>(verdict));
  session->keep(std::move(place));
  session->attach(
      Connection::accept(std::move(stream), raw_request, subprotocol, connection_limits, deadlines_, session));
}

std::shared_ptr<RefusedSession> WebSocketEntry::refused(const HttpRequest& request, const LoginRefusal& refusal,
                                                        std::shared_ptr<ConnectionPlace> place) {
  refused_logs_.try_emplace(refusal.denial, LogLevel::info, std::chrono::seconds(1))
      .first->second.write(fmt::format("refused {} on {}: {}", request.client, request.path, to_text(refusal.denial)));
  return std::make_shared<RefusedSession>(refused_, deadlines_, refusal.denial, refusal.wait, std::move(place));
}

std::shared_ptr<Session> WebSocketEntry::make_session(const HttpRequest& request, const Identity& identity) const {
  if (request.path == telemetry_path) {
    return std::make_shared<ControllerSession>(controller_services_, identity, request.parameter("ack") == "1",
                                               request.client);
  }
  return std::make_shared<FrontendSession>(feed_, controller_services_.sessions, identity, subscription_of(request),
                                           settings_.client_queue_bytes, request.client);
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
