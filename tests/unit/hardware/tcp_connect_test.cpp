#include "hardware/tcp_connect.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <poll.h>
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

TEST_CASE("names and both families of addresses are connected to") {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener, 8) == 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const Interrupt interrupt;
  for (const char* host : {"127.0.0.1", "localhost", "::ffff:127.0.0.1"}) {
    CAPTURE(host);
    const TcpConnection connection = connect_tcp(host, ntohs(address.sin_port), 5s, interrupt);
    CHECK(connection.error == "");
    REQUIRE(connection.descriptor >= 0);
    ::close(connection.descriptor);
  }
  ::close(listener);
}
