#include "hardware/tcp_connect.h"

#include "common/error_text.h"
#include "common/host_lookup.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <poll.h>
#include <system_error>
#include <unistd.h>

namespace webmacs {
namespace {

using Clock = std::chrono::steady_clock;

HostLookups& look_ups() {
  static HostLookups all(64);  // more than a rig has devices
  return all;
}

// One look-up, shared with the thread that does it: whoever is last frees it.
struct LookUp {
  LookUp() : done(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~LookUp() {
    if (done >= 0) ::close(done);
  }
  const int done;  // readable when the look-up has ended
  std::atomic<bool> finished{false};
  HostAddresses found;
};

HostAddresses find_addresses(const std::string& host, const std::string& port, Clock::time_point deadline,
                             const Interrupt& interrupt) {
  auto numeric = numeric_host(host, port);
  if (!numeric.addresses.empty()) return numeric;
  const auto look_up = std::make_shared<LookUp>();
  if (look_up->done < 0) return {error_text(errno), {}};
  look_ups().start(host, port, [look_up](HostAddresses found) {
    look_up->found = std::move(found);
    look_up->finished.store(true, std::memory_order_release);
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(look_up->done, &one, sizeof one);
  });
  interrupt.wait(look_up->done, POLLIN, deadline);
  if (!look_up->finished.load(std::memory_order_acquire)) return {"timed out", {}};
  return std::move(look_up->found);
}

void set_options(int descriptor) {
  const auto set = [descriptor](int level, int option, int value) {
    ::setsockopt(descriptor, level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  // A device that lost its power is noticed between two slow polls too.
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

// A connected socket, or -1 and why.
int try_address(const SocketAddress& address, Clock::time_point deadline, const Interrupt& interrupt,
                std::string& error) {
  const int descriptor = ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    error = error_text(errno);
    return -1;
  }
  int failure = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) == 0 ? 0 : errno;
  if (failure == EINPROGRESS || failure == EINTR) {
    if (interrupt.wait(descriptor, POLLOUT, deadline) == Interrupt::Wake::ready) {
      socklen_t size = sizeof failure;
      ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size);
    } else {
      failure = ETIMEDOUT;
    }
  }
  if (failure == 0) {
    set_options(descriptor);
    return descriptor;
  }
  error = failure == ETIMEDOUT ? "timed out" : error_text(failure);
  ::close(descriptor);
  return -1;
}

}  // namespace

TcpConnection connect_tcp(const std::string& host, int port, std::chrono::microseconds timeout,
                          const Interrupt& interrupt) {
  TcpConnection connection;
  const auto deadline = Clock::now() + timeout;
  const HostAddresses host_addresses = find_addresses(host, std::to_string(port), deadline, interrupt);
  if (host_addresses.addresses.empty()) {
    connection.error = "the name cannot be resolved: " + host_addresses.problem;
    connection.interrupted = interrupt.raised();
    return connection;
  }
  return connect_to_any(host_addresses.addresses, deadline, interrupt);
}

TcpConnection connect_to_any(const std::vector<SocketAddress>& addresses, Clock::time_point deadline,
                             const Interrupt& interrupt) {
  TcpConnection connection;
  auto untried = static_cast<int>(addresses.size());
  for (const SocketAddress& address : addresses) {
    // Each address gets its share of what is left, so that one that never answers leaves time for the next.
    const auto now = Clock::now();
    if (now >= deadline || interrupt.raised()) break;
    connection.descriptor = try_address(address, now + (deadline - now) / untried--, interrupt, connection.error);
    if (connection.descriptor >= 0) {
      connection.error.clear();  // of the addresses before
      return connection;
    }
  }
  connection.interrupted = interrupt.raised();
  if (connection.error.empty()) connection.error = "timed out";
  return connection;
}

}  // namespace webmacs
