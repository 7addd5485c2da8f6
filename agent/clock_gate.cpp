#include "agent/clock_gate.h"

#include "common/timestamp.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace webmacs {
namespace {

using namespace std::chrono_literals;
using ClockChange = RigClock::Change::Kind;

constexpr auto look_interval = 1s;
constexpr auto safe_after = 10s;  // and `settled_after`: what has passed is acknowledged, or in the buffer's file
constexpr std::size_t most_held = 250'000;

}  // namespace

ClockGate::ClockGate(boost::asio::io_context& io, std::shared_ptr<RigClock> clock, std::string file,
                     std::chrono::microseconds settled_after, Hooks hooks, std::string boot)
    : clock_(std::move(clock)),
      file_(std::move(file)),
      boot_(std::move(boot)),
      settled_after_(settled_after),
      hooks_(std::move(hooks)),
      io_(io),
      timer_(io),
      forget_timer_(io) {}

void ClockGate::start() {
  look();
  if (clock_->state() == RigClock::State::waiting || WaitingRoom::exists(file_)) open_room();
  if (clock_->state() == RigClock::State::waiting) {
    log_info(
        "it is not known whether the clock is right ({}): readings wait, for {} s at most, until the kernel says "
        "that it is synchronised or the hub's time agrees",
        format_timestamp(utc_now()), RigClock::patience.count());
  }
  arm();
}

void ClockGate::open_room() {
  room_ = std::make_unique<WaitingRoom>(io_, file_, boot_);
  room_state_ = Room::opening;
  room_->open([this](WaitingRoom::Found what) { found(std::move(what)); });
}

void ClockGate::found(WaitingRoom::Found found) {
  room_state_ = Room::open;
  if (found.steady_zero) clock_->recall(*found.steady_zero);
  if (found.lost > 0) {
    log_error(
        "{} readings in {} were measured before this start of the machine, while its clock was not set: nobody knows "
        "when, and they are given up",
        found.lost, file_);
  }
  if (!found.readings.empty()) {
    log_info("{} readings that waited for the clock to be set are read back", found.readings.size());
    held_readings_ += found.readings.size();
    held_.push_front({std::move(found.readings), std::chrono::steady_clock::now()});
  }
  look();
  release();
}

bool ClockGate::holds_back() const {
  return clock_->state() == RigClock::State::waiting || !held_.empty() ||
         (room_state_ != Room::none && room_state_ != Room::remembered);
}

void ClockGate::add(std::vector<Reading> readings) {
  look();
  const Steady now = std::chrono::steady_clock::now();
  if (holds_back()) {
    if (room_ && clock_->state() == RigClock::State::waiting) room_->keep(readings);
    held_readings_ += readings.size();
    held_.push_back({std::move(readings), now});
    while (held_readings_ > most_held) {
      const std::size_t oldest = held_.front().readings.size();
      too_many_.write(
          fmt::format("{} readings that waited for the clock to be set are given up: too many wait", oldest));
      held_readings_ -= oldest;
      held_.pop_front();
    }
    return;
  }
  for (Reading& reading : readings) reading.time = clock_->resolved(reading.time);
  hooks_.pass(std::move(readings), now);
}

void ClockGate::hear_hub(Timestamp time) {
  clock_->hear_hub(time);
  look();
}

void ClockGate::stop() {
  timer_.cancel();
  forget_timer_.cancel();
  if (clock_->state() == RigClock::State::waiting) {
    if (held_readings_ > 0) {
      log_warning("the agent ends before it is known whether the clock is right: {} readings wait in {}",
                  held_readings_, file_);
    }
  } else {
    if (room_ && room_state_ != Room::remembered) room_->remember(clock_->steady_zero(), [] {});
    if (room_) room_->close();
    pass_held();
  }
  room_.reset();
}

std::vector<Watchdog::Thread> ClockGate::threads() const {
  if (!room_) return {};
  return {{"the writer of what waits for the clock", room_->last_turn()}};
}

std::string ClockGate::status() const {
  switch (clock_->state()) {
    case RigClock::State::waiting:
      return fmt::format("; {} readings wait for the clock to be set", held_readings_);
    case RigClock::State::by_hub:
      return "; the clock is wrong: times by the hub's";
    case RigClock::State::trusted:
      break;
  }
  return "";
}

void ClockGate::look() {
  const RigClock::Change change = clock_->look();
  if (change.kind == ClockChange::none) return;
  tell(change);
  if (change.kind == ClockChange::was_set) mark_step(change);
  release();
  hooks_.changed();
}

void ClockGate::tell(const RigClock::Change& change) {
  const std::string before = format_timestamp(change.before);
  const std::string after = format_timestamp(change.after);
  switch (change.kind) {
    case ClockChange::none:
      return;
    case ClockChange::synchronised:
      log_info("the clock is right ({}): {} readings that waited for it get their times", after, held_readings_);
      return;
    case ClockChange::without_source:
      log_warning(
          "nobody told within {} s whether the clock is right: it is trusted ({}); {} readings that waited for "
          "it get their times",
          RigClock::patience.count(), after, held_readings_);
      return;
    case ClockChange::hub_differs:
      log_warning("the clock shows {}, the hub's {}: readings get their times by the hub's until the clock is set",
                  before, after);
      return;
    case ClockChange::was_set:
      log_warning("the clock was set from {} to {}: each event gets a bad reading that marks it", before, after);
      return;
  }
}

// From the earlier of the two times on the record is in doubt: a hole begins there, or what was measured twice.
void ClockGate::mark_step(const RigClock::Change& step) {
  std::vector<Reading> marks;
  for (std::string& event : hooks_.event_public_ids()) {
    marks.push_back({std::move(event), std::min(step.before, step.after), std::nullopt, "clock was set"});
  }
  if (!marks.empty()) hooks_.pass(std::move(marks), std::chrono::steady_clock::now());
  hooks_.report_all();
}

// First the file learns by which time readings get theirs: a program that is started after this one was killed gives
// the same to those that it finds there.
void ClockGate::release() {
  if (clock_->state() == RigClock::State::waiting) return;
  if (room_state_ == Room::open) {
    room_state_ = Room::remembering;
    room_->remember(clock_->steady_zero(), [this] {
      room_state_ = Room::remembered;
      pass_held();
      forget_timer_.expires_after(settled_after_ + safe_after);
      forget_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) room_->forget();
      });
    });
    return;
  }
  if (room_state_ == Room::none || room_state_ == Room::remembered) pass_held();
}

void ClockGate::pass_held() {
  std::deque<Held> held;
  held.swap(held_);
  held_readings_ = 0;
  for (Held& each : held) {
    for (Reading& reading : each.readings) reading.time = clock_->resolved(reading.time);
    hooks_.pass(std::move(each.readings), each.received);
  }
}

void ClockGate::arm() {
  timer_.expires_after(look_interval);
  timer_.async_wait([this](const boost::system::error_code& ec) {
    if (ec) return;
    look();
    arm();
  });
}

}  // namespace webmacs
