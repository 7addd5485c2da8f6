#include "hardware/simulator/session.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace webmacs {

using boost::system::error_code;
using std::chrono::microseconds;
using State = RequestFrame::State;

namespace {

constexpr std::size_t most_received = 4096;  // of requests that are not whole

}  // namespace

Session::Session(boost::asio::posix::stream_descriptor stream, SimulatedLine& line, SessionContext& context,
                 std::shared_ptr<void> socket)
    : stream_(std::move(stream)),
      reply_timer_(stream_.get_executor()),
      silence_timer_(stream_.get_executor()),
      line_(line),
      context_(context),
      socket_(std::move(socket)) {}

void Session::start() {
  line_.newest = weak_from_this();
  receive();
}

void Session::receive() {
  stream_.async_read_some(
      boost::asio::buffer(arriving_), [self = shared_from_this()](error_code error, std::size_t size) {
        if (error) {
          self->end();
          return;
        }
        self->silence_timer_.cancel();
        auto& received = self->received_;
        received.insert(received.end(), self->arriving_.begin(), self->arriving_.begin() + static_cast<long>(size));
        if (!self->take_requests(false)) {
          self->end();
          return;
        }
        if (received.size() > most_received) received.clear();  // no frame is as long
        if (self->line_.rtu_frames && !received.empty()) self->await_silence();
        self->receive();
      });
}

// False when what follows cannot be told apart.
bool Session::take_requests(bool silence_follows) {
  while (!received_.empty()) {
    const RequestFrame frame = line_.rtu_frames ? rtu_request_frame(received_.data(), received_.size(), silence_follows)
                                                : tcp_request_frame(received_.data(), received_.size());
    if (frame.state == State::incomplete) return true;
    if (frame.state == State::broken) {
      received_.clear();
      return line_.rtu_frames;
    }
    take(frame);
    received_.erase(received_.begin(), received_.begin() + static_cast<long>(frame.size));
  }
  return true;
}

void Session::take(const RequestFrame& frame) {
  const bool warm = Clock::now() - made_ >= line_.quirks.warmup;
  if (!warm && !line_.serial) return;
  const std::uint8_t* bytes = received_.data();
  Request request;
  request.frame.assign(bytes, bytes + frame.size);
  request.unit = frame.unit;
  request.pdu.assign(bytes + frame.pdu, bytes + frame.pdu + frame.pdu_size);
  // What waits on the line's wire outlives its client; what waits here ends with it.
  auto keep = line_.one_wire ? shared_from_this() : nullptr;
  bus().take([this, keep = std::move(keep), request = std::move(request)] { answer(request); });
}

void Session::await_silence() {
  silence_timer_.expires_after(line_.frame_silence);
  silence_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->take_requests(true);
  });
}

void Session::answer(const Request& request) {
  reply_ = reply_to(request, line_, context_);
  if (reply_.disconnects && !line_.serial) end();
  if (!line_.quirks.echo) {
    send_after(reply_.delay);
    return;
  }
  echo_ = request.frame;
  write(echo_, 0, echo_.size(), [self = shared_from_this()] { self->send_after(self->reply_.delay); });
}

void Session::send_after(microseconds delay) {
  if (delay.count() == 0) {
    send(0);
    return;
  }
  reply_timer_.expires_after(delay);
  reply_timer_.async_wait([self = shared_from_this()](error_code) { self->send(0); });
}

void Session::send(std::size_t sent) {
  const std::size_t left = reply_.bytes.size() - sent;
  if (left == 0) {
    bus().release();
    return;
  }
  const std::size_t size = reply_.step.count() > 0 ? 1 : left;
  write(reply_.bytes, sent, size, [self = shared_from_this(), end = sent + size] {
    if (self->reply_.step.count() == 0) {
      self->send(end);
      return;
    }
    self->reply_timer_.expires_after(self->reply_.step);
    self->reply_timer_.async_wait([self, end](error_code) { self->send(end); });
  });
}

// A serial server sends what comes from its wire to whoever connected last.
template <typename Then>
void Session::write(const std::vector<std::uint8_t>& bytes, std::size_t first, std::size_t size, Then then) {
  const auto newest = line_.rtu_frames ? line_.newest.lock() : nullptr;
  const auto receiver = newest ? newest : shared_from_this();
  boost::asio::async_write(receiver->stream_, boost::asio::buffer(bytes.data() + first, size),
                           [receiver, then = std::move(then)](error_code, std::size_t) { then(); });
}

void Session::end() {
  error_code ignored;
  stream_.close(ignored);
  silence_timer_.cancel();
  socket_.reset();
}

}  // namespace webmacs
