#pragma once
// Threads that read the store, each connection used by one of them at a time, so that a long read delays neither the
// network nor the writer. Reads of one token are done in order; those of several take turns, a slice of time each: a
// small read never waits for all that another token has asked for. Network thread only, but for the work itself.

#include "common/liveness.h"
#include "server/store/read_turn.h"
#include "server/store/store.h"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace webmacs {

// Whose read it is, and whether somebody still waits for it.
struct ReadOwner {
  std::string token;                              // reads of equal ones are done in order
  std::shared_ptr<const std::atomic<bool>> gone;  // true: nobody waits any more; null: somebody always does
};

class StoreReaders {
 public:
  // `most_at_once`: reads of one token that are at work together, at least 1.
  StoreReaders(boost::asio::io_context& io, std::vector<std::unique_ptr<Store>> stores, std::size_t most_at_once = 4);
  ~StoreReaders();
  StoreReaders(const StoreReaders&) = delete;
  StoreReaders& operator=(const StoreReaders&) = delete;

  // How many reads of one token are at work together, from now on.
  void set_most_at_once(std::size_t most_at_once);

  // Runs `work` on one of the threads, with null instead of its store when the hub is stopping, and hands what it
  // returns to `done` on the network thread. `work` does not throw. False when too many of this token wait.
  template <typename Result>
  bool try_read(std::function<Result(Store*)> work, std::function<void(Result)> done, const ReadOwner& owner = {}) {
    const auto result = std::make_shared<Result>();
    return try_run([work = std::move(work), result](Store* store) { *result = work(store); },
                   [done = std::move(done), result] { done(std::move(*result)); }, owner);
  }
  // Runs `job` on one of the threads, with null instead of its store when the hub is stopping, then `done` on the
  // network thread, where both are destroyed. `job` does not throw. False when too many of this token wait. A job whose
  // owner is gone before it has begun is not run; `done` is called all the same.
  bool try_run(std::function<void(Store*)> job, std::function<void()> done, ReadOwner owner = {});
  // What waits runs without a store; waits for what runs.
  void stop();
  // Of the connection whose thread is longest about it, or of the idle thread that is, for the watchdog.
  Liveness::Clock::time_point last_turn() const;

 private:
  class Read;
  // Each thread has its own `wake`: a thread that hangs holds up nobody who wakes another one.
  struct Thread {
    std::thread thread;
    std::condition_variable wake;
    std::unique_ptr<Read> to_begin;  // null: nothing to do
    Liveness::Clock::time_point last_turn = Liveness::Clock::now();
  };
  struct Connection {
    std::unique_ptr<Store> store;
    std::unique_ptr<Liveness> liveness;
    Read* at_work = nullptr;   // null: idle
    std::deque<Read*> paused;  // begun here, and waiting for the next slice
  };
  using Reads = std::deque<std::unique_ptr<Read>>;

  // What a connection does next: a read that was paused on it, or one that is to be begun. Neither: nothing.
  struct Next {
    Read* paused = nullptr;
    std::unique_ptr<Read> begun;
    explicit operator bool() const { return paused != nullptr || begun != nullptr; }
  };

  void run_thread(Thread& self);
  void run(Thread& self, std::unique_ptr<Read> read);
  // Called by a read between two statements. Throws ReadDropped.
  void offer(Read& read);
  // All of these with the lock held. `besides`: not of this token; null: of any. `free`: a thread that is about to be
  // idle; null: none is.
  Next take_next(Connection& connection, const std::string* besides, bool may_begin_one);
  void give(Connection& connection, Next next, Thread* free);
  void finished(Connection& connection, const std::string& token, Thread& by);
  Thread& new_thread();
  bool may_have_thread() const;
  std::size_t count_at_work(const std::string& token) const;

  boost::asio::io_context& io_;
  mutable std::mutex mutex_;
  std::vector<Connection> connections_;
  std::map<std::string, Reads> waiting_;        // by token; none is empty
  std::map<std::string, std::size_t> at_work_;  // begun and not done, by token
  std::deque<std::string> order_;               // of the tokens that have something to do: whose turn is next
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<Thread*> idle_;
  std::size_t most_at_once_;
  bool stopping_ = false;
};

}  // namespace webmacs
