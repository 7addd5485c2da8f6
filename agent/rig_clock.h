#pragma once
// What time it is on the rig. A box without a battery clock boots with a wrong time: until the system's clock is known
// to be right, stamps count from the start on the monotonic clock, and can be told from times; once it is, each of them
// has a right time. now() from any thread, everything else on the network thread.

#include "common/reading.h"
#include "common/timestamp.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>

namespace webmacs {

// Whether the kernel says that something keeps its clock right (adjtimex).
bool kernel_clock_is_synchronised();

// The clocks of the system, handed in.
struct SystemClocks {
  using Steady = std::chrono::steady_clock::time_point;
  std::function<Timestamp()> wall = utc_now;
  std::function<Steady()> steady = std::chrono::steady_clock::now;
  std::function<bool()> synchronised = kernel_clock_is_synchronised;
};

class RigClock {
 public:
  enum class State {
    waiting,  // stamps are provisional
    by_hub,   // the hub's time, carried on by the monotonic clock: the system's clock is known to be wrong
    trusted   // the system's clock
  };
  static constexpr std::chrono::seconds patience{120};  // with `waiting`
  static constexpr std::chrono::seconds hub_agrees{1};  // nearer than this

  // `wait` false: trusted from the start.
  RigClock(SystemClocks clocks, bool wait);

  // The stamp of what is measured now: a time, or provisional.
  Timestamp now() const;
  static bool is_provisional(Timestamp stamp);

  // What the hub says that it is now.
  void hear_hub(Timestamp time);

  // What changed since the last call. To be called about every second, and before readings are handed on.
  struct Change {
    enum class Kind {
      none,
      synchronised,    // trusted: the kernel says so, or the hub agrees
      without_source,  // trusted: nobody told otherwise for so long
      hub_differs,     // by_hub from now on
      was_set          // the trusted clock made a step
    };
    Kind kind = Kind::none;
    Timestamp before{};  // with was_set and hub_differs: what the clock would show now without it
    Timestamp after{};   // what stamps show now
  };
  Change look();

  // What an earlier program of this boot found: when the monotonic clock stood at zero. Provisional stamps get their
  // times by it, and a system's clock that agrees with it is right.
  void recall(Timestamp steady_zero);
  // When the monotonic clock stood at zero, by which provisional stamps get their times. Not while waiting.
  Timestamp steady_zero() const { return from_microseconds(steady_zero_.load()); }
  // The time of a provisional stamp of a boot whose monotonic clock stood at zero then.
  static Timestamp time_of(Timestamp provisional, Timestamp steady_zero);

  State state() const { return state_.load(); }
  // The time of a provisional stamp, any other as it is. Not while waiting.
  Timestamp resolved(Timestamp stamp) const;

 private:
  using Steady = SystemClocks::Steady;

  Timestamp by_hub(Steady at) const;
  void leave_waiting(State to, Timestamp now, Steady at);
  void remember_offset(Timestamp now, Steady at);

  const SystemClocks clocks_;
  const Steady start_;
  std::atomic<State> state_;
  std::atomic<std::int64_t> steady_zero_{0};   // the time of the monotonic clock's zero, once it is known
  std::atomic<std::int64_t> start_by_hub_{0};  // what the hub's clock showed at the start; 0: not heard
  std::optional<Timestamp> recalled_;          // network thread only
  std::chrono::microseconds offset_{0};        // of the trusted clock against the monotonic one, at the last look
};

}  // namespace webmacs
