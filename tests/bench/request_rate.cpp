// webmacs-request-rate [ROUNDS]: Modbus TCP requests per second on loopback, by a bare loop over a raw socket, by
// libmodbus and by the agent's device code with everything that it checks, with one request in flight and with eight.
// They take turns of 50 ms, so that whatever else the machine does hits all alike; a ratio is the median over the
// rounds. The unit answers from memory, on a thread of its own, all that it has received at once. Prints one JSON
// object per number of registers, and one for the requests in flight.

#include "common/log.h"
#include "hardware/modbus_device.h"

#include <modbus/modbus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sched.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace webmacs;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr int usual_rounds = 80;
constexpr auto turn_time = 50ms;

// The n-th processor that there is for us, if there are so many. Two threads that wake each other by turns are several
// times as quick on one processor as on two: without a fixed place it would be luck that is measured. The unit gets one
// of its own, as a real one has.
void stay_on_processor(int n) {
  cpu_set_t all;
  if (::sched_getaffinity(0, sizeof all, &all) != 0 || CPU_COUNT(&all) <= n) return;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &all) || n-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ::sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

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
        std::thread([client] {
          stay_on_processor(1);
          serve(client);
        }).detach();
      }
    }).detach();
  }

  int port = 0;

 private:
  static void serve(int client) {
    no_delay(client);
    std::array<std::uint8_t, 16 * 12> requests;
    std::vector<std::uint8_t> replies;
    std::size_t have = 0;
    for (;;) {
      const ssize_t got = ::recv(client, requests.data() + have, requests.size() - have, 0);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
      replies.clear();
      std::size_t at = 0;
      for (; at + 12 <= have; at += 12) answer(requests.data() + at, replies);
      std::copy(requests.begin() + static_cast<long>(at), requests.begin() + static_cast<long>(have), requests.begin());
      have -= at;
      ::send(client, replies.data(), replies.size(), MSG_NOSIGNAL);
    }
    ::close(client);
  }

  static void answer(const std::uint8_t* request, std::vector<std::uint8_t>& replies) {
    const int bytes = 2 * request[11];
    const auto rest = static_cast<std::uint8_t>(bytes + 3);
    replies.insert(replies.end(),
                   {request[0], request[1], 0, 0, 0, rest, request[6], request[7], static_cast<std::uint8_t>(bytes)});
    replies.resize(replies.size() + static_cast<std::size_t>(bytes));
  }

  const int listener_;
};

// One turn: exchanges per second.
template <typename Exchange>
double rate_of(Exchange exchange) {
  const Clock::time_point start = Clock::now();
  std::uint64_t requests = 0;
  while (Clock::now() - start < turn_time) {
    for (int i = 0; i < 20; ++i) exchange();
    requests += 20;
  }
  return static_cast<double>(requests) / std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

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

class LibmodbusLoop {
 public:
  explicit LibmodbusLoop(int port) : context_(::modbus_new_tcp("127.0.0.1", port)) {
    ::modbus_set_slave(context_, 1);
    if (::modbus_connect(context_) != 0) throw std::runtime_error("libmodbus does not reach the unit");
  }
  ~LibmodbusLoop() {
    ::modbus_close(context_);
    ::modbus_free(context_);
  }
  void exchange() {
    std::uint16_t word = 0;
    if (::modbus_read_registers(context_, 0, 1, &word) != 1) throw std::runtime_error("libmodbus has no answer");
  }

 private:
  modbus_t* const context_;
};

DeviceSettings unit_at(int port) {
  DeviceSettings settings;
  settings.name = "plc";
  settings.host = "127.0.0.1";
  settings.port = port;
  return settings;
}

// Eight registers that lie too far apart for one request: requests per second, by how many are in flight.
void measure_in_flight(int port, int rounds) {
  constexpr int reads = 8;
  std::vector<EventSettings> events(reads);
  std::vector<const EventSettings*> asked;
  for (int i = 0; i < reads; ++i) {
    events[static_cast<std::size_t>(i)].where.address = static_cast<std::uint16_t>(1000 * i);
    asked.push_back(&events[static_cast<std::size_t>(i)]);
  }
  DeviceSettings settings = unit_at(port);
  ModbusDevice one(settings, make_modbus_line(settings));
  settings.pipeline = reads;
  ModbusDevice eight(settings, make_modbus_line(settings));
  const auto poll = [&](ModbusDevice& device) {
    if (!device.poll(asked).back().value) throw std::runtime_error("a poll failed: " + device.error());
  };
  LibmodbusLoop libmodbus(port);
  std::vector<double> libmodbus_rates;
  std::vector<double> one_ratios;
  std::vector<double> eight_ratios;
  for (int round = 0; round <= rounds; ++round) {
    const double base = rate_of([&] { libmodbus.exchange(); });
    const double with_one = reads * rate_of([&] { poll(one); });
    const double with_eight = reads * rate_of([&] { poll(eight); });
    if (round == 0) continue;  // warm now
    libmodbus_rates.push_back(base);
    one_ratios.push_back(with_one / base);
    eight_ratios.push_back(with_eight / base);
  }
  if (one.requests() % reads != 0 || eight.requests() % reads != 0) {
    throw std::runtime_error("a poll was not eight requests");
  }
  std::printf("{\"libmodbus\": %.1f, \"one\": %.4f, \"eight\": %.4f}\n", median(libmodbus_rates), median(one_ratios),
              median(eight_ratios));
  std::fflush(stdout);
}

void measure(int port, int count, int rounds) {
  const DeviceSettings settings = unit_at(port);
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
  std::vector<double> bare_rates;
  std::vector<double> our_rates;
  std::vector<double> ratios;
  std::uint64_t polls = 0;
  for (int round = 0; round <= rounds; ++round) {
    const double bare_rate = rate_of([&] { bare.exchange(); });
    const double our_rate = rate_of([&] {
      poll();
      ++polls;
    });
    if (round == 0) continue;  // warm now
    bare_rates.push_back(bare_rate);
    our_rates.push_back(our_rate);
    ratios.push_back(our_rate / bare_rate);
  }
  if (device.requests() != polls) throw std::runtime_error("a poll was not one request");
  std::printf("{\"registers\": %d, \"bare\": %.1f, \"ours\": %.1f, \"ratio\": %.4f}\n", count, median(bare_rates),
              median(our_rates), median(ratios));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  set_log_level("error");
  const int rounds = argc > 1 ? std::atoi(argv[1]) : usual_rounds;
  if (argc > 2 || rounds < 1) {
    std::fputs("webmacs-request-rate [ROUNDS]\n", stderr);
    return 2;
  }
  try {
    const Unit unit;
    stay_on_processor(0);
    for (const int count : {1, 10, 125}) measure(unit.port, count, rounds);
    measure_in_flight(unit.port, rounds);
    std::fflush(nullptr);
    ::_exit(0);  // the unit's threads wait for clients for ever
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ::_exit(1);
  }
}
