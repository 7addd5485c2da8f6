#include "hardware/unit_rest.h"

#include <algorithm>

namespace webmacs {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr int part_of_silent = 20;  // of the line's time, one part goes into units that do not answer
constexpr auto longest_pause = 5min;
constexpr auto longest_silence_of_others = 60s;

}  // namespace

void UnitRest::note_answer() {
  state_ = State::up;
  backoff_.reset();
  backoff_alone_.reset();
}

void UnitRest::note_failure(Clock::time_point now, Duration own_cost) {
  state_ = state_ == State::doubted || state_ == State::down ? State::down : State::doubted;
  failed_at_ = now;
  own_cost_ = own_cost;
  // Units that fail together must not be tried together for ever. Upwards, so that no try comes early.
  jitter_ = static_cast<double>(random_between(1000ms, 1250ms).count()) / 1000;
  if (state_ == State::doubted) {
    usual_ = alone_ = Duration(0);
    return;
  }
  usual_ = duration_cast<Duration>(backoff_.next_without_jitter() * jitter_);
  alone_ = duration_cast<Duration>(backoff_alone_.next_without_jitter() * jitter_);
}

void UnitRest::ask_at_once() {
  if (failed()) state_ = State::unknown;
}

bool UnitRest::rests(Clock::time_point now, const Neighbourhood& around) const {
  if (!failed()) return false;
  // What the last try costs is not known before another unit has answered.
  if (around.stops_others && !around.alone && now < failed_at_ + longest_silence_of_others) return true;
  return now < failed_at_ - (around.alone ? own_cost_ : Duration(0)) + pause(around);
}

UnitRest::Duration UnitRest::pause(const Neighbourhood& around) const {
  if (around.alone) return alone_;
  // One poll in vain may be chance; but a gateway that stood still for longer than the unit was waited for says whom it
  // was waiting for, unless another unit on the line is known to be away: then it may have been that one.
  if (state_ == State::doubted && (around.cost <= 2 * own_cost_ || around.dead_units > 1)) return usual_;
  const auto cost = std::max(around.cost, own_cost_);
  const auto fair = duration_cast<Duration>(cost * jitter_) * part_of_silent * std::max(1, around.dead_units);
  return std::max(usual_, std::min<Duration>(fair, longest_pause));
}

}  // namespace webmacs
