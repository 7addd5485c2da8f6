#include "server/access/token_watch.h"

#include <boost/asio/post.hpp>

#include <utility>

namespace webmacs {
namespace {

constexpr std::chrono::milliseconds look_interval{400};

}  // namespace

// What a look under way needs, which may outlive the watch.
struct TokenWatch::State {
  // The reader's thread only.
  std::unique_ptr<Store> store;
  std::optional<std::int64_t> counter;
  // Network thread only; null once the watch is gone.
  TokenWatch* watch = nullptr;
};

TokenWatch::TokenWatch(boost::asio::io_context& io, std::unique_ptr<Store> store, Changed changed)
    : io_(io), changed_(std::move(changed)), timer_(io), state_(std::make_shared<State>()), reader_("token-watch", 1) {
  state_->store = std::move(store);
  state_->watch = this;
}

TokenWatch::~TokenWatch() {
  state_->watch = nullptr;
  reader_.stop();
}

void TokenWatch::start() {
  wait();
  look();
}

void TokenWatch::stop() {
  stopped_ = true;
  timer_.cancel();
  asked_.clear();
  answered_.clear();
}

void TokenWatch::refresh(std::function<void()> done) {
  if (stopped_) return;
  asked_.push_back(std::move(done));
  look();
}

void TokenWatch::wait() {
  timer_.expires_after(look_interval);
  timer_.async_wait([this](boost::system::error_code ec) {
    if (ec || stopped_) return;
    wait();
    look();
  });
}

void TokenWatch::look() {
  if (looking_ || stopped_) return;
  looking_ = true;
  answered_.swap(asked_);
  reader_.try_post([&io = io_, state = state_] {
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
      if (state->watch) state->watch->looked(std::move(tokens), failure);
    });
  });
}

void TokenWatch::looked(std::optional<std::vector<TokenRecord>> tokens, const std::string& failure) {
  looking_ = false;
  if (stopped_) return;
  if (!failure.empty()) failed_.write("tokens cannot be read: " + failure + "; those known stay in force");
  if (tokens) changed_(std::move(*tokens));
  for (const auto& done : std::exchange(answered_, {})) done();
  if (!asked_.empty()) look();
}

}  // namespace webmacs
