#include "server/net/websocket_entry.h"

#include "common/log.h"
#include "common/timestamp.h"
#include "server/net/credentials.h"
#include "server/net/frontend_session.h"

namespace webmacs {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view telemetry_path = "/ws/controller/telemetry";
constexpr std::string_view stream_path = "/ws/datapoints/stream";
constexpr std::size_t answer_queue_bytes = 1024 * 1024;  // of a controller: acknowledgements

// A WebSocket that may not enter: accepted, told why, closed.
class RefusedSession : public ConnectionHandler, public std::enable_shared_from_this<RefusedSession> {
 public:
  RefusedSession(Denial denial, std::shared_ptr<void> guard) : denial_(denial), guard_(std::move(guard)) {}

  void attach(std::shared_ptr<Connection> connection) {
    connection_ = std::move(connection);
    if (open_) connection_->close(close_code::policy, std::string(to_text(denial_)));
  }
  void on_open() override {
    open_ = true;
    if (connection_) connection_->close(close_code::policy, std::string(to_text(denial_)));
  }
  void on_text(std::string_view) override {}
  void on_closed(std::uint16_t, const std::string&) override { connection_.reset(); }

 private:
  const Denial denial_;
  std::shared_ptr<void> guard_;
  std::shared_ptr<Connection> connection_;
  bool open_ = false;
};

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (const auto item = text.substr(0, comma); !item.empty()) items.emplace_back(item);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return items;
}

Subscription subscription_of(const HttpRequest& request) {
  Subscription subscription;
  subscription.filter = EventFilter(split_list(request.parameter("events")));
  if (request.parameter("format") == "batch") {
    subscription.format = StreamFormat::batch;
    subscription.since = parse_cursor(request.parameter("since"));
  }
  return subscription;
}

HttpResponse upgrade_required() {
  auto response = problem(426, "this path speaks WebSocket, version 13");
  response.headers = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
  return response;
}

}  // namespace

WebSocketEntry::WebSocketEntry(const ServerSettings& settings, const Access& access,
                               ControllerServices controller_services, LiveFeed& feed, DeadlineList& deadlines)
    : settings_(settings),
      access_(access),
      controller_services_(controller_services),
      feed_(feed),
      deadlines_(deadlines) {}

bool WebSocketEntry::is_websocket_path(std::string_view path) {
  return path == telemetry_path || path == stream_path;
}

std::optional<HttpResponse> WebSocketEntry::refusal(const HttpRequest& request) const {
  if (!is_websocket_path(request.path)) return problem(404, "there is nothing at this path");
  const bool upgrade = http::token_list{request.header[http::field::connection]}.exists("upgrade") &&
                       http::token_list{request.header[http::field::upgrade]}.exists("websocket");
  if (!upgrade || request.header.method() != http::verb::get ||
      request.field(http::field::sec_websocket_version) != "13") {
    return upgrade_required();
  }
  if (request.field(http::field::sec_websocket_key).empty()) return problem(400, "Sec-WebSocket-Key is missing");
  if (!origin_allowed(request, settings_.allowed_origins)) {
    log_info("refused a WebSocket from {}: its Origin {} is not this host and not in allowed_origins", request.client,
             request.field(http::field::origin).substr(0, 200));
    return problem(403, "this Origin is not allowed here");
  }
  return std::nullopt;
}

void WebSocketEntry::enter(const HttpRequest& request, std::string raw_request, std::unique_ptr<ByteStream> stream,
                           std::shared_ptr<void> guard) {
  const bool pushes = request.path == telemetry_path;
  const std::string subprotocol = offers_webmacs_subprotocol(request) ? webmacs_subprotocol : "";
  const auto connection_limits = limits(pushes ? answer_queue_bytes : settings_.client_queue_bytes);
  const auto verdict = access_.check(presented_token(request), pushes ? Right::push : Right::read, utc_now());

  if (const auto* denial = std::get_if<Denial>(&verdict)) {
    log_info("refused {} on {}: {}", request.client, request.path, to_text(*denial));
    auto session = std::make_shared<RefusedSession>(*denial, std::move(guard));
    session->attach(Connection::accept(std::move(stream), std::move(raw_request), subprotocol, connection_limits,
                                       deadlines_, session));
    return;
  }
  auto session = make_session(request, std::get<Identity>(verdict), request.client);
  session->keep(std::move(guard));
  session->attach(Connection::accept(std::move(stream), std::move(raw_request), subprotocol, connection_limits,
                                     deadlines_, session));
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
  limits.heartbeat_interval = settings_.ws_heartbeat_interval;
  limits.heartbeat_timeout = settings_.ws_heartbeat_timeout;
  return limits;
}

}  // namespace webmacs
