#pragma once
// One thread with one bounded queue, for work that blocks: a database writer, a database reader. Jobs run in order.
// The queue never grows beyond its bound: full means refused, and the caller counts or answers "busy".

#include "common/liveness.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace webmacs {

class Worker {
 public:
  using Job = std::function<void()>;

  // `name` is the thread's name (at most 15 bytes are shown by the system). All signals are blocked in the thread.
  Worker(std::string name, std::size_t capacity);
  // Finishes what is queued, then joins.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Any thread. False when the queue is full or the worker stops. A job hands its own result and errors over (with
  // asio::post); one that throws all the same is logged and the worker goes on.
  bool try_post(Job job);

  // Any thread. Jobs waiting or running.
  std::size_t depth() const;

  // Any thread. When the thread's loop last turned (waiting included), for the watchdog; a job that hangs lets it age,
  // one that takes long calls note_turn().
  Liveness::Clock::time_point last_turn() const { return liveness_.last_turn(); }

  // Finishes what is queued, then joins; later try_post answer false.
  void stop();

 private:
  void run();

  const std::string name_;
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;  // guarded by mutex_
  bool running_job_ = false;
  bool stopping_ = false;
  Liveness liveness_;
  std::thread thread_;
};

}  // namespace webmacs
