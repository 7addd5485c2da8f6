#pragma once
// Follows the store's tokens: what the command line created or revoked is in force within half a second, and at once
// for whoever asks with a token that is not known yet.
// Network thread only; a worker of its own reads the store.

#include "common/log.h"
#include "common/worker.h"
#include "server/store/store.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>
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
  // Calls `done` when the tokens are known as they are now, or could not be read; not after stop().
  void refresh(std::function<void()> done);
  std::chrono::steady_clock::time_point last_turn() const { return reader_.last_turn(); }

 private:
  struct State;  // shared with the jobs under way
  void wait();
  void look();
  void looked(std::optional<std::vector<TokenRecord>> tokens, const std::string& failure);

  boost::asio::io_context& io_;
  const Changed changed_;
  boost::asio::steady_timer timer_;
  RepeatedLog failed_{LogLevel::warning};
  bool looking_ = false;
  bool stopped_ = false;
  std::vector<std::function<void()>> asked_;     // after the look under way had begun: the next one answers them
  std::vector<std::function<void()>> answered_;  // by the look under way
  std::shared_ptr<State> state_;
  Worker reader_;
};

}  // namespace webmacs
