#include "server/access/failed_logins.h"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace webmacs {
namespace {

constexpr std::chrono::seconds forget_interval{1};

// Whoever has one IPv6 address usually has the 2^64 of its network.
std::string accountable(const std::string& client) {
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(client, ec);
  if (ec || !address.is_v6() || address.to_v6().is_loopback()) return client;
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return boost::asio::ip::make_address_v6(bytes).to_string() + "/64";
}

}  // namespace

FailedLogins::TimePoint& FailedLogins::account(const std::string& address, TimePoint now) {
  const auto known = forgiven_at_.find(address);
  if (known != forgiven_at_.end()) return known->second;
  if (forgiven_at_.size() >= limits_.addresses && now >= forget_due_) {
    forget_due_ = now + forget_interval;
    std::erase_if(forgiven_at_, [now](const auto& entry) { return entry.second <= now; });
  }
  return forgiven_at_[forgiven_at_.size() >= limits_.addresses ? "" : address];
}

std::chrono::milliseconds FailedLogins::failed(const std::string& client, TimePoint now) {
  ++count_;
  TimePoint& forgiven_at = account(accountable(client), now);
  const auto free_until = now + limits_.free * limits_.interval;
  forgiven_at = std::min(std::max(forgiven_at, now) + limits_.interval, free_until + limits_.longest_wait);
  return std::max(std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(forgiven_at - free_until));
}

}  // namespace webmacs
