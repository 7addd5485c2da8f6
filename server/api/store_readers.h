#pragma once
// Threads that read the store for REST, each with a connection of its own, so that a long read delays neither the
// network nor the writer. Network thread only, but for the work itself.

#include "common/worker.h"
#include "server/net/http_message.h"
#include "server/store/store.h"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace webmacs {

class StoreReaders {
 public:
  using Work = std::function<HttpResponse(Store&)>;
  using Answer = std::function<void(HttpResponse)>;

  StoreReaders(boost::asio::io_context& io, std::vector<std::unique_ptr<Store>> stores);
  ~StoreReaders();

  // Calls `answer` on the network thread with what `work` made; with 500 when it threw. False when too many wait.
  bool try_read(Work work, Answer answer);
  // Runs `job` on one of the threads, with null instead of its store when the hub is stopping, then `done` on the
  // network thread, where both are destroyed. `job` does not throw. False when too many wait.
  bool try_run(std::function<void(Store*)> job, std::function<void()> done);
  // What waits is answered 503; waits for what runs.
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
