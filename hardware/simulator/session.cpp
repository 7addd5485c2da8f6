#include "hardware/simulator/session.h"

#include "common/log.h"
#include "common/timestamp.h"
#include "hardware/modbus_frame.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cstring>
#include <system_error>

namespace webmacs {
namespace {

using boost::system::error_code;
using std::chrono::microseconds;

constexpr std::size_t tcp_header = 6;
constexpr std::uint8_t busy = 6;
constexpr std::uint8_t illegal_address = 2;
constexpr std::uint8_t no_answer = 11;  // gateway target device failed to respond

std::size_t rtu_request_size(const std::uint8_t* bytes, std::size_t size) {
  const bool counted = size >= 2 && (bytes[1] == 15 || bytes[1] == 16);
  if (!counted) return 8;
  return size < 7 ? 0 : 9 + std::size_t{bytes[6]};
}

}  // namespace

Session::Session(boost::asio::posix::stream_descriptor stream, SimulatedLine& line, SessionContext& context)
    : stream_(std::move(stream)), timer_(stream_.get_executor()), line_(line), context_(context) {}

void Session::receive() {
  const auto room = boost::asio::buffer(received_.data() + received_size_, received_.size() - received_size_);
  stream_.async_read_some(room, [self = shared_from_this()](error_code error, std::size_t size) {
    if (error) return;
    self->received_size_ += size;
    self->handle_buffered();
  });
}

void Session::handle_buffered() {
  const Frame frame = next_frame();
  if (frame.broken && !line_.serial) return;  // what follows cannot be told apart: nobody holds us, the socket closes
  if (frame.broken) received_size_ = 0;
  if (frame.broken || frame.size == 0) {
    receive();
    return;
  }
  ++context_.requests;
  answer(frame);
}

Session::Frame Session::next_frame() const {
  Frame frame;
  const std::uint8_t* bytes = received_.data();
  if (line_.rtu_frames) {
    const std::size_t size = rtu_request_size(bytes, received_size_);
    if (size == 0 || received_size_ < size) return frame;
    frame = {size, bytes + 1, size - 3, bytes[0], false};
    frame.broken = rtu_crc(bytes, size - 2) != (bytes[size - 2] | bytes[size - 1] << 8);
    return frame;
  }
  if (received_size_ < tcp_header) return frame;
  const int protocol = bytes[2] << 8 | bytes[3];
  const std::size_t length = static_cast<std::size_t>(bytes[4] << 8 | bytes[5]);
  frame.broken = protocol != 0 || length < 2 || length > longest_tcp_frame - tcp_header;
  if (frame.broken || received_size_ < tcp_header + length) return frame;
  return {tcp_header + length, bytes + tcp_header + 1, length - 1, bytes[tcp_header], false};
}

void Session::answer(const Frame& frame) {
  const auto member = line_.members.find(frame.unit);
  const auto fault = context_.dice.roll();
  const double seconds = static_cast<double>(to_microseconds(utc_now())) / 1e6;
  const std::uint8_t function = frame.pdu[0];
  Pdu reply;
  microseconds timeout = std::chrono::seconds(1);
  const bool present = member != line_.members.end() && !member->second.off;
  if (!present) {
    reply = exception_pdu(function, no_answer);
  } else if (fault == Fault::exception2 || fault == Fault::busy) {
    reply = exception_pdu(function, fault == Fault::busy ? busy : illegal_address);
  } else if (touches_hole(frame)) {
    reply = exception_pdu(function, illegal_address);
  } else {
    timeout = member->second.timeout;
    reply = member->second.unit.answer(frame.pdu, frame.pdu_size, seconds, fault.has_value());
    if (!fault) note(member->second.unit.served());
  }
  pack(frame, reply);
  std::memmove(received_.data(), received_.data() + frame.size, received_size_ - frame.size);
  received_size_ -= frame.size;

  // A unit without power is silent; of one that never was, a gateway knows.
  if (!present && (line_.serial || member != line_.members.end())) {
    handle_buffered();
    return;
  }
  if (!fault) {
    send();
    return;
  }
  ++context_.faults;
  switch (*fault) {
    case Fault::late:
      send_after(timeout * 3 / 2);
      return;
    case Fault::drop:
      handle_buffered();
      return;
    case Fault::disconnect:
      if (line_.serial) handle_buffered();
      return;
    case Fault::dribble:
      dribble(0, timeout * 3 / static_cast<long>(reply_.size()));
      return;
    case Fault::exception2:
    case Fault::busy:
    case Fault::holes:
      send();
      return;
    case Fault::truncate:
    case Fault::extra:
    case Fault::wrong_transaction:
    case Fault::wrong_unit:
    case Fault::wrong_function:
      corrupt(*fault);
      send();
      return;
  }
}

bool Session::touches_hole(const Frame& frame) const {
  const std::uint8_t* pdu = frame.pdu;
  if (frame.pdu_size != 5 || pdu[0] < 1 || pdu[0] > 4) return false;
  const int first = pdu[1] << 8 | pdu[2];
  return context_.dice.hole_in(frame.unit, pdu[0], first, first + (pdu[3] << 8 | pdu[4]));
}

void Session::pack(const Frame& frame, const Pdu& reply) {
  reply_.clear();
  if (!line_.rtu_frames) {
    const std::size_t length = reply.size + 1;
    reply_.assign(received_.begin(), received_.begin() + 4);  // the request's transaction and protocol
    reply_.push_back(static_cast<std::uint8_t>(length >> 8));
    reply_.push_back(static_cast<std::uint8_t>(length));
  }
  reply_.push_back(static_cast<std::uint8_t>(frame.unit));
  reply_.insert(reply_.end(), reply.bytes.begin(), reply.bytes.begin() + static_cast<long>(reply.size));
  if (!line_.rtu_frames) return;
  const std::uint16_t crc = rtu_crc(reply_.data(), reply_.size());
  reply_.push_back(static_cast<std::uint8_t>(crc));
  reply_.push_back(static_cast<std::uint8_t>(crc >> 8));
}

void Session::corrupt(Fault fault) {
  const std::size_t unit = line_.rtu_frames ? 0 : tcp_header;
  switch (fault) {
    case Fault::truncate:
      reply_.resize(reply_.size() - 2);
      break;
    case Fault::extra:
      reply_.insert(reply_.end(), {0, 0});
      break;
    // RTU frames have no transaction: there a wrong unit is the nearest thing.
    case Fault::wrong_transaction:
      reply_[line_.rtu_frames ? unit : 1] ^= 1;
      break;
    case Fault::wrong_unit:
      reply_[unit] ^= 1;
      break;
    case Fault::wrong_function:
      reply_[unit + 1] = static_cast<std::uint8_t>(reply_[unit + 1] % 4 + 1);
      break;
    default:
      break;
  }
  if (!line_.rtu_frames || fault == Fault::truncate || fault == Fault::extra) return;
  const std::uint16_t crc = rtu_crc(reply_.data(), reply_.size() - 2);
  reply_[reply_.size() - 2] = static_cast<std::uint8_t>(crc);
  reply_[reply_.size() - 1] = static_cast<std::uint8_t>(crc >> 8);
}

void Session::note(const std::vector<SimulatedUnit::Served>& served) {
  if (!context_.journal) return;
  try {
    context_.journal->write(utc_now(), served);
  } catch (const std::system_error& error) {
    log_error("the journal cannot be written: {}; it ends here", error.what());
    context_.journal.reset();
  }
}

void Session::send_after(microseconds delay) {
  timer_.expires_after(delay);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->send();
  });
}

void Session::send() {
  boost::asio::async_write(stream_, boost::asio::buffer(reply_),
                           [self = shared_from_this()](error_code error, std::size_t) {
                             if (!error) self->handle_buffered();
                           });
}

void Session::dribble(std::size_t sent, microseconds step) {
  if (sent == reply_.size()) {
    handle_buffered();
    return;
  }
  timer_.expires_after(step);
  timer_.async_wait([self = shared_from_this(), sent, step](error_code error) {
    if (error) return;
    boost::asio::async_write(self->stream_, boost::asio::buffer(self->reply_.data() + sent, 1),
                             [self, sent, step](error_code write_error, std::size_t) {
                               if (!write_error) self->dribble(sent + 1, step);
                             });
  });
}

}  // namespace webmacs
