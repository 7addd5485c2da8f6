#include "agent/uplink.h"

#include <boost/asio/post.hpp>

namespace webmacs {

namespace {

using namespace std::chrono_literals;

constexpr auto stable_after = 5s;  // a connection that lasted this long starts the backoff anew
constexpr std::size_t queue_bytes = 1024 * 1024;
constexpr int http_unauthorized = 401, http_forbidden = 403, http_not_found = 404;
constexpr std::size_t longest_answer = 1024 * 1024;  // an ack may reject every reading of a batch, with reasons

std::string with_ack(std::string target) {
  target += target.find('?') == std::string::npos ? "?ack=1" : "&ack=1";
  return target;
}

// A certificate's fault in the reason of a failed connection.
bool names(const std::string& reason, const char* part) {
  return reason.find(part) != std::string::npos;
}

}  // namespace

bool Uplink::Ending::refused() const {
  return code == close_code::policy || http_status == http_unauthorized || http_status == http_forbidden;
}

// Stands between the connection, which keeps its handler alive, and the uplink, which may be gone by then.
class Uplink::Session : public ConnectionHandler {
 public:
  explicit Session(Uplink& uplink) : uplink_(&uplink) {}
  void detach() { uplink_ = nullptr; }
  void on_open() override {
    if (uplink_ != nullptr) uplink_->on_open();
  }
  void on_text(std::string_view text) override {
    if (uplink_ != nullptr) uplink_->on_text(text);
  }
  void on_sent() override {
    if (uplink_ != nullptr) uplink_->pump();
  }
  void on_closed(std::uint16_t code, const std::string& reason) override {
    if (uplink_ != nullptr) uplink_->on_closed(code, reason);
  }

