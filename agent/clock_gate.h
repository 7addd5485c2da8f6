#pragma once
// Holds readings back while nobody knows what time it is, and marks the steps of a clock that was set while the agent
// runs. Network thread only.

#include "agent/rig_clock.h"
#include "common/log.h"
#include "common/reading.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

class ClockGate {
 public:
  using Steady = std::chrono::steady_clock::time_point;

  struct Hooks {
    // Readings with their right times, and when they came in.
    std::function<void(std::vector<Reading>, Steady)> pass;
    // Whose record a step is to be marked in.
    std::function<std::vector<std::string>()> event_public_ids;
    std::function<void()> report_all;  // after a mark the next poll of each event is to be reported
    std::function<void()> changed;     // what status() reads
  };

  ClockGate(boost::asio::io_context& io, std::shared_ptr<RigClock> clock, Hooks hooks);

  void start();
  // Bounded: of more than a quarter of a million readings that wait the oldest are given up, and logged.
  void add(std::vector<Reading> readings);
  void hear_hub(Timestamp time);
  // What is held passes with the best time that is known.
  void stop();

  // Part of a status line; empty when the clock is trusted: "; 812 readings wait for the clock to be set".
  std::string status() const;

 private:
  void look();
  void tell(const RigClock::Change& change);
  void mark_step(const RigClock::Change& step);
  void release();
  void arm();

  struct Held {
    std::vector<Reading> readings;
    Steady received;
  };

  const std::shared_ptr<RigClock> clock_;
  const Hooks hooks_;
  boost::asio::steady_timer timer_;
  std::deque<Held> held_;
  std::size_t held_readings_ = 0;
  RepeatedLog too_many_{LogLevel::error};
};

}  // namespace webmacs
