// webmacs-request-rate: Modbus TCP requests per second on loopback, by a bare loop over a raw socket and by the agent's
// device code with everything that it checks, in turns. The unit answers from memory, on a thread of its own. Prints
// one JSON object per number of registers.

#include "common/log.h"
#include "hardware/modbus_device.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <unistd.h>

using namespace webmacs;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr int rounds = 10;
constexpr auto round_time = 400ms;

void receive_exactly(int socket, std::uint8_t* bytes, std::size_t size) {
  for (std::size_t have = 0; have < size;) {
    const ssize_t got = ::recv(socket, bytes + have, size - have, 0);
    if (got <= 0) throw std::runtime_error("the connection ended");
    have += static_cast<std::size_t>(got);
  }
}

void no_delay(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

// Answers reads of holding registers, one client after the other's request; each client on its own thread.
class Unit {
 public:
  Unit() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no port to listen on");
    }
    port = ntohs(address.sin_port);
    std::thread([this] {
      for (;;) {
        const int client = ::accept(listener_, nullptr, nullptr);
        if (client < 0) return;
        std::thread([client] { serve(client); }).detach();
      }
    }).detach();
  }

  int port = 0;

 private:
  static void serve(int client) {
    no_delay(client);
    std::array<std::uint8_t, 12> request;
    std::array<std::uint8_t, 260> reply{};
    try {
      for (;;) {
        receive_exactly(client, request.data(), request.size());
        const int bytes = 2 * request[11];
        reply[0] = request[0];
        reply[1] = request[1];
        reply[4] = static_cast<std::uint8_t>((bytes + 3) >> 8);
        reply[5] = static_cast<std::uint8_t>(bytes + 3);
        reply[6] = request[6];
        reply[7] = request[7];
        reply[8] = static_cast<std::uint8_t>(bytes);
        ::send(client, reply.data(), static_cast<std::size_t>(9 + bytes), MSG_NOSIGNAL);
      }
    } catch (const std::exception&) {
      ::close(client);
    }
  }

  const int listener_;
};

struct Rate {
  std::uint64_t requests = 0;
  double seconds = 0;
  template <typename Exchange>
  void measure(Exchange exchange) {
    const Clock::time_point start = Clock::now();
    while (Clock::now() - start < round_time) {
      for (int i = 0; i < 20; ++i) exchange();
      requests += 20;
    }
    seconds += std::chrono::duration<double>(Clock::now() - start).count();
  }
  double per_second() const { return static_cast<double>(requests) / seconds; }
};

class BareLoop {
 public:
  BareLoop(int port, int count) : socket_(::socket(AF_INET, SOCK_STREAM, 0)), count_(count) {
    const sockaddr_in address = loopback(port);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("the unit cannot be reached");
    }
    no_delay(socket_);
  }
  ~BareLoop() { ::close(socket_); }
  void exchange() {
    const std::array<std::uint8_t, 12> request = {0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, static_cast<std::uint8_t>(count_)};
    std::array<std::uint8_t, 260> reply;
    ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
    receive_exactly(socket_, reply.data(), static_cast<std::size_t>(9 + 2 * count_));
  }

 private:
  const int socket_;
  const int count_;
};

void measure(int port, int count) {
  DeviceSettings settings;
  settings.name = "plc";
  settings.host = "127.0.0.1";
  settings.port = port;
  ModbusDevice device(settings, make_modbus_line(settings));
  std::vector<EventSettings> events(static_cast<std::size_t>(count));
  std::vector<const EventSettings*> asked;
  for (int i = 0; i < count; ++i) {
    events[static_cast<std::size_t>(i)].where.address = static_cast<std::uint16_t>(i);
    asked.push_back(&events[static_cast<std::size_t>(i)]);
  }
  const auto poll = [&] {
    if (!device.poll(asked).back().value) throw std::runtime_error("a poll failed: " + device.error());
  };
  BareLoop bare(port, count);
  Rate bare_rate;
  Rate our_rate;
  poll();
  const std::uint64_t before = device.requests();
  for (int round = 0; round < rounds; ++round) {
    bare_rate.measure([&] { bare.exchange(); });
    our_rate.measure(poll);
  }
  if (device.requests() - before != our_rate.requests) throw std::runtime_error("a poll was not one request");
  std::printf("{\"registers\": %d, \"bare\": %.1f, \"ours\": %.1f}\n", count, bare_rate.per_second(),
              our_rate.per_second());
  std::fflush(stdout);
}

}  // namespace

int main() {
  set_log_level("error");
  try {
    const Unit unit;
    for (const int count : {1, 10, 125}) measure(unit.port, count);
    std::fflush(nullptr);
    ::_exit(0);  // the unit's threads wait for clients for ever
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ::_exit(1);
  }
}
