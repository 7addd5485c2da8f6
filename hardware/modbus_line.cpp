#include "hardware/modbus_line.h"

#include <algorithm>
#include <poll.h>

namespace webmacs {
namespace {

using Kind = ReadOutcome::Kind;
using std::chrono::microseconds;
using namespace std::chrono_literals;

constexpr int most_timeouts = 3;       // in a row, on one network connection
constexpr auto forgotten_after = 10s;  // without a request: a firewall may drop the connection without a word

void end_all(std::span<Exchange> asked, const ReadOutcome& outcome) {
  for (Exchange& each : asked) {
    if (!each.done) each.end(outcome);
  }
}

bool all_are(std::span<const Exchange> asked, Kind kind) {
  return std::all_of(asked.begin(), asked.end(), [&](const Exchange& each) { return each.outcome.kind == kind; });
}

void ask_again(std::span<Exchange> asked) {
  for (Exchange& each : asked) {
    each.done = false;
    each.again = true;
  }
}

}  // namespace

ModbusLine::ModbusLine(std::unique_ptr<ModbusChannel> channel, Options options)
    : channel_(std::move(channel)),
      options_(std::move(options)),
      report_(options_.name),
      exchange_(channel_->has_transactions()
                    ? make_tcp_exchange({*channel_, interrupt_, report_, stall_})
                    : make_rtu_exchange({*channel_, interrupt_, report_, stall_}, options_.echo)),
      backoff_(channel_->is_network() ? 250ms : 900ms, 900ms) {}

ModbusLine::~ModbusLine() {
  close();
}

void ModbusLine::close() {
  if (descriptor_ < 0) return;
  channel_->close();
  descriptor_ = -1;
  timeouts_in_a_row_ = 0;
}

void ModbusLine::wait(microseconds time) {
  interrupt_.wait(-1, 0, Clock::now() + time);
}

ReadOutcome ModbusLine::read(const ReadRequest& request, const ReadTiming& timing, std::uint16_t* words, bool again) {
  Exchange one{.request = request, .words = words, .again = again};
  exchange({&one, 1}, timing);
  return one.outcome;
}

void ModbusLine::exchange(std::span<Exchange> asked, const ReadTiming& timing) {
  const auto began = Clock::now();
  const auto not_before = last_frame_ + std::max(timing.pause, channel_->gap());
  if (not_before > began) interrupt_.wait(-1, 0, not_before);
  if (!channel_->has_transactions()) {
    for (const Exchange& each : asked) wait_for_owed(each.request, each.again, Clock::time_point::max());
  }
  const bool reused = descriptor_ >= 0;
  const bool idle = began - last_frame_ > forgotten_after;
  try_once(asked, timing.timeout);
  if (!reused || interrupted()) return;
  const bool closed_while_idle = all_are(asked, Kind::disconnected);
  const bool forgotten = idle && channel_->is_network() && all_are(asked, Kind::timeout);
  if (!closed_while_idle && !forgotten) return;
  close();
  ask_again(asked);
  try_once(asked, timing.timeout);
}

void ModbusLine::try_once(std::span<Exchange> asked, microseconds timeout) {
  ReadOutcome outcome;
  if (ensure_open(timeout, outcome)) {
    run(asked, timeout);
  } else {
    end_all(asked, outcome);
  }
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
      exchange_->connected(descriptor_);
      if (options_.pause_after_connect > 0us) wait(options_.pause_after_connect);
      if (!interrupted()) return true;
    } else {
      next_open_ = Clock::now() + backoff_.next_upper_half();
    }
  }
  outcome = interrupted() ? ReadOutcome{Kind::interrupted, 0, "interrupted"}
                          : ReadOutcome{Kind::no_connection, 0, open_error_};
  return false;
}

void ModbusLine::run(std::span<Exchange> asked, microseconds timeout) {
  if (!exchange_->clear()) {
    end_all(asked, {Kind::disconnected, 0, "the connection was closed or out of step"});
    close();
    return;
  }
  const bool usable = exchange_->run(asked, timeout);
  last_frame_ = Clock::now();
  timeouts_in_a_row_ = all_are(asked, Kind::timeout) ? timeouts_in_a_row_ + 1 : 0;
  if (!usable || (channel_->is_network() && timeouts_in_a_row_ >= most_timeouts)) close();
}

bool ModbusLine::wait_for_owed(const ReadRequest& request, bool again, Clock::time_point latest) {
  for (;;) {
    const auto until = exchange_->blocked_until(request, again);
    if (!until) return true;
    if (interrupted()) return true;  // the read says so
    const Clock::time_point now = Clock::now();
    if (now >= latest) return false;
    const auto wake = interrupt_.wait(descriptor_, POLLIN, std::min(*until, latest));
    if (wake == Interrupt::Wake::ready && descriptor_ >= 0 && !exchange_->clear()) close();
  }
}

std::shared_ptr<ModbusLine> make_modbus_line(const DeviceSettings& settings) {
  return std::make_shared<ModbusLine>(
      settings.transport == Transport::tcp ? make_tcp_channel(settings) : make_rtu_channel(settings),
      ModbusLine::Options{
          .name = settings.line(), .echo = settings.echo, .pause_after_connect = settings.pause_after_connect});
}

}  // namespace webmacs
