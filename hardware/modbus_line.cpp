#include "hardware/modbus_line.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <system_error>
#include <unistd.h>

namespace webmacs {
namespace {

using Kind = ReadOutcome::Kind;
using std::chrono::microseconds;
using namespace std::chrono_literals;

std::string error_text(int error) {
  return std::generic_category().message(error);
}

}  // namespace

ModbusLine::ModbusLine(std::unique_ptr<ModbusChannel> channel) : channel_(std::move(channel)), backoff_(1s, 60s) {}

ModbusLine::~ModbusLine() {
  close();
}

void ModbusLine::close() {
  if (descriptor_ < 0) return;
  channel_->close();
  descriptor_ = -1;
}

void ModbusLine::wait(microseconds time) {
  interrupt_.wait(-1, 0, Clock::now() + time);
}

ReadOutcome ModbusLine::read(const ReadRequest& request, microseconds timeout, microseconds pause,
                             std::uint16_t* words) {
  const auto not_before = std::max(settled_, last_frame_ + std::max(pause, channel_->gap()));
  if (not_before > Clock::now()) interrupt_.wait(-1, 0, not_before);
  const bool reused = descriptor_ >= 0;
  ReadOutcome outcome;
  if (!ensure_open(timeout, outcome)) return outcome;
  outcome = exchange(request, timeout, words);
  if (outcome.kind != Kind::disconnected || !reused) return outcome;
  // Many devices close a connection that was idle for a while: that is found out by using it.
  if (!ensure_open(timeout, outcome)) return outcome;
  return exchange(request, timeout, words);
}

bool ModbusLine::ensure_open(microseconds timeout, ReadOutcome& outcome) {
  if (interrupted()) {
    outcome = {Kind::interrupted, 0, "interrupted"};
    return false;
  }
  if (descriptor_ >= 0) return true;
  if (Clock::now() >= next_open_) {
    descriptor_ = channel_->open(std::max<microseconds>(timeout, 1s), interrupt_, open_error_);
    if (descriptor_ >= 0) {
      backoff_.reset();
      ++connections_;
      return true;
    }
    next_open_ = Clock::now() + backoff_.next();
  }
  outcome = interrupted() ? ReadOutcome{Kind::interrupted, 0, "interrupted"}
                          : ReadOutcome{Kind::no_connection, 0, open_error_};
  return false;
}

// Nothing may lie on the line before a request is sent: it could pass for the answer. False when the connection is lost
// or, on TCP, out of step.
bool ModbusLine::discard_stray_bytes() {
  for (;;) {
    const ssize_t size = ::read(descriptor_, buffer_.data(), buffer_.size());
    // A serial line with nothing on it reads as 0; when it is gone, sending to it fails.
    if (size == 0) return !channel_->resynchronises_by_closing();
    if (size > 0 && channel_->resynchronises_by_closing()) return false;
    if (size > 0) continue;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK;
  }
}

ReadOutcome ModbusLine::exchange(const ReadRequest& request, microseconds timeout, std::uint16_t* words) {
  ReadOutcome outcome;
  const auto deadline = Clock::now() + timeout;
  if (!discard_stray_bytes()) {
    outcome = {Kind::disconnected, 0, "the connection was closed or out of step"};
  } else if (!channel_->send(request)) {
    outcome = {Kind::disconnected, 0, error_text(errno)};
  } else {
    outcome = receive(request, deadline, words);
  }
  last_frame_ = Clock::now();
  if (outcome.kind == Kind::good || outcome.kind == Kind::exception) return outcome;
  if (channel_->resynchronises_by_closing() || outcome.kind == Kind::disconnected) {
    close();
  } else {
    settled_ = last_frame_ + timeout;
  }
  return outcome;
}

ReadOutcome ModbusLine::receive(const ReadRequest& request, Clock::time_point deadline, std::uint16_t* words) {
  std::size_t size = 0;
  for (;;) {
    const Interrupt::Wake wake = interrupt_.wait(descriptor_, POLLIN, deadline);
    if (wake == Interrupt::Wake::interrupted) return {Kind::interrupted, 0, "interrupted"};
    if (wake == Interrupt::Wake::deadline) {
      return {Kind::timeout, 0, size == 0 ? "no reply" : "the reply was not whole in time"};
    }
    const ssize_t got = ::read(descriptor_, buffer_.data() + size, buffer_.size() - size);
    if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) continue;
    if (got < 0) return {Kind::disconnected, 0, error_text(errno)};
    if (got == 0) return {Kind::disconnected, 0, size == 0 ? "closed by the device" : "closed inside a reply"};
    size += static_cast<std::size_t>(got);
    if (Clock::now() > deadline) return {Kind::timeout, 0, "the reply was read too late"};

    const ReplyCheck check = channel_->check(request, buffer_.data(), size);
    switch (check.verdict) {
      case ReplyCheck::Verdict::incomplete:
        continue;
      case ReplyCheck::Verdict::bad:
        return {Kind::bad_reply, 0, check.why};
      case ReplyCheck::Verdict::exception:
        return {Kind::exception, check.exception, ""};
      case ReplyCheck::Verdict::good:
        unpack_reply(request, check.data, words);
        return {Kind::good, 0, ""};
    }
  }
}

std::shared_ptr<ModbusLine> make_modbus_line(const DeviceSettings& settings) {
  return std::make_shared<ModbusLine>(settings.transport == Transport::tcp ? make_tcp_channel(settings)
                                                                           : make_rtu_channel(settings));
}

}  // namespace webmacs
