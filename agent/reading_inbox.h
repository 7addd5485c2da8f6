#pragma once
// Readings on their way from the pollers' threads to the network thread: one wake-up for whatever arrived since the
// last one, and a bound, so that a network thread that lags cannot fill the memory.

#include "common/log.h"
#include "common/reading.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace webmacs {

class ReadingInbox {
 public:
  // `deliver` runs on the network thread. The inbox lives until no poller puts and `io` has stopped.
  ReadingInbox(boost::asio::io_context& io, std::function<void(std::vector<Reading>)> deliver,
               std::size_t capacity = 100000)
      : io_(io), deliver_(std::move(deliver)), capacity_(capacity) {}

  // Any thread.
  void put(std::vector<Reading> readings) {
    const std::lock_guard lock(mutex_);
    if (readings_.size() + readings.size() > capacity_) {
      overflow_.write(fmt::format("the network thread lags: {} readings of one poll are given up", readings.size()));
      return;
    }
    const bool wake = readings_.empty();
    readings_.insert(readings_.end(), std::make_move_iterator(readings.begin()),
                     std::make_move_iterator(readings.end()));
    if (wake) boost::asio::post(io_, [this] { deliver_now(); });
  }

  // Network thread only. Hands over what has arrived, without waiting for its turn.
  void deliver_now() {
    std::vector<Reading> arrived;
    {
      const std::lock_guard lock(mutex_);
      arrived.swap(readings_);
    }
    if (!arrived.empty()) deliver_(std::move(arrived));
  }

 private:
  boost::asio::io_context& io_;
  const std::function<void(std::vector<Reading>)> deliver_;
  const std::size_t capacity_;
  std::mutex mutex_;
  std::vector<Reading> readings_;          // guarded by mutex_
  RepeatedLog overflow_{LogLevel::error};  // guarded by mutex_
};

}  // namespace webmacs
