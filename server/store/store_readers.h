#pragma once
// Threads that read the store, each with a connection of its own, so that a long read delays neither the
// network nor the writer. Network thread only, but for the work itself.

#include "common/worker.h"
#include "server/store/store.h"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace webmacs {

class StoreReaders {
 public:
  StoreReaders(boost::asio::io_context& io, std::vector<std::unique_ptr<Store>> stores);
  ~StoreReaders();

  // Runs `work` on one of the threads, with null instead of its store when the hub is stopping, and hands what it
  // returns to `done` on the network thread. `work` does not throw. False when too many wait.
  template <typename Result>
  bool try_read(std::function<Result(Store*)> work, std::function<void(Result)> done) {
    const auto result = std::make_shared<Result>();
    return try_run([work = std::move(work), result](Store* store) { *result = work(store); },
                   [done = std::move(done), result] { done(std::move(*result)); });
  }
  // Runs `job` on one of the threads, with null instead of its store when the hub is stopping, then `done` on the
  // network thread, where both are destroyed. `job` does not throw. False when too many wait.
  bool try_run(std::function<void(Store*)> job, std::function<void()> done);
  // What waits runs without a store; waits for what runs.
  void stop();
  // Of the reader that is longest about it, for the watchdog.
  Liveness::Clock::time_point last_turn() const;

 private:
  struct Reader {
    std::unique_ptr<Store> store;
    std::unique_ptr<Worker> worker;
  };
  boost::asio::io_context& io_;
  std::vector<Reader> readers_;
  std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace webmacs
