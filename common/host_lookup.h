#pragma once
// The addresses of a host's name, without waiting for the resolver: getaddrinfo(3) knows no deadline, and one that
// hangs shall hold up neither a connection attempt nor the end of the program.

#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

// As connect(2) takes it.
struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

struct HostAddresses {
  std::string problem;                   // why there are none; empty when there are some
  std::vector<SocketAddress> addresses;  // the one to try first at the front
};

class HostLookups {
 public:
  using Done = std::function<void(HostAddresses found)>;

  // Threads that still hang in the resolver are left behind, at most so many at a time. Any thread.
  explicit HostLookups(int most) : most_(most) {}

  // Looks the name up on a thread of its own, which may outlive this object, and calls `done` there, once. Where too
  // many look-ups hang or no thread is to be had, `done` says so before this function returns.
  void start(const std::string& host, const std::string& port, const Done& done);

 private:
  const int most_;
  const std::shared_ptr<std::atomic<int>> running_ = std::make_shared<std::atomic<int>>(0);
};

// Returns the addresses of a host that is written as a number ("192.0.2.1", "::1"), at once; of a name only a problem.
HostAddresses numeric_host(const std::string& host, const std::string& port);

}  // namespace webmacs
