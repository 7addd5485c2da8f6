#include "server/token_watch.h"

#include <boost/asio/post.hpp>

#include <optional>

namespace webmacs {
namespace {

constexpr std::chrono::milliseconds look_interval{400};

}  // namespace

struct TokenWatch::State {
  // Network thread only.
  Changed changed;
  RepeatedLog failed{LogLevel::warning};
  bool looking = false;
  bool alive = true;
  // The reader's thread only.
  std::unique_ptr<Store> store;
  std::optional<std::int64_t> counter;
};

TokenWatch::TokenWatch(boost::asio::io_context& io, std::unique_ptr<Store> store, Changed changed)
    : io_(io), timer_(io), state_(std::make_shared<State>()), reader_("token-watch", 1) {
  state_->store = std::move(store);
  state_->changed = std::move(changed);
}

TokenWatch::~TokenWatch() {
  state_->alive = false;
  reader_.stop();
}

void TokenWatch::start() {
  look();
}

void TokenWatch::stop() {
  stopped_ = true;
  timer_.cancel();
}

void TokenWatch::wait() {
  timer_.expires_after(look_interval);
  timer_.async_wait([this](boost::system::error_code ec) {
    if (!ec) look();
  });
}

void TokenWatch::look() {
  if (stopped_) return;
  wait();
  if (state_->looking) return;  // the store is slow; the next look will see it
  state_->looking = reader_.try_post([&io = io_, state = state_] {
    std::optional<std::vector<TokenRecord>> tokens;
    std::string failure;
    try {
      const auto counter = state->store->change_counter();
      if (counter != state->counter) {
        tokens = state->store->tokens();
        state->counter = counter;
      }
    } catch (const StoreError& error) {
      failure = error.what();
    }
    boost::asio::post(io, [state, tokens = std::move(tokens), failure = std::move(failure)]() mutable {
      state->looking = false;
      if (!state->alive) return;
      if (!failure.empty()) state->failed.write("tokens cannot be read: " + failure + "; those known stay in force");
      if (tokens) state->changed(std::move(*tokens));
    });
  });
}

}  // namespace webmacs
