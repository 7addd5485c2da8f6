#pragma once
// When a thread that may block last turned, for the watchdog. Its loop says so each time around, waiting included; what
// it runs says so in the course of anything that may rightly take long.

#include <atomic>
#include <chrono>

namespace webmacs {

class Liveness {
 public:
  using Clock = std::chrono::steady_clock;

  Liveness() { turn(); }
  Liveness(const Liveness&) = delete;
  Liveness& operator=(const Liveness&) = delete;

  // The thread's own call, at its start; this object outlives the thread.
  void watch_this_thread();

  // Any thread.
  void turn() { last_turn_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed); }
  Clock::time_point last_turn() const {
    return Clock::time_point(Clock::duration(last_turn_.load(std::memory_order_relaxed)));
  }

 private:
  std::atomic<Clock::rep> last_turn_;
};

// The calling thread is alive: for waits with a deadline and work in steps, whoever runs them. Does nothing in a thread
// that is not watched.
void note_turn();

// Waits no longer than this at a time, so that a thread that waits is known to be alive.
constexpr std::chrono::milliseconds longest_turn{500};

}  // namespace webmacs
