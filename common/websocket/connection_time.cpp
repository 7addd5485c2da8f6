// What must happen by when. A connection has one entry in the DeadlineList, for what is next.

#include "common/websocket/connection.h"

#include <algorithm>

namespace webmacs {

void Connection::heard() {
  last_heard_ = std::chrono::steady_clock::now();
  pong_due_ = TimePoint::max();
}

void Connection::start_heartbeat() {
  if (limits_.heartbeat_interval.count() == 0) return;
  ping_due_ = std::chrono::steady_clock::now() + limits_.heartbeat_interval;
}

void Connection::stop_heartbeat() {
  ping_due_ = pong_due_ = TimePoint::max();
}

void Connection::beat(TimePoint now) {
  if (pong_due_ <= now && !shows_life(now)) return finish(close_code::abnormal, "heartbeat timeout");
  if (ping_due_ > now) return;
  ping_due_ = now + limits_.heartbeat_interval;
  auto ping = std::make_shared<const std::string>(engine_->encode_ping());
  // A full queue is the stall's business: who cannot be asked need not answer.
  if (!can_queue(ping->size())) return;
  enqueue(std::move(ping));
  // The first ping that is not answered counts; later ones do not extend the wait.
  if (pong_due_ != TimePoint::max()) return;
  pong_due_ = now + limits_.heartbeat_timeout;
  pinged_at_ = now;
}

// Whether a peer whose answer is overdue is alive all the same.
bool Connection::shows_life(TimePoint now) {
  error_code ec;
  if (stream_->socket().available(ec) > 0 && !ec) {  // it answered: the loop was late, not the peer
    pong_due_ = TimePoint::max();
    return true;
  }
  // The ping waits behind data that the peer takes.
  const bool takes_data = !queue_.empty() && last_taken_ > pinged_at_;
  if (takes_data) pong_due_ = last_taken_ + limits_.heartbeat_timeout;
  return pong_due_ > now;
}

void Connection::on_deadline(TimePoint now) {
  const auto self = shared_from_this();
  armed_for_ = TimePoint::max();
  if (state_ == State::closed) return;
  if (phase_due_ <= now) {
    // An open one has a phase only after a write has failed.
    return finish(close_code::abnormal, state_ == State::opening ? "handshake timeout" : std::string(reason_));
  }
  if (stall_due_ <= now) return finish(close_code::abnormal, "the peer takes no data");
  beat(now);
  update_deadline();
}

// An entry that turns out too early costs one wake-up; moving it with every write would cost more.
void Connection::update_deadline() {
  if (state_ == State::closed) return;
  const TimePoint due = std::min({phase_due_, ping_due_, pong_due_, stall_due_});
  if (due >= armed_for_) return;
  armed_for_ = due;
  deadlines_.set(*this, due);
}

}  // namespace webmacs
