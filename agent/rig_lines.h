#pragma once
// The lines of a rig that are polled, a poller each, and what a reload makes of them. Network thread only.

#include "agent/poller.h"
#include "common/watchdog.h"
#include "hardware/device.h"

#include <functional>
#include <memory>
#include <vector>

namespace webmacs {

class RigLines {
 public:
  // Opens the devices of a part of the rig; tests give fakes.
  using Opener = std::function<std::vector<Line>(const RigSettings&)>;

  // `sink` is called on the pollers' threads, until stop() has returned.
  RigLines(Opener open_lines, PollerSink sink);
  // As stop().
  ~RigLines();
  RigLines(const RigLines&) = delete;
  RigLines& operator=(const RigLines&) = delete;

  // Starts to poll the devices and events of `rig`, beside what is polled already.
  void start(const RigSettings& rig);

  // Polls the devices and events of `rig` instead. A device that goes on (rig_parts.h) keeps its connection and its
  // schedule, and misses no poll; so does every other device of its line. Lines that are gone are stopped first, which
  // takes up to a second.
  void replace(const RigSettings& rig);

  // Stops all lines, within a second together.
  void stop();

  // Reports the next poll of each event, whatever its deadband.
  void report_all();

  // Returns what is polled, line by line.
  RigSettings polled() const;

  // Returns the pollers' threads, for the watchdog.
  std::vector<Watchdog::Thread> threads() const;

  // Whether a line that was stopped left its thread behind, since a device ignored the interrupt: the process should
  // then end with _exit, not by destroying statics under that thread.
  bool left_a_thread() const { return left_a_thread_; }

 private:
  // The devices of one line with their events, and the poller that runs them.
  struct RunningLine {
    RigSettings part;
    std::unique_ptr<Poller> poller;
  };

  void update(RunningLine& running, RigSettings part);
  void stop(std::vector<RunningLine>& lines);

  const Opener open_lines_;
  const PollerSink sink_;
  std::vector<RunningLine> lines_;
  bool left_a_thread_ = false;
};

}  // namespace webmacs
