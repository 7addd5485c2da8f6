// From the socket to the engine, and what the engine makes of it.

#include "common/websocket/connection_calls.h"
#include "common/websocket/handshake.h"

namespace webmacs {

void Connection::read() {
  if (reading_ || paused_ || stream_ended_ || state_ == State::closed || !unread_.empty()) return;
  reading_ = true;
  stream_->async_read([self = shared_from_this()](error_code ec, std::string_view bytes) { self->on_read(ec, bytes); });
}

void Connection::on_read(error_code ec, std::string_view bytes) {
  reading_ = false;
  if (state_ == State::closed) return;
  if (ec) return on_end_of_stream(ec);
  heard();
  if (paused_) {
    unread_.assign(bytes);
    return;
  }
  consume(bytes);
  read();
}

void Connection::on_end_of_stream(error_code ec) {
  stream_ended_ = true;
  // The peer may close its side before it has read our close frame.
  if (state_ == State::draining && !queue_.empty() && ec == boost::asio::error::eof) return;
  std::string reason = "the peer closed the connection without a close frame";
  if (handshake_) reason = "the server closed the connection instead of answering the handshake";
  if (ec != boost::asio::error::eof) reason = "connection lost: " + ec.message();
  if (write_failed_) reason = reason_;
  finish(close_code::abnormal, reason);
}

void Connection::consume(std::string_view bytes) {
  consuming_ = true;
  const bool consumed = call_logged([&] {
    if (handshake_ && !finish_handshake(bytes)) return;
    const std::size_t used = engine_->feed(bytes);
    unread_.assign(bytes.substr(used));
  });
  consuming_ = false;
  if (!consumed) drop("internal error");
}

// False while the engine has nothing to do.
bool Connection::finish_handshake(std::string_view& bytes) {
  const auto progress = handshake_->feed(bytes);
  http_status_ = static_cast<std::uint16_t>(handshake_->http_status());
  if (progress == ClientHandshake::Progress::failed) {
    finish(close_code::abnormal, handshake_->problem());
  } else if (progress == ClientHandshake::Progress::open) {
    handshake_.reset();
    enter_open();
    guarded([](ConnectionHandler& handler) { handler.on_open(); });
  }
  return progress == ClientHandshake::Progress::open;
}

void Connection::pause_reading() {
  if (paused_ || state_ != State::open) return;
  paused_ = true;
  kept_while_paused_ = shared_from_this();
  stop_heartbeat();
}

void Connection::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (state_ == State::open) start_heartbeat();
  update_deadline();
  later([this] { continue_reading(); });
  kept_while_paused_.reset();
}

void Connection::continue_reading() {
  if (paused_ || consuming_ || state_ == State::closed) return;
  if (!unread_.empty()) {
    const std::string bytes = std::move(unread_);
    unread_ = std::string();
    consume(bytes);
  }
  read();
}

bool Connection::on_engine_text(std::string_view text) {
  if (state_ == State::open) guarded([&](ConnectionHandler& handler) { handler.on_text(text); });
  return !paused_;
}

void Connection::on_engine_binary() {
  close(close_code::unsupported, "binary frames are not accepted");
}

void Connection::on_engine_reply(Reply kind, std::string frame) {
  if (state_ == State::closed || write_failed_) return;
  if (kind == Reply::pong && !can_queue(frame.size())) return;
  enqueue(std::make_shared<const std::string>(std::move(frame)));
}

void Connection::on_engine_closed(std::uint16_t code, const std::string& reason) {
  end_with(code, reason);
  drain();
}

}  // namespace webmacs