 private:
  Uplink* uplink_;
};

Uplink::Uplink(boost::asio::io_context& io, HubSettings settings, Outbox& outbox, Hooks hooks, UplinkTiming timing)
    : io_(io),
      settings_(std::move(settings)),
      outbox_(outbox),
      hooks_(std::move(hooks)),
      timing_(timing),
      deadlines_(io),
      backoff_(timing.first_backoff, timing.longest_backoff),
      retry_timer_(io),
      connected_timer_(io),
      pump_timer_(io),
      status_timer_(io) {}

Uplink::~Uplink() {
  *alive_ = false;
  if (session_) session_->detach();
  // An open connection would go on by itself, with nobody to hear of it.
  const std::shared_ptr<Connection> connection = attempt_ ? attempt_->connection() : nullptr;
  attempt_.reset();
  if (connection) connection->abandon();
}

void Uplink::start() {
  connect();
}

void Uplink::connect() {
  if (stopping_) return;
  const TokenLookup found = find_token(settings_);
  if (found.token.empty()) {
    if (last_failure_ != found.problem) {
      log_error("hub: {}; readings are buffered meanwhile", found.problem);
    }
    last_failure_ = found.problem;
    waiting_text_ = "not connected: no token";
    hooks_.state_changed();
    retry_in(timing_.no_token);
    return;
  }
  stage_ = Stage::connecting;
  session_ = std::make_shared<Session>(*this);
  ClientOptions options;
  options.url = settings_.url;
  options.url.target = with_ack(options.url.target);
  options.headers = {{"Authorization", "Bearer " + found.token}, {"User-Agent", "webmacs-agent/" WEBMACS_VERSION}};
  options.ca_file = settings_.ca_file;
  options.connect_timeout = timing_.connect_timeout;
  options.limits.queue_bytes = queue_bytes;
  options.limits.max_message_bytes = longest_answer;
  options.limits.heartbeat_interval = timing_.heartbeat_interval;
  options.limits.heartbeat_timeout = timing_.heartbeat_timeout;
  attempt_ = connect_websocket(io_, deadlines_, options, session_);
}

void Uplink::on_open() {
  stage_ = Stage::opened;
  connection_ = attempt_->connection();
  connected_timer_.expires_after(timing_.connected_timeout);
  connected_timer_.async_wait([this, alive = alive_](const boost::system::error_code& ec) {
    if (ec || !*alive || stage_ != Stage::opened) return;
    connection_->drop("the hub did not say `connected` in time: is this a WebMACS hub's address?");
  });
}

void Uplink::on_text(std::string_view text) {
  std::visit([this](const auto& message) { handle(message); }, decode_hub_message(text));
}

void Uplink::on_closed(std::uint16_t code, const std::string& reason) {
  const std::shared_ptr<Connection> connection = attempt_ ? attempt_->connection() : nullptr;
  const Ending ending{.was_ready = stage_ == Stage::ready,
                      .code = code,
                      .http_status = connection ? connection->http_status() : 0,
                      .reason = reason};
  abandon_attempt();
  if (ending.was_ready) {
    if (Clock::now() - ready_since_ >= stable_after) backoff_.reset();
    outbox_.connection_lost();
  }
  if (stopping_) {
    if (stopped_) stopped_();
    return;
  }
  if (reconnect_at_once_) {
    reconnect_at_once_ = false;
    connect();
    return;
  }
  const auto wait = wait_after(ending);
  log_ending(ending, wait);
  waiting_text_ = "not connected: " + (reason.empty() ? "closed with " + std::to_string(code) : reason);
  hooks_.state_changed();
  retry_in(wait);
}

void Uplink::abandon_attempt() {
  stage_ = Stage::idle;
  connected_timer_.cancel();
  pump_timer_.cancel();
  status_timer_.cancel();
  if (session_) session_->detach();
  session_.reset();
  connection_.reset();
  // This may run inside one of the attempt's own calls.
  if (attempt_) boost::asio::post(io_, [attempt = std::shared_ptr<ConnectAttempt>(std::move(attempt_))] {});
  unanswered_.clear();
  unanswered_readings_ = 0;
  unanswered_backlog_ = 0;
  held_.clear();
  control_frames_.clear();
}

std::chrono::milliseconds Uplink::wait_after(const Ending& ending) {
  if (ending.code == close_code::going_away || ending.code == close_code::service_restart) {
    return random_between(std::chrono::milliseconds(0), timing_.restart_spread);
  }
  if (ending.code == close_code::try_again_later) {
    return random_between(std::chrono::milliseconds(0), timing_.crowded_spread);
  }
  if (ending.refused()) return random_between(timing_.refused_least, timing_.refused_most);
  return backoff_.next_upper_half();
}

void Uplink::log_ending(const Ending& ending, std::chrono::milliseconds wait) {
  const std::string& reason = ending.reason;
  const bool says_where = reason.find(hub_name()) != std::string::npos;
  const bool says_lost = reason.starts_with("connection lost");
  std::string text = "hub" + (says_where ? "" : " " + hub_name()) + ": ";
  if (ending.was_ready && !says_lost) text += "connection lost: ";
  if (ending.code != close_code::abnormal)
    text += "closed with " + std::to_string(ending.code) + (reason.empty() ? "" : " ");
  text += reason;
  if (ending.refused()) {
    text += "; check the token (on the hub: `webmacs-server token list`, `token create`) and put a valid one into " +
            (settings_.token.empty() ? settings_.token_file : "[hub] token") + ", then reload";
  } else if (ending.http_status == http_not_found) {
    text += "; check the path in [hub] url";
  } else if (names(reason, "self-signed certificate") || names(reason, "local issuer certificate")) {
    text += "; if it is the right hub, name its CA in [hub] ca_file";
  }
  const bool news = ending.was_ready || last_failure_ != reason;
  last_failure_ = reason;
  text += "; readings are buffered";
  if (news) {
    log_warning("{}, next try in {:.1f} s", text, std::chrono::duration<double>(wait).count());
  } else {
    same_failure_.write(text);
  }
}

void Uplink::retry_in(std::chrono::milliseconds wait) {
  retry_timer_.expires_after(wait);
  retry_timer_.async_wait([this, alive = alive_](const boost::system::error_code& ec) {
    if (ec || !*alive || stage_ != Stage::idle) return;
    connect();
  });
}

void Uplink::apply(HubSettings settings) {
  settings_ = std::move(settings);
  backoff_.reset();
  retry_timer_.cancel();
  if (stopping_) return;
  if (connection_) {
    reconnect_at_once_ = true;
    connection_->close(close_code::going_away, "configuration changed");
    return;
  }
  abandon_attempt();
  connect();
}

void Uplink::stop(std::function<void()> done) {
  stopping_ = true;
  retry_timer_.cancel();
  if (connection_) {
    stopped_ = std::move(done);
    connection_->close(close_code::going_away, "agent stops");
    return;
  }
  abandon_attempt();
  boost::asio::post(io_, std::move(done));
}

std::string Uplink::hub_name() const {
  return settings_.url.host + ":" + settings_.url.port;
}

std::string Uplink::state() const {
  switch (stage_) {
    case Stage::ready:
      return "connected to " + hub_name() + " as " + controller_;
    case Stage::idle:
      if (!waiting_text_.empty()) return waiting_text_;
      break;
    case Stage::connecting:
    case Stage::opened:
      break;
  }
  return waiting_text_.empty() ? "connecting to " + hub_name() : waiting_text_;
}

}  // namespace webmacs
