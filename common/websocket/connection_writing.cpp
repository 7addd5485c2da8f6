// From the queue to the socket: one gathered write a turn, and the rest when the socket is ready for it.

#include "common/websocket/connection_calls.h"

namespace webmacs {
namespace {

constexpr std::size_t frames_per_write = 64;

// Filled and used within one call: the operations under way copy it.
std::vector<boost::asio::const_buffer>& scratch_buffers() {
  thread_local std::vector<boost::asio::const_buffer> buffers;
  return buffers;
}

}  // namespace

bool Connection::try_send(std::string_view text) {
  if (!can_queue(engine_->encoded_size(text.size()))) return false;
  std::string frame = engine_->encode_text(text);
  if (frame.empty()) {
    log_error("a text that is not valid UTF-8 was not sent");
    return false;
  }
  enqueue(std::make_shared<const std::string>(std::move(frame)));
  return true;
}

bool Connection::try_send(const SharedFrame& frames) {
  if (!is_server_ || !can_queue(frames->size())) return false;
  enqueue(frames);
  return true;
}

bool Connection::can_queue(std::size_t bytes) const {
  return state_ == State::open && !write_failed_ && bytes <= limits_.queue_bytes &&
         queue_.bytes() <= limits_.queue_bytes - bytes;
}

void Connection::enqueue(SharedFrame frame) {
  if (queue_.empty()) {
    stall_due_ = std::chrono::steady_clock::now() + limits_.stall_timeout;
    update_deadline();
  }
  queue_.push(std::move(frame));
  schedule_flush();
}

// The turn's other frames are queued before it runs.
void Connection::schedule_flush() {
  if (flush_scheduled_ || writing_) return;
  flush_scheduled_ = true;
  later([this] {
    flush_scheduled_ = false;
    flush();
  });
}

void Connection::flush() {
  if (writing_ || state_ == State::closed || queue_.empty()) return;
  auto& buffers = scratch_buffers();
  queue_.gather(buffers, frames_per_write);
  const std::size_t offered = boost::asio::buffer_size(buffers);
  error_code ec;
  const std::size_t taken = stream_->write_now(buffers, ec);
  if (ec) return on_write_failed(ec);
  on_taken(taken);
  if (queue_.empty()) return on_queue_empty();
  if (taken == offered) return schedule_flush();
  write_rest();
}

void Connection::write_rest() {
  auto& buffers = scratch_buffers();
  queue_.gather(buffers, frames_per_write);
  writing_ = true;
  stream_->async_write_some(buffers, [self = shared_from_this()](error_code ec, std::size_t bytes) {
    self->writing_ = false;
    if (self->state_ == State::closed) return self->queue_.clear();
    if (ec) return self->on_write_failed(ec);
    self->on_taken(bytes);
    if (self->queue_.empty()) return self->on_queue_empty();
    self->flush();
  });
}

void Connection::on_taken(std::size_t bytes) {
  if (bytes == 0) return;
  queue_.take(bytes);
  last_taken_ = std::chrono::steady_clock::now();
  stall_due_ = queue_.empty() ? TimePoint::max() : last_taken_ + limits_.stall_timeout;
}

void Connection::on_queue_empty() {
  if (state_ == State::open) return guarded([](ConnectionHandler& handler) { handler.on_sent(); });
  if (state_ != State::draining) return;
  if (stream_ended_) return finish(code_, reason_);
  if (!fin_sent_) stream_->shutdown_send();
  fin_sent_ = true;
}

// What the peer sent before it went, its close frame above all, may still be there to be read.
void Connection::on_write_failed(error_code ec) {
  write_failed_ = true;
  queue_.clear();
  stall_due_ = TimePoint::max();
  const std::string why = "connection lost: " + ec.message();
  if (state_ != State::open) return finish(close_code::abnormal, why);
  reason_ = why;
  stop_heartbeat();
  phase_due_ = std::chrono::steady_clock::now() + limits_.close_timeout;
  update_deadline();
}

}  // namespace webmacs
