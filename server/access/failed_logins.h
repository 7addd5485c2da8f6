#pragma once
// Slows failed logins down, per address: some are free, then each waits longer, up to some seconds; what is good is
// never asked here. Forgets by itself, and remembers a bounded number of addresses. Network thread only.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace webmacs {

struct FailedLoginLimits {
  int free = 10;                             // failures in a row that cost nothing
  std::chrono::milliseconds interval{1000};  // in which one failure is forgiven
  std::chrono::milliseconds longest_wait{8000};
  std::size_t addresses = 10000;  // beyond it, those not known yet share one account
};

class FailedLogins {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit FailedLogins(FailedLoginLimits limits = {}) : limits_(limits) {}

  // A login from `client` failed: how long its answer has to wait. An IPv6 client counts as its /64 network.
  std::chrono::milliseconds failed(const std::string& client, TimePoint now);

  std::uint64_t count() const { return count_; }
  std::size_t remembered() const { return forgiven_at_.size(); }

 private:
  TimePoint& account(const std::string& address, TimePoint now);

  const FailedLoginLimits limits_;
  std::map<std::string, TimePoint> forgiven_at_;  // when the address has all its free failures again
  TimePoint forget_due_{};
  std::uint64_t count_ = 0;
};

}  // namespace webmacs
