#include "common/websocket/name_lookup.h"

#include "common/host_lookup.h"

#include <boost/asio/post.hpp>

#include <cstring>
#include <mutex>
#include <utility>

namespace webmacs {
namespace {

HostLookups& look_ups() {
  static HostLookups all(8);
  return all;
}

std::vector<Tcp::endpoint> endpoints(const std::vector<SocketAddress>& addresses) {
  std::vector<Tcp::endpoint> endpoints;
  for (const SocketAddress& address : addresses) {
    Tcp::endpoint& endpoint = endpoints.emplace_back();
    std::memcpy(endpoint.data(), &address.bytes, address.size);
    endpoint.resize(address.size);
  }
  return endpoints;
}

}  // namespace

struct NameLookup::Shared : std::enable_shared_from_this<Shared> {
  // Thread of the lookup, or the network thread when there was no lookup.
  void deliver(const HostAddresses& found) {
    const std::lock_guard lock(mutex);
    if (io == nullptr) return;
    boost::asio::post(
        *io, [self = shared_from_this(), problem = found.problem, addresses = endpoints(found.addresses)]() mutable {
          const auto call = std::exchange(self->handler, nullptr);
          if (call) call(problem, std::move(addresses));
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
  look_ups().start(host, port, [shared = shared_](const HostAddresses& found) { shared->deliver(found); });
}

NameLookup::~NameLookup() {
  shared_->handler = nullptr;
  const std::lock_guard lock(shared_->mutex);
  shared_->io = nullptr;
}

}  // namespace webmacs
