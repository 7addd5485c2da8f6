#include "common/websocket/name_lookup.h"

#include "common/signals.h"

#include <boost/asio/post.hpp>

#include <atomic>
#include <cstring>
#include <mutex>
#include <netdb.h>
#include <system_error>
#include <thread>

namespace webmacs {
namespace {

// Threads whose lookup nobody waits for any more may still hang in the resolver.
constexpr int max_lookups = 8;
std::atomic<int> lookups_running{0};

struct Result {
  std::string problem;
  std::vector<Tcp::endpoint> addresses;
};

Result resolve(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int failure = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (failure == EAI_NONAME) {  // on a host whose only interface is loopback, AI_ADDRCONFIG finds nothing
    hints.ai_flags = AI_NUMERICSERV;
    failure = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  }
  Result result;
  if (failure != 0) {
    result.problem = failure == EAI_SYSTEM ? std::generic_category().message(errno) : gai_strerror(failure);
    return result;
  }
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    Tcp::endpoint address;
    if (entry->ai_addrlen > address.capacity()) continue;
    std::memcpy(address.data(), entry->ai_addr, entry->ai_addrlen);
    address.resize(entry->ai_addrlen);
    result.addresses.push_back(address);
  }
  freeaddrinfo(found);
  if (result.addresses.empty()) result.problem = "the name has no address";
  return result;
}

}  // namespace

struct NameLookup::Shared : std::enable_shared_from_this<Shared> {
  // Thread of the lookup, or the network thread when there was no lookup.
  void deliver(Result result) {
    const std::lock_guard lock(mutex);
    if (io == nullptr) return;
    boost::asio::post(*io, [self = shared_from_this(), result = std::move(result)]() mutable {
      const auto call = std::move(self->handler);
      self->handler = nullptr;
      if (call) call(result.problem, std::move(result.addresses));
    });
  }

  std::mutex mutex;
  boost::asio::io_context* io = nullptr;  // guarded by mutex; null once nobody waits
  Handler handler;                        // network thread only
};

NameLookup::NameLookup(boost::asio::io_context& io, const std::string& host, const std::string& port, Handler handler)
    : shared_(std::make_shared<Shared>()) {
  shared_->io = &io;
  shared_->handler = std::move(handler);
  if (++lookups_running > max_lookups) {
    --lookups_running;
    shared_->deliver({"earlier lookups still hang", {}});
    return;
  }
  const SignalsBlocked no_signals;
  try {
    std::thread([shared = shared_, host, port] {
      Result result = resolve(host, port);
      --lookups_running;
      shared->deliver(std::move(result));
    }).detach();
  } catch (const std::system_error& e) {
    --lookups_running;
    shared_->deliver({e.what(), {}});
  }
}

NameLookup::~NameLookup() {
  shared_->handler = nullptr;
  const std::lock_guard lock(shared_->mutex);
  shared_->io = nullptr;
}

}  // namespace webmacs
