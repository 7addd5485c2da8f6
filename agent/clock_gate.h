#pragma once
// Holds readings back while nobody knows what time it is, on disk too (waiting_room.h), and marks the steps of a clock
// that was set while the agent runs. Network thread only.

#include "agent/rig_clock.h"
#include "agent/waiting_room.h"
#include "common/log.h"
#include "common/reading.h"
#include "common/watchdog.h"

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

  // `file`: where readings that wait are written down. `settled_after`: how long what has passed may take until it is
  // safe elsewhere.
  ClockGate(boost::asio::io_context& io, std::shared_ptr<RigClock> clock, std::string file,
            std::chrono::microseconds settled_after, Hooks hooks, std::string boot = WaitingRoom::this_boot());

  void start();
  // Bounded: of more than a quarter of a million readings that wait the oldest are given up, and logged.
  void add(std::vector<Reading> readings);
  void hear_hub(Timestamp time);
  // What is held passes when its time is known, and stays in the file when it is not.
  void stop();

  // The thread that writes to the file, for the watchdog; none where there is no file.
  std::vector<Watchdog::Thread> threads() const;
  // Part of a status line; empty when the clock is trusted: "; 812 readings wait for the clock to be set".
  std::string status() const;

 private:
  void look();
  void tell(const RigClock::Change& change);
  void mark_step(const RigClock::Change& step);
  void open_room();
  void found(WaitingRoom::Found found);
  bool holds_back() const;
  void release();
  void pass_held();
  void arm();

  struct Held {
    std::vector<Reading> readings;
    Steady received;
  };

  // How far the file is.
  enum class Room {
    none,         // there is none, and none is needed
    opening,      // what an earlier program left is being read
    open,         // readings that wait are written down
    remembering,  // the time by which they get theirs is being written down
    remembered    // what is held may pass
  };

  const std::shared_ptr<RigClock> clock_;
  const std::string file_;
  const std::string boot_;
  const std::chrono::microseconds settled_after_;
  const Hooks hooks_;
  Room room_state_ = Room::none;
  boost::asio::io_context& io_;
  boost::asio::steady_timer timer_, forget_timer_;
  std::deque<Held> held_;
  std::size_t held_readings_ = 0;
  RepeatedLog too_many_{LogLevel::error};
  std::unique_ptr<WaitingRoom> room_;
};

}  // namespace webmacs
