#include "common/websocket/connection.h"

#include "common/websocket/connection_calls.h"
#include "common/websocket/handshake.h"

namespace webmacs {

Connection::Connection(std::unique_ptr<ByteStream> stream, const ConnectionLimits& limits, DeadlineList& deadlines,
                       std::shared_ptr<ConnectionHandler> handler, bool is_server)
    : limits_(limits),
      deadlines_(deadlines),
      stream_(std::move(stream)),
      handler_(std::move(handler)),
      engine_(is_server ? ProtocolEngine::make_server(limits.max_message_bytes, *this)
                        : ProtocolEngine::make_client(limits.max_message_bytes, *this)),
      is_server_(is_server),
      last_heard_(std::chrono::steady_clock::now()) {}

Connection::~Connection() = default;

std::shared_ptr<Connection> Connection::accept(std::unique_ptr<ByteStream> stream, const std::string& request,
                                               const std::string& subprotocol, const ConnectionLimits& limits,
                                               DeadlineList& deadlines, std::shared_ptr<ConnectionHandler> handler) {
  std::shared_ptr<Connection> connection(
      new Connection(std::move(stream), limits, deadlines, std::move(handler), true));
  connection->start_server(request, subprotocol);
  return connection;
}

std::shared_ptr<Connection> Connection::connect(std::unique_ptr<ByteStream> stream, const ClientRequest& request,
                                                const ConnectionLimits& limits, DeadlineList& deadlines,
                                                std::shared_ptr<ConnectionHandler> handler) {
  std::shared_ptr<Connection> connection(
      new Connection(std::move(stream), limits, deadlines, std::move(handler), false));
  connection->start_client(request);
  return connection;
}

void Connection::start_server(const std::string& request, const std::string& subprotocol) {
  UpgradeAnswer answer = answer_upgrade(request, subprotocol);
  enqueue(std::make_shared<const std::string>(std::move(answer.response)));
  if (answer.accepted) {
    unread_ = request.substr(answer.consumed);
    enter_open();
  } else {
    end_with(close_code::abnormal, "bad WebSocket handshake: " + answer.problem);
    drain();
  }
  later([this] {
    if (state_ == State::open) guarded([](ConnectionHandler& handler) { handler.on_open(); });
    continue_reading();
  });
}

void Connection::start_client(const ClientRequest& request) {
  handshake_ = std::make_unique<ClientHandshake>(request.host, request.target, request.headers);
  phase_due_ = std::chrono::steady_clock::now() + limits_.handshake_timeout;
  enqueue(std::make_shared<const std::string>(handshake_->request()));
  update_deadline();
  read();
}

void Connection::enter_open() {
  state_ = State::open;
  was_open_ = true;
  phase_due_ = TimePoint::max();
  start_heartbeat();
  update_deadline();
}

void Connection::close(std::uint16_t code, const std::string& reason) {
  if (state_ == State::opening) return finish(code, reason);
  if (state_ != State::open) return;
  end_with(code, reason);
  if (write_failed_) return finish(code, reason);
  state_ = State::closing;
  phase_due_ = std::chrono::steady_clock::now() + limits_.close_timeout;
  stop_heartbeat();
  engine_->close(code, reason);
  update_deadline();
  resume_reading();  // the peer's close frame is behind what was not read
}

void Connection::drop(const std::string& why) {
  if (state_ == State::closed) return;
  code_ = close_code::abnormal;
  reason_ = why;
  finish(code_, reason_);
}

void Connection::abandon() {
  handler_.reset();
  finish(close_code::abnormal, "abandoned");
}

// The first to close says how it ended.
void Connection::end_with(std::uint16_t code, const std::string& reason) {
  if (code_ != 0) return;
  code_ = code;
  reason_ = reason;
}

void Connection::drain() {
  if (state_ == State::closed) return;
  state_ = State::draining;
  stop_heartbeat();
  phase_due_ = std::min(phase_due_, std::chrono::steady_clock::now() + limits_.close_timeout);
  if (write_failed_) return finish(code_, reason_);
  if (queue_.empty()) on_queue_empty();
  update_deadline();
  resume_reading();
}

void Connection::finish(std::uint16_t code, const std::string& reason) {
  if (state_ == State::closed) return;
  end_with(code, reason);
  state_ = State::closed;
  stop_heartbeat();
  leave_deadline_list();
  stream_->close();
  if (!writing_) queue_.clear();
  later([this] {
    const auto handler = std::move(handler_);
    handler_.reset();
    if (handler) call_logged([&] { handler->on_closed(code_, reason_); });
  });
  kept_while_paused_.reset();
}

}  // namespace webmacs
