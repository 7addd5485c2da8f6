#include "server/store/store_readers.h"

#include "common/log.h"
#include "common/signals.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <pthread.h>
#include <utility>

namespace webmacs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds slice{50};
constexpr std::size_t most_waiting = 128;  // of each token
constexpr std::size_t most_paused = 32;    // threads that hold a read between its slices

}  // namespace

class StoreReaders::Read final : public ReadTurn {
 public:
  Read(StoreReaders& readers, std::function<void(Store*)> job, std::function<void()> done, ReadOwner owner)
      : readers_(readers),
        job_(std::move(job)),
        done_(std::move(done)),
        owner_(std::move(owner)),
        guard_(boost::asio::make_work_guard(readers.io_)) {}

  void offer() override { readers_.offer(*this); }
  const std::string& token() const { return owner_.token; }
  bool is_dropped() const { return owner_.gone && *owner_.gone; }
  bool slice_is_over() const { return Clock::now() >= slice_end_; }
  void begin_slice() { slice_end_ = Clock::now() + slice; }

  void work(Store* store) {
    try {
      job_(store);
    } catch (const std::exception& error) {
      log_error("a read failed and is given up: {}", error.what());
    }
  }
  // Both go to the network thread whole: nothing of the session is left to be destroyed on this one.
  void post_done() {
    boost::asio::post(readers_.io_, [job = std::move(job_), done = std::move(done_)] { done(); });
  }

  Connection* connection = nullptr;  // null: not begun. The lock's, as all that follows
  std::condition_variable go_on;
  bool may_go_on = false;

 private:
  StoreReaders& readers_;
  std::function<void(Store*)> job_;
  std::function<void()> done_;
  const ReadOwner owner_;
  const boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  Clock::time_point slice_end_;
};

StoreReaders::StoreReaders(boost::asio::io_context& io, std::vector<std::unique_ptr<Store>> stores,
                           std::size_t most_at_once)
    : io_(io), most_at_once_(std::max<std::size_t>(1, most_at_once)) {
  for (auto& store : stores) connections_.push_back({std::move(store), std::make_unique<Liveness>(), nullptr, {}});
  const std::lock_guard lock(mutex_);
  // Idle before they run: a read that comes that early needs no further one.
  for (std::size_t i = 0; i < connections_.size(); ++i) idle_.push_back(&new_thread());
}

StoreReaders::~StoreReaders() {
  stop();
}

void StoreReaders::set_most_at_once(std::size_t most_at_once) {
  const std::lock_guard lock(mutex_);
  most_at_once_ = std::max<std::size_t>(1, most_at_once);
}

bool StoreReaders::try_run(std::function<void(Store*)> job, std::function<void()> done, ReadOwner owner) {
  const std::lock_guard lock(mutex_);
  const std::string token = owner.token;
  const auto found = waiting_.find(token);
  if (stopping_ || (found != waiting_.end() && found->second.size() >= most_waiting)) return false;
  waiting_[token].push_back(std::make_unique<Read>(*this, std::move(job), std::move(done), std::move(owner)));
  if (std::find(order_.begin(), order_.end(), token) == order_.end()) order_.push_back(token);
  for (Connection& connection : connections_) {
    if (connection.at_work != nullptr) continue;
    if (Next next = take_next(connection, nullptr, true)) give(connection, std::move(next), nullptr);
    break;
  }
  return true;
}

std::size_t StoreReaders::count_at_work(const std::string& token) const {
  const auto found = at_work_.find(token);
  return found == at_work_.end() ? 0 : found->second;
}

StoreReaders::Next StoreReaders::take_next(Connection& connection, const std::string* besides, bool may_begin_one) {
  for (auto turn = order_.begin(); turn != order_.end(); ++turn) {
    if (besides != nullptr && *turn == *besides) continue;
    Next next;
    auto& paused = connection.paused;
    const auto of_token =
        std::find_if(paused.begin(), paused.end(), [&](const Read* read) { return read->token() == *turn; });
    const auto waiting = waiting_.find(*turn);
    if (of_token != paused.end()) {
      next.paused = *of_token;
      paused.erase(of_token);
    } else if (may_begin_one && waiting != waiting_.end() && count_at_work(*turn) < most_at_once_) {
      next.begun = std::move(waiting->second.front());
      waiting->second.pop_front();
      if (waiting->second.empty()) waiting_.erase(waiting);
    } else {
      continue;
    }
    const std::string token = *turn;
    order_.erase(turn);
    order_.push_back(token);
    return next;
  }
  return {};
}

