#include "agent/rig_clock.h"

#include <sys/timex.h>

namespace webmacs {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

// Provisional stamps lie so far before 1970, where no time of a reading lies.
constexpr std::int64_t provisional_start = -(std::int64_t{1} << 52);
// A clock that is adjusted moves by at most 0.5 ms a second; what sets it instead does so from 128 ms on.
constexpr microseconds step_least{100'000};

std::int64_t steady_microseconds(SystemClocks::Steady at) {
  return duration_cast<microseconds>(at.time_since_epoch()).count();
}

microseconds since(SystemClocks::Steady from, SystemClocks::Steady to) {
  return duration_cast<microseconds>(to - from);
}

}  // namespace

bool kernel_clock_is_synchronised() {
  timex state{};
  const int result = ::adjtimex(&state);
  return result >= 0 && result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

RigClock::RigClock(SystemClocks clocks, bool wait)
    : clocks_(std::move(clocks)), start_(clocks_.steady()), state_(wait ? State::waiting : State::trusted) {
  remember_offset(clocks_.wall(), start_);
  steady_zero_ = to_microseconds(clocks_.wall()) - steady_microseconds(start_);
}

Timestamp RigClock::now() const {
  switch (state_.load()) {
    case State::waiting:
      return from_microseconds(provisional_start + steady_microseconds(clocks_.steady()));
    case State::by_hub:
      return by_hub(clocks_.steady());
    case State::trusted:
      break;
  }
  return clocks_.wall();
}

Timestamp RigClock::time_of(Timestamp provisional, Timestamp steady_zero) {
  return steady_zero + microseconds(to_microseconds(provisional) - provisional_start);
}

bool RigClock::is_provisional(Timestamp stamp) {
  return to_microseconds(stamp) < 0;
}

void RigClock::hear_hub(Timestamp time) {
  start_by_hub_ = to_microseconds(time - since(start_, clocks_.steady()));
}

void RigClock::recall(Timestamp steady_zero) {
  recalled_ = steady_zero;
  if (state_.load() != State::waiting) steady_zero_ = to_microseconds(steady_zero);
}

RigClock::Change RigClock::look() {
  const Steady at = clocks_.steady();
  const Timestamp now = clocks_.wall();
  const State state = state_.load();
  if (state == State::trusted) {
    const Timestamp expected(duration_cast<microseconds>(at.time_since_epoch()) + offset_);
    remember_offset(now, at);
    if (std::chrono::abs(now - expected) < step_least) return {};
    return {Change::Kind::was_set, expected, now};
  }
  const bool heard = start_by_hub_.load() != 0;
  const Timestamp hub = by_hub(at);
  const auto by_recall = recalled_.value_or(Timestamp{}) + microseconds(steady_microseconds(at));
  if (clocks_.synchronised() || (heard && std::chrono::abs(now - hub) < hub_agrees) ||
      (recalled_ && std::chrono::abs(now - by_recall) < hub_agrees)) {
    leave_waiting(State::trusted, now, at);
    return {Change::Kind::synchronised, heard ? hub : now, now};
  }
  if (state == State::by_hub || at - start_ < patience) return {};
  if (heard) {
    leave_waiting(State::by_hub, hub, at);
    return {Change::Kind::hub_differs, now, hub};
  }
  leave_waiting(State::trusted, now, at);
  return {Change::Kind::without_source, now, now};
}

Timestamp RigClock::resolved(Timestamp stamp) const {
  return is_provisional(stamp) ? time_of(stamp, steady_zero()) : stamp;
}

Timestamp RigClock::by_hub(Steady at) const {
  return from_microseconds(start_by_hub_.load()) + since(start_, at);
}

void RigClock::leave_waiting(State to, Timestamp now, Steady at) {
  // Once it is known it stays: what was stamped in between, and read late, gets its time by it, too.
  if (state_.load() == State::waiting) {
    steady_zero_ = recalled_ ? to_microseconds(*recalled_) : to_microseconds(now) - steady_microseconds(at);
  }
  remember_offset(now, at);
  state_ = to;
}

void RigClock::remember_offset(Timestamp now, Steady at) {
  offset_ = duration_cast<microseconds>(now.time_since_epoch() - at.time_since_epoch());
}

}  // namespace webmacs
