#include "server/http/connection_places.h"

#include "common/log.h"

#include <algorithm>

namespace webmacs {

struct ConnectionPlace::Counts {
  ConnectionLimitsPerHub limits;
  std::size_t all = 0;
  std::map<std::string, std::size_t> by_address;  // none is 0
  std::uint64_t refused = 0;
  RepeatedLog all_taken_log{LogLevel::warning};
  RepeatedLog share_taken_log{LogLevel::warning};

  bool trusts(const std::string& address) const {
    return std::find(limits.trusted_proxies.begin(), limits.trusted_proxies.end(), address) !=
           limits.trusted_proxies.end();
  }
  bool full(const std::string& address) const {
    const auto found = by_address.find(address);
    return found != by_address.end() && found->second >= limits.connections_per_address;
  }
};

ConnectionPlace::ConnectionPlace(std::shared_ptr<Counts> counts, std::string peer)
    : counts_(std::move(counts)), peer_(std::move(peer)) {
  ++counts_->all;
}

ConnectionPlace::~ConnectionPlace() {
  --counts_->all;
  leave_address();
}

void ConnectionPlace::leave_address() {
  if (counted_as_.empty()) return;
  const auto found = counts_->by_address.find(counted_as_);
  if (--found->second == 0) counts_->by_address.erase(found);
  counted_as_.clear();
}

bool ConnectionPlace::try_name(const std::string& client) {
  if (client == counted_as_) return true;
  if (client == peer_ && counts_->trusts(peer_)) {
    leave_address();
    return true;
  }
  if (counts_->full(client)) {
    ++counts_->refused;
    counts_->share_taken_log.write("refused a connection from " + client + ": max_connections_per_address is reached");
    return false;
  }
  leave_address();
  counted_as_ = client;
  ++counts_->by_address[client];
  return true;
}

ConnectionPlaces::ConnectionPlaces(ConnectionLimitsPerHub limits)
    : counts_(std::make_shared<ConnectionPlace::Counts>()) {
  set_limits(std::move(limits));
}

void ConnectionPlaces::set_limits(ConnectionLimitsPerHub limits) {
  counts_->limits = std::move(limits);
}

std::size_t ConnectionPlaces::taken() const {
  return counts_->all;
}

std::uint64_t ConnectionPlaces::refused() const {
  return counts_->refused;
}

std::shared_ptr<ConnectionPlace> ConnectionPlaces::try_take(const std::string& peer) {
  if (counts_->all >= counts_->limits.connections) {
    ++counts_->refused;
    counts_->all_taken_log.write("refused a connection from " + peer + ": max_connections is reached");
    return nullptr;
  }
  std::shared_ptr<ConnectionPlace> place(new ConnectionPlace(counts_, peer));
  return place->try_name(peer) ? place : nullptr;
}

}  // namespace webmacs
