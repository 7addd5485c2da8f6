#pragma once
// A flag that wakes blocking waits: shared by everything that waits on one line.

#include <atomic>
#include <chrono>

namespace webmacs {

class Interrupt {
 public:
  Interrupt();  // throws std::system_error when the system has no descriptor left
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Any thread. Stays raised.
  void raise();
  bool raised() const { return raised_.load(std::memory_order_acquire); }

  enum class Wake { ready, deadline, interrupted };
  // Waits until poll(2) reports one of `events` (or an error) on `descriptor`, the deadline passes or somebody calls
  // raise(). With descriptor -1 only the latter two. The thread counts as alive meanwhile (liveness.h).
  Wake wait(int descriptor, short events, std::chrono::steady_clock::time_point deadline) const;

 private:
  int event_;
  std::atomic<bool> raised_{false};
};

}  // namespace webmacs
