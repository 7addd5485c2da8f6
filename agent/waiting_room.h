#pragma once
// Readings that wait for the clock to be set, on disk: a small SQLite file beside the buffer that outlives the program.
// Their stamps count on the monotonic clock, which goes on until the machine is started anew; so the file knows the
// boot that each belongs to and, once it is known, the time at which that boot's monotonic clock stood at zero. Every
// program of one boot then gives a reading the same time, and sending it twice is harmless. Network thread only; a
// worker owns the file.

#include "common/log.h"
#include "common/reading.h"
#include "common/worker.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace webmacs {

class WaitingRoom {
 public:
  struct Found {
    std::optional<Timestamp> steady_zero;  // of this boot, where a program of it has learnt it
    std::vector<Reading> readings;         // oldest first; provisional (rig_clock.h) where the time is not known yet
    std::size_t lost = 0;                  // measured before another start of the machine: nobody knows when
  };

  // `boot` tells this start of the machine from others. Touches nothing yet.
  WaitingRoom(boost::asio::io_context& io, std::string path, std::string boot = this_boot());
  ~WaitingRoom();  // as close()
  WaitingRoom(const WaitingRoom&) = delete;
  WaitingRoom& operator=(const WaitingRoom&) = delete;

  static bool exists(const std::string& path);
  static std::string this_boot();

  // Opens or makes the file; one that is damaged is set aside. Calls `found` later, unless this object is gone by then.
  void open(std::function<void(Found)> found);
  // Writes provisional readings down; durable soon. What cannot be written is logged.
  void keep(std::vector<Reading> readings);
  // Writes down the time of this boot's steady zero, and then calls `done`; also when that failed, which is logged.
  void remember(Timestamp steady_zero, std::function<void()> done);
  // The readings that are in the file are safe elsewhere.
  void forget();
  std::chrono::steady_clock::time_point last_turn() const { return worker_.last_turn(); }  // any thread
  // Finishes what was asked for. Later calls of the others do nothing.
  void close();

 private:
  struct File;
  void run(
      std::function<void(File&)> job, std::function<void()> done = [] {});

  boost::asio::io_context& io_;
  const std::string path_;
  const std::string boot_;
  std::shared_ptr<File> file_;  // the worker's
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Worker worker_;  // last: joins before the rest goes
};

}  // namespace webmacs
