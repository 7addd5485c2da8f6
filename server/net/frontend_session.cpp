#include "server/net/frontend_session.h"

#include "common/log.h"
#include "common/messages.h"

#include <algorithm>

namespace webmacs {
namespace {

// Of what was missed, at a time: hundreds may come back at once, and this much is kept for each.
constexpr std::size_t replay_part_bytes = 128 * 1024;

}  // namespace

FrontendSession::FrontendSession(LiveFeed& feed, SessionSet& sessions, Identity identity, Subscription subscription,
                                 std::size_t queue_bytes, std::string peer)
    : Session(std::move(identity)),
      feed_(feed),
      sessions_(sessions),
      subscription_(std::move(subscription)),
      queue_bytes_(queue_bytes),
      peer_(std::move(peer)) {}

void FrontendSession::attach(std::shared_ptr<Connection> connection) {
  connection_ = std::move(connection);
  sessions_.add(shared_from_this());
  if (open_) start();
}

void FrontendSession::on_open() {
  open_ = true;
  if (connection_) start();
}

void FrontendSession::start() {
  if (subscribed_) return;
  subscribed_ = true;
  log_debug("frontend {} connected from {}", identity().name, peer_);
  if (subscription_.format == StreamFormat::batch && !connection_->try_send(feed_.welcome(subscription_))) {
    connection_->close(close_code::try_again_later, "The latest values exceed client_queue");
  }
  delivered_ = feed_.position();
  feed_.subscribe(subscription_, shared_from_this());
  if (!feed_.recovers(subscription_)) return;
  delivered_.number = subscription_.since->number;
  replay();
}

// A part of it whenever the queue is empty: however much was missed, it costs no more memory.
void FrontendSession::replay() {
  stage_ = Stage::replaying;
  const auto missed = feed_.replay(subscription_, delivered_, std::min(queue_bytes_ / 2, replay_part_bytes));
  if (!missed) return catch_up();  // it reads more slowly than the ring moves on
  delivered_ = missed->reached;
  if (delivered_.number == feed_.position().number) stage_ = Stage::live;
  if (!missed->frames->empty() && !connection_->try_send(missed->frames)) {
    connection_->close(close_code::try_again_later, "What was missed exceeds client_queue");
  }
}

void FrontendSession::on_closed(std::uint16_t code, const std::string& reason) {
  connection_.reset();
  if (subscribed_) {
    log_debug("frontend {} at {} disconnected: {} {}", identity().name, peer_, code, reason);
    feed_.unsubscribe(subscription_, shared_from_this());
  }
  sessions_.remove(shared_from_this(), code);
}

void FrontendSession::deliver(const SharedFrame& frames) {
  if (!connection_ || stage_ != Stage::live) return;
  if (connection_->try_send(frames)) {
    ++feed_.counters().deliveries;
    feed_.counters().delivered_bytes += frames->size();
    delivered_ = feed_.position();
    return;
  }
  stage_ = Stage::behind;
  if (subscription_.format == StreamFormat::batch) {
    log_debug("frontend {} at {} is behind; it gets the latest values when it reads again", identity().name, peer_);
    // A burst that is larger than the whole queue: nothing is under way that on_sent could come of.
    if (connection_->queued_bytes() == 0) catch_up();
    return;
  }
  ++feed_.counters().too_slow;
  sessions_.log_too_slow(
      fmt::format("frontend {} at {} is too slow for the stream; it is closed with 1013", identity().name, peer_));
  connection_->close(close_code::try_again_later, "Too slow");
}

void FrontendSession::on_sent() {
  if (!connection_ || subscription_.format == StreamFormat::single) return;
  if (stage_ == Stage::replaying) return replay();
  if (stage_ == Stage::behind) catch_up();
}

void FrontendSession::catch_up() {
  const auto frames = feed_.catch_up(subscription_, delivered_);
  if (!connection_->try_send(frames)) {
    connection_->close(close_code::try_again_later, "The latest values exceed client_queue");
    return;
  }
  stage_ = Stage::live;
  delivered_ = feed_.position();
}

void FrontendSession::on_text(std::string_view text) {
  const auto frame = decode_controller_frame(text);  // a ping is the same in both directions
  if (std::holds_alternative<PingFrame>(frame)) {
    answer(encode(PongMessage{}));
  } else {
    answer(encode(ErrorMessage{std::nullopt, "a frontend may only send {\"type\":\"ping\"}"}));
  }
}

void FrontendSession::answer(const std::string& text) {
  // A client that sends but does not read its answers is behind like any other; a lost pong tells it so.
  if (connection_ && !connection_->try_send(text)) log_debug("frontend {} at {} does not read", identity().name, peer_);
}

void FrontendSession::stop_reading() {}

void FrontendSession::drop() {
  if (connection_) connection_->drop("the hub is stopping");
}

std::size_t FrontendSession::queued_bytes() const {
  return connection_ ? connection_->queued_bytes() : 0;
}

void FrontendSession::close(std::uint16_t code, const std::string& reason) {
  if (connection_) connection_->close(code, reason);
}

}  // namespace webmacs
