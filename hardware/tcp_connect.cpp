#include "hardware/tcp_connect.h"

#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>
#include <poll.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace webmacs {
namespace {

using Clock = std::chrono::steady_clock;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

int resolve(const std::string& host, int port, int flags, Addresses& addresses) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  addresses.reset(list);
  return failure;
}

// One name look-up, shared with the thread that does it: whoever is last frees it.
struct LookUp {
  LookUp() : done(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~LookUp() {
    if (done >= 0) ::close(done);
  }
  const int done;  // readable when the look-up has ended
  std::atomic<bool> finished{false};
  int failure = 0;
  Addresses addresses;
};

// A resolver that hangs must not collect threads: no more than this many are left behind at any time.
constexpr int most_look_ups = 64;
std::atomic<int> look_ups_running{0};

std::shared_ptr<LookUp> start_look_up(const std::string& host, int port) {
  if (look_ups_running.fetch_add(1) >= most_look_ups) {
    look_ups_running.fetch_sub(1);
    return nullptr;
  }
  auto look_up = std::make_shared<LookUp>();
  // The thread inherits the mask: no signal is delivered to it.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([look_up, host, port] {
      look_up->failure = resolve(host, port, 0, look_up->addresses);
      look_up->finished.store(true, std::memory_order_release);
      look_ups_running.fetch_sub(1);
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = ::write(look_up->done, &one, sizeof one);
    }).detach();
  } catch (const std::system_error&) {
    look_ups_running.fetch_sub(1);
    look_up = nullptr;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return look_up;
}

// Empty when there are addresses; otherwise what is wrong.
std::string find_addresses(const std::string& host, int port, Clock::time_point deadline, const Interrupt& interrupt,
                           Addresses& addresses) {
  if (resolve(host, port, AI_NUMERICHOST, addresses) == 0) return {};
  const std::shared_ptr<LookUp> look_up = start_look_up(host, port);
  if (!look_up || look_up->done < 0) return "the name cannot be resolved: too many look-ups are waiting";
  interrupt.wait(look_up->done, POLLIN, deadline);
  if (!look_up->finished.load(std::memory_order_acquire)) return "the name cannot be resolved: timed out";
  if (look_up->failure != 0) return std::string("the name cannot be resolved: ") + ::gai_strerror(look_up->failure);
  addresses = std::move(look_up->addresses);
  return {};
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

std::string error_text(int error) {
  return std::generic_category().message(error);
}

// A connected socket, or -1 and why.
int try_address(const addrinfo& address, Clock::time_point deadline, const Interrupt& interrupt, std::string& error) {
  const int descriptor = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    error = error_text(errno);
    return -1;
  }
  int failure = ::connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
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
  Addresses addresses;
  connection.error = find_addresses(host, port, deadline, interrupt, addresses);
  if (!addresses) {
    connection.interrupted = interrupt.raised();
    return connection;
  }
  return connect_to_any(addresses.get(), deadline, interrupt);
}

TcpConnection connect_to_any(const addrinfo* addresses, Clock::time_point deadline, const Interrupt& interrupt) {
  TcpConnection connection;
  int untried = 0;
  for (const addrinfo* address = addresses; address != nullptr; address = address->ai_next) ++untried;
  for (const addrinfo* address = addresses; address != nullptr; address = address->ai_next, --untried) {
    // Each address gets its share of what is left, so that one that never answers leaves time for the next.
    const auto now = Clock::now();
    if (now >= deadline || interrupt.raised()) break;
    connection.descriptor = try_address(*address, now + (deadline - now) / untried, interrupt, connection.error);
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
