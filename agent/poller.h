#pragma once
// Polls the devices of one line on a thread of its own: each event at its own absolute times on the monotonic clock,
// all events of a device that are due together in one Device::poll. A cycle that could not start before the next one
// was due is counted and skipped: never two polls of an event within one period, never a burst.

#include "common/messages.h"
#include "hardware/device.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

// Where a poller's findings go. Both are called on its thread, never after stop() has returned, and must not throw.
struct PollerSink {
  std::function<void(std::vector<Reading>)> readings;       // what one turn brought, never empty
  std::function<void(const DeviceStatus&)> device_changed;  // at its first poll, and whenever its state changes
};

class Poller {
 public:
  // Starts polling at once. `events` belong to the line's devices; others are ignored.
  Poller(Line line, const std::vector<EventSettings>& events, PollerSink sink);
  ~Poller();  // as stop()
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Any thread. From its next turn on it polls the devices and events of `part` instead, one that had begun is finished
  // first. A device that is not among `fresh` is one that it polls already: it goes on with its connection, its backoff
  // and what it has learnt, and each of its events that did not change keeps its schedule: none misses a poll. The
  // fresh devices share its connection.
  void update(const RigSettings& part, std::vector<std::unique_ptr<Device>> fresh);

  // Any thread. The next poll of each event is reported whatever its deadband or an unchanged badness.
  void report_all();

  // Any thread. Interrupts a poll in progress and returns; for several pollers that are to stop together.
  void request_stop();
  // Returns by `latest`: a device that ignores the interrupt keeps its thread, which reports nothing more. False in
  // that case: the process should then end with _exit, not by destroying statics under that thread.
  bool stop(std::chrono::steady_clock::time_point latest);
  bool stop();  // within a second

  // Any thread. When the thread's loop last turned, for the watchdog: waiting counts as turning, for what is due as for
  // a device's reply; a call that hangs lets it age.
  std::chrono::steady_clock::time_point last_turn() const;

  std::uint64_t missed_cycles() const;  // any thread; of all events together
  const std::string& name() const;      // the line's

 private:
  struct Shared;  // outlives the Poller where a thread had to be left behind
  std::shared_ptr<Shared> shared_;
};

}  // namespace webmacs
