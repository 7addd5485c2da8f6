#pragma once
// Follows the store's tokens: what the command line created or revoked is in force within half a second.
// Network thread only; a worker of its own reads the store.

#include "common/log.h"
#include "common/worker.h"
#include "server/store/store.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

class TokenWatch {
 public:
  using Changed = std::function<void(std::vector<TokenRecord> tokens)>;  // network thread

  // `store` is the watch's own.
  TokenWatch(boost::asio::io_context& io, std::unique_ptr<Store> store, Changed changed);
  ~TokenWatch();
  void start();
  void stop();
  std::chrono::steady_clock::time_point last_turn() const { return reader_.last_turn(); }

 private:
  struct State;  // shared with the jobs under way
  void wait();
  void look();

  boost::asio::io_context& io_;
  boost::asio::steady_timer timer_;
  bool stopped_ = false;
  std::shared_ptr<State> state_;
  Worker reader_;
};

}  // namespace webmacs
