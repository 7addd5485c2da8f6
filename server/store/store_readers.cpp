#include "server/store/store_readers.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace webmacs {
namespace {

constexpr std::size_t most_waiting = 64;  // of each reader

}  // namespace

StoreReaders::StoreReaders(boost::asio::io_context& io, std::vector<std::unique_ptr<Store>> stores) : io_(io) {
  for (auto& store : stores) {
    readers_.push_back({std::move(store), std::make_unique<Worker>("store reader", most_waiting)});
  }
}

StoreReaders::~StoreReaders() {
  stop();
}

bool StoreReaders::try_run(std::function<void(Store*)> job, std::function<void()> done) {
  const auto idlest = std::min_element(readers_.begin(), readers_.end(), [](const Reader& a, const Reader& b) {
    return a.worker->depth() < b.worker->depth();
  });
  return idlest->worker->try_post([job = std::move(job), done = std::move(done), &io = io_, store = idlest->store.get(),
                                   stopping = stopping_, guard = boost::asio::make_work_guard(io_)]() mutable {
    job(*stopping ? nullptr : store);
    // Both go to the network thread whole: nothing of the session is left to be destroyed on this one.
    boost::asio::post(io, [job = std::move(job), done = std::move(done)] { done(); });
  });
}

Liveness::Clock::time_point StoreReaders::last_turn() const {
  auto oldest = Liveness::Clock::time_point::max();
  for (const Reader& reader : readers_) oldest = std::min(oldest, reader.worker->last_turn());
  return oldest;
}

void StoreReaders::stop() {
  *stopping_ = true;
  for (Reader& reader : readers_) reader.worker->stop();
}

}  // namespace webmacs
