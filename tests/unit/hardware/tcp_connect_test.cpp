#include "hardware/tcp_connect.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <cstdint>
#include <poll.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

// A port that answers no connection attempt: its queue of connections is full, and nobody accepts.
class BlackHole {
 public:
  BlackHole() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address_), size) == 0);
    REQUIRE(::listen(listener_, 0) == 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size);
    // Filled once an attempt stays unanswered.
    bool answered = true;
    while (answered) {
      const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      ::connect(socket, reinterpret_cast<sockaddr*>(&address_), size);
      sockets_.push_back(socket);
      pollfd wait{socket, POLLOUT, 0};
      answered = ::poll(&wait, 1, 50) > 0;
    }
  }
  ~BlackHole() {
    for (const int socket : sockets_) ::close(socket);
    ::close(listener_);
  }
  int port() const { return ntohs(address_.sin_port); }

 private:
  int listener_;
  sockaddr_in address_{};
  std::vector<int> sockets_;
};

}  // namespace

TEST_CASE("a host that answers nothing costs the timeout and no more") {
  const BlackHole hole;
  const Interrupt interrupt;
  const auto start = Clock::now();
  const TcpConnection connection = connect_tcp("127.0.0.1", hole.port(), 200ms, interrupt);
  CHECK(connection.descriptor < 0);
  CHECK(connection.error == "timed out");
  CHECK_FALSE(connection.interrupted);
  CHECK(Clock::now() - start >= 200ms);
  CHECK(Clock::now() - start < 1s);
}

TEST_CASE("an interrupt ends the wait for a host that answers nothing") {
  const BlackHole hole;
  Interrupt interrupt;
  std::thread stopper([&] {
    std::this_thread::sleep_for(50ms);
    interrupt.raise();
  });
  const auto start = Clock::now();
  const TcpConnection connection = connect_tcp("127.0.0.1", hole.port(), 60s, interrupt);
  CHECK(connection.descriptor < 0);
  CHECK(connection.interrupted);
  CHECK(Clock::now() - start < 5s);
  stopper.join();
}

TEST_CASE("a name that does not exist is said to be the trouble") {
  const Interrupt interrupt;
  const TcpConnection connection = connect_tcp("no-such-host.invalid", 502, 5s, interrupt);
  CHECK(connection.descriptor < 0);
  CHECK(connection.error.find("the name cannot be resolved") == 0);
}

namespace {

// Listens on 127.0.0.1 alone.
class Listener {
 public:
  Listener() {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address_), size) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size);
  }
  ~Listener() { ::close(listener_); }
  int port() const { return ntohs(address_.sin_port); }

 private:
  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address_{};
};

// What a resolver would have answered for a name with these addresses, in this order.
std::vector<SocketAddress> addresses_of(const std::vector<std::string>& numbers, int port) {
  std::vector<SocketAddress> addresses;
  for (const std::string& number : numbers) {
    addresses.push_back(numeric_host(number, std::to_string(port)).addresses.at(0));
  }
  return addresses;
}

}  // namespace

TEST_CASE("a name whose first address refuses is connected to at its second, and no error is left") {
  const Listener listener;
  const Interrupt interrupt;
  const auto addresses = addresses_of({"127.0.0.2", "127.0.0.1"}, listener.port());
  const TcpConnection connection = connect_to_any(addresses, Clock::now() + 5s, interrupt);
  CHECK(connection.error == "");
  REQUIRE(connection.descriptor >= 0);
  ::close(connection.descriptor);
}

TEST_CASE("of a name whose addresses all refuse the last one's error is told") {
  const Listener listener;
  const Interrupt interrupt;
  const auto addresses = addresses_of({"127.0.0.2", "127.0.0.3"}, listener.port());
  const TcpConnection connection = connect_to_any(addresses, Clock::now() + 5s, interrupt);
  CHECK(connection.descriptor < 0);
  CHECK(connection.error == "Connection refused");
}

TEST_CASE("names and both families of addresses are connected to") {
  const Listener listener;
  const Interrupt interrupt;
  for (const char* host : {"127.0.0.1", "localhost", "::ffff:127.0.0.1"}) {
    CAPTURE(host);
    const TcpConnection connection = connect_tcp(host, listener.port(), 5s, interrupt);
    CHECK(connection.error == "");
    REQUIRE(connection.descriptor >= 0);
    ::close(connection.descriptor);
  }
}
