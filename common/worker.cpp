#include "common/worker.h"

#include "common/log.h"
#include "common/signals.h"

#include <exception>
#include <pthread.h>
#include <utility>

namespace webmacs {

Worker::Worker(std::string name, std::size_t capacity) : name_(std::move(name)), capacity_(capacity) {
  const SignalsBlocked inherited_by_the_thread;
  thread_ = std::thread(&Worker::run, this);
}

Worker::~Worker() {
  stop();
}

bool Worker::try_post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || jobs_.size() >= capacity_) return false;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

std::size_t Worker::depth() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size() + (running_job_ ? 1 : 0);
}

void Worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Worker::run() {
  constexpr std::size_t longest_thread_name = 15;
  pthread_setname_np(pthread_self(), name_.substr(0, longest_thread_name).c_str());
  liveness_.watch_this_thread();

  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    liveness_.turn();
    if (jobs_.empty()) {
      if (stopping_) return;
      wake_.wait_for(lock, longest_turn);
      continue;
    }
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    running_job_ = true;
    lock.unlock();
    try {
      job();
    } catch (const std::exception& error) {
      log_error("{}: a job failed and is given up: {}", name_, error.what());
    } catch (...) {
      log_error("{}: a job failed and is given up: unknown exception", name_);
    }
    job = nullptr;  // what it captured is destroyed before the lock is taken again
    lock.lock();
    running_job_ = false;
  }
}

}  // namespace webmacs