StoreReaders::Thread& StoreReaders::new_thread() {
  const SignalsBlocked inherited_by_the_thread;
  Thread& thread = *threads_.emplace_back(std::make_unique<Thread>());
  thread.thread = std::thread(&StoreReaders::run_thread, this, std::ref(thread));
  return thread;
}

void StoreReaders::give(Connection& connection, Next next, Thread* free) {
  if (next.paused != nullptr) {
    connection.at_work = next.paused;
    next.paused->may_go_on = true;
    next.paused->go_on.notify_one();
    return;
  }
  connection.at_work = next.begun.get();
  next.begun->connection = &connection;
  ++at_work_[next.begun->token()];
  if (free == nullptr && !idle_.empty()) {
    free = idle_.back();
    idle_.pop_back();
  }
  Thread& thread = free != nullptr ? *free : new_thread();
  thread.to_begin = std::move(next.begun);
  thread.wake.notify_one();
}

bool StoreReaders::may_have_thread() const {
  return !idle_.empty() || threads_.size() < connections_.size() + most_paused;
}

void StoreReaders::run_thread(Thread& self) {
  pthread_setname_np(pthread_self(), "store reader");
  std::unique_lock lock(mutex_);
  for (;;) {
    std::erase(idle_, &self);
    if (self.to_begin) {
      std::unique_ptr<Read> read = std::move(self.to_begin);
      lock.unlock();
      run(self, std::move(read));
      lock.lock();
      continue;
    }
    if (stopping_) return;
    for (Connection& connection : connections_) {
      if (connection.at_work == nullptr) connection.liveness->turn();
    }
    self.last_turn = Liveness::Clock::now();
    idle_.push_back(&self);
    self.wake.wait_for(lock, longest_turn);
  }
}

void StoreReaders::run(Thread& self, std::unique_ptr<Read> read) {
  Connection& connection = *read->connection;
  connection.liveness->watch_this_thread();
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    stopping = stopping_;
  }
  read->begin_slice();
  ReadTurn::set(read.get());
  if (!read->is_dropped()) read->work(stopping ? nullptr : connection.store.get());
  ReadTurn::set(nullptr);
  const std::string token = read->token();
  read->post_done();
  const std::lock_guard lock(mutex_);
  finished(connection, token, self);
}

void StoreReaders::finished(Connection& connection, const std::string& token, Thread& by) {
  connection.at_work = nullptr;
  if (--at_work_[token] == 0) {
    at_work_.erase(token);
    if (waiting_.count(token) == 0) std::erase(order_, token);
  }
  if (Next next = take_next(connection, nullptr, true)) give(connection, std::move(next), &by);
}

void StoreReaders::offer(Read& read) {
  if (read.is_dropped()) throw ReadDropped();
  if (!read.slice_is_over()) return;
  std::unique_lock lock(mutex_);
  if (stopping_) throw ReadDropped();
  Connection& connection = *read.connection;
  if (Next next = take_next(connection, &read.token(), may_have_thread())) {
    connection.paused.push_back(&read);
    give(connection, std::move(next), nullptr);
    read.go_on.wait(lock, [&read] { return read.may_go_on; });
    read.may_go_on = false;
    connection.liveness->turn();
  }
  read.begin_slice();
  if (stopping_ || read.is_dropped()) throw ReadDropped();
}

Liveness::Clock::time_point StoreReaders::last_turn() const {
  auto oldest = Liveness::Clock::time_point::max();
  for (const Connection& connection : connections_) oldest = std::min(oldest, connection.liveness->last_turn());
  const std::lock_guard lock(mutex_);
  for (const Thread* thread : idle_) oldest = std::min(oldest, thread->last_turn);
  return oldest;
}

void StoreReaders::stop() {
  std::map<std::string, Reads> dropped;
  std::vector<std::unique_ptr<Thread>> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(waiting_);
    threads.swap(threads_);
    for (const auto& thread : threads) thread->wake.notify_one();
  }
  for (auto& [token, reads] : dropped) {
    for (const auto& read : reads) {
      read->work(nullptr);
      read->post_done();
    }
  }
  for (const auto& thread : threads) thread->thread.join();
}

}  // namespace webmacs
