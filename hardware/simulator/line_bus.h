#pragma once
// The wire behind a gateway or serial server: one request at a time, in the order in which they came, whoever sent
// them. Network thread only.

#include <deque>
#include <functional>
#include <utility>

namespace webmacs {

class LineBus {
 public:
  using Job = std::function<void()>;

  // The job is begun when those before it have ended, now or later; it ends by release(), at once or later. False, and
  // it is never begun, when too many wait.
  bool take(Job job) {
    if (waiting_.size() >= most_waiting) return false;
    waiting_.push_back(std::move(job));
    run();
    return true;
  }

  void release() {
    busy_ = false;
    run();
  }

 private:
  static constexpr std::size_t most_waiting = 100;

  void run() {
    if (running_) return;
    running_ = true;
    while (!busy_ && !waiting_.empty()) {
      busy_ = true;
      const Job job = std::move(waiting_.front());
      waiting_.pop_front();
      job();
    }
    running_ = false;
  }

  std::deque<Job> waiting_;
  bool busy_ = false;
  bool running_ = false;
};

}  // namespace webmacs
