// Serial lines, on a pseudo terminal pair: libmodbus opens the one end, the test answers at the other.

#include "hardware/modbus_line.h"
#include "scripted_peer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <poll.h>
#include <string>
#include <termios.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

using Bytes = ScriptedPeer::Bytes;
using Kind = ReadOutcome::Kind;

class SerialPeer {
 public:
  // Answers each request of eight bytes with what `script` makes of it and its number.
  explicit SerialPeer(std::function<Bytes(const Bytes&, int)> script)
      : script_(std::move(script)), master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE(master_ >= 0);
    REQUIRE(::grantpt(master_) == 0);
    REQUIRE(::unlockpt(master_) == 0);
    name_ = ::ptsname(master_);
    slave_ = ::open(name_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);  // kept open, so that the pair outlives a reopening
    termios raw{};
    ::tcgetattr(slave_, &raw);
    ::cfmakeraw(&raw);
    ::tcsetattr(slave_, TCSANOW, &raw);
    thread_ = std::thread([this] { serve(); });
  }
  ~SerialPeer() {
    stopping_ = true;
    thread_.join();
    ::close(slave_);
    ::close(master_);
  }
  const std::string& name() const { return name_; }
  termios line_settings() const {
    termios settings{};
    ::tcgetattr(slave_, &settings);
    return settings;
  }
  void set_line(const termios& settings) { ::tcsetattr(slave_, TCSANOW, &settings); }
  void send(const Bytes& bytes) { [[maybe_unused]] const ssize_t sent = ::write(master_, bytes.data(), bytes.size()); }

 private:
  void serve() {
    Bytes request;
    int number = 0;
    while (!stopping_) {
      pollfd wait{master_, POLLIN, 0};
      if (::poll(&wait, 1, 20) <= 0) continue;
      std::uint8_t bytes[64];
      const ssize_t size = ::read(master_, bytes, sizeof bytes);
      if (size > 0) request.insert(request.end(), bytes, bytes + size);
      if (request.size() < 8) continue;
      send(script_(request, number++));
      request.clear();
    }
  }

  const std::function<Bytes(const Bytes&, int)> script_;
  const int master_;
  int slave_ = -1;
  std::string name_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

struct Reader {
  explicit Reader(const std::string& port) : Reader(serial(port)) {}
  explicit Reader(const DeviceSettings& settings) : line(make_modbus_line(settings)) {}
  static DeviceSettings serial(const std::string& port) {
    DeviceSettings settings;
    settings.transport = Transport::rtu;
    settings.serial = port;
    settings.baud = 115200;
    return settings;
  }
  Kind read(int address, int count = 3, int unit = 1) {
    std::uint16_t words[125];
    outcome = line->read({unit, RegisterKind::holding, address, count}, {.timeout = 60ms}, words);
    for (int i = 0; outcome.kind == Kind::good && i < count; ++i) {
      if (words[i] != ScriptedPeer::value_at(unit, 3, address + i)) ++wrong_values;
    }
    return outcome.kind;
  }
  std::shared_ptr<ModbusLine> line;
  ReadOutcome outcome;
  int wrong_values = 0;
};

}  // namespace

TEST_CASE("several units on a serial line are read") {
  SerialPeer peer([](const Bytes& request, int) { return ScriptedPeer::right_reply(request); });
  Reader reader(peer.name());
  for (int unit = 1; unit < 6; ++unit) {
    CHECK(reader.read(100 * unit, 40, unit) == Kind::good);
    CHECK(reader.outcome.detail == "");
  }
  CHECK(reader.wrong_values == 0);
}

TEST_CASE("the line is set up as configured") {
  SerialPeer peer([](const Bytes& request, int) { return ScriptedPeer::right_reply(request); });
  DeviceSettings settings = Reader::serial(peer.name());
  settings.baud = 9600;
  settings.stop_bits = 2;
  Reader reader(settings);
  CHECK(reader.read(100) == Kind::good);
  const termios set = peer.line_settings();
  CHECK(::cfgetospeed(&set) == B9600);
  CHECK(::cfgetispeed(&set) == B9600);
  CHECK((set.c_cflag & CSTOPB) != 0);
  CHECK((set.c_cflag & CSIZE) == CS8);
  CHECK((set.c_lflag & (ICANON | ECHO)) == 0);  // a pseudo terminal has no parity to look at
}

TEST_CASE("frames on a serial line lie 3.5 characters apart") {
  using Clock = std::chrono::steady_clock;
  for (const auto& [baud, gap] : {std::pair(1200, 32ms), std::pair(9600, 4ms)}) {
    std::vector<Clock::time_point> replied;
    std::vector<Clock::duration> apart;
    {
      SerialPeer peer([&](const Bytes& request, int) {
        if (!replied.empty()) apart.push_back(Clock::now() - replied.back());
        replied.push_back(Clock::now());
        return ScriptedPeer::right_reply(request);
      });
      DeviceSettings settings = Reader::serial(peer.name());
      settings.baud = baud;
      Reader reader(settings);
      for (int i = 0; i < 5; ++i) CHECK(reader.read(100) == Kind::good);
    }  // its thread has ended
    REQUIRE(apart.size() == 4);
    CHECK(*std::min_element(apart.begin(), apart.end()) >= gap);
  }
}

TEST_CASE("a late serial reply does not answer the next request") {
  // A serial reply names no address: only silence and draining keep the readings apart.
  SerialPeer peer([](const Bytes& request, int number) {
    if (number == 0) std::this_thread::sleep_for(90ms);
    return ScriptedPeer::right_reply(request);
  });
  Reader reader(peer.name());
  CHECK(reader.read(100) == Kind::timeout);
  CHECK(reader.read(200) == Kind::good);
  CHECK(reader.read(300) == Kind::good);
  CHECK(reader.wrong_values == 0);
}

TEST_CASE("a late reply that comes in one piece with that to the retry answers no other request") {
  SerialPeer peer([](const Bytes& request, int number) {
    Bytes reply = ScriptedPeer::right_reply(request);
    if (number == 0) return Bytes{};
    if (number == 1) reply.insert(reply.end(), reply.begin(), reply.end());
    return reply;
  });
  Reader reader(peer.name());
  CHECK(reader.read(100) == Kind::timeout);
  CHECK(reader.read(100) == Kind::good);
  // Both have come: nothing is owed any more, and nothing is left that could be taken for an answer.
  CHECK(reader.line->wait_for_owed({1, RegisterKind::holding, 200, 3}, false, ModbusLine::Clock::now()));
  CHECK(reader.read(200) == Kind::good);
  CHECK(reader.read(300) == Kind::good);
  CHECK(reader.wrong_values == 0);
}

TEST_CASE("noise on a serial line, before a request or inside a reply, is never a value") {
  SerialPeer peer([](const Bytes& request, int number) {
    Bytes reply = ScriptedPeer::right_reply(request);
    if (number == 1) reply[5] ^= 0x20;
    if (number == 3) reply.erase(reply.end() - 3, reply.end());
    return reply;
  });
  Reader reader(peer.name());
  CHECK(reader.read(100) == Kind::good);
  CHECK(reader.read(100) == Kind::bad_reply);
  peer.send({0x00, 0xFF, 0x01});
  CHECK(reader.read(200) == Kind::good);
  CHECK(reader.read(100) == Kind::timeout);
  CHECK(reader.read(300) == Kind::good);
  CHECK(reader.wrong_values == 0);
}

TEST_CASE("bytes before and behind a serial reply are skipped, whether they come with it or not") {
  SerialPeer peer([](const Bytes& request, int number) {
    Bytes reply = ScriptedPeer::right_reply(request);
    if (number % 2 == 0) reply.insert(reply.begin(), {0x00, 0xFF});
    if (number % 3 == 0) reply.push_back(0);
    return reply;
  });
  Reader reader(peer.name());
  for (int i = 0; i < 12; ++i) {
    CHECK(reader.read(100 + i) == Kind::good);
    if (i % 4 == 0) peer.send({0});
  }
  CHECK(reader.wrong_values == 0);
  CHECK(reader.line->report().noise_bytes() >= 12);
}

TEST_CASE("an adapter that hears what it sends") {
  SerialPeer peer([](const Bytes& request, int) {
    Bytes reply = request;
    const Bytes answer = ScriptedPeer::right_reply(request);
    reply.insert(reply.end(), answer.begin(), answer.end());
    return reply;
  });
  DeviceSettings settings = Reader::serial(peer.name());
  settings.echo = true;
  Reader reader(settings);
  for (int i = 0; i < 5; ++i) CHECK(reader.read(100 + i) == Kind::good);
  CHECK(reader.line->report().noise_bytes() == 0);
  CHECK(reader.wrong_values == 0);
}

TEST_CASE("an echo that reads like the reply is not taken for it") {
  // 20 coils from 0x0300 on: the request has the length, the unit, the function and the count of its own answer.
  SerialPeer peer([](const Bytes& request, int) { return request; });
  Reader reader(peer.name());
  std::uint16_t words[20];
  for (const bool echo : {false, true}) {
    DeviceSettings settings = Reader::serial(peer.name());
    settings.echo = echo;
    const auto line = make_modbus_line(settings);
    const ReadOutcome outcome = line->read({1, RegisterKind::coil, 0x0300, 20}, {.timeout = 60ms}, words);
    CHECK_FALSE(outcome.good());
    if (!echo) CHECK(outcome.detail.find("echo = true") != std::string::npos);
  }
}

TEST_CASE("a unit that answers for another one is named") {
  SerialPeer peer([](Bytes request, int) {
    request[0] = 255;
    return ScriptedPeer::right_reply(request);
  });
  Reader reader(peer.name());
  CHECK(reader.read(100) == Kind::bad_reply);
  CHECK(reader.outcome.detail == "unit 255 answered for unit 1: write unit = 255?");
}

TEST_CASE("a slow line is granted the time that its bytes need") {
  // 45 registers at 1200 baud take 0.9 s, and the timeout of 60 ms is how long the device may think.
  SerialPeer peer([](const Bytes& request, int) {
    std::this_thread::sleep_for(300ms);
    return ScriptedPeer::right_reply(request);
  });
  DeviceSettings settings = Reader::serial(peer.name());
  settings.baud = 1200;
  Reader reader(settings);
  CHECK(reader.read(100, 45) == Kind::good);
}

TEST_CASE("a port without RS-485 is named, with what to do, and left as it was") {
  SerialPeer peer([](const Bytes& request, int) { return ScriptedPeer::right_reply(request); });
  DeviceSettings settings = Reader::serial(peer.name());
  settings.rs485 = true;
  Reader reader(settings);
  CHECK(reader.read(100) == Kind::no_connection);
  CHECK(reader.outcome.detail == "rs485 = true, but " + peer.name() +
                                     " has no RS-485 mode to switch on (Inappropriate ioctl for device); an adapter "
                                     "that switches by itself needs rs485 = false");
  CHECK(Reader(peer.name()).read(100) == Kind::good);
}

TEST_CASE("a serial line that another program has is not shared, and that program is named") {
  SerialPeer peer([](const Bytes& request, int) { return ScriptedPeer::right_reply(request); });
  Reader first(peer.name());
  CHECK(first.read(100) == Kind::good);
  Reader second(peer.name());
  CHECK(second.read(100) == Kind::no_connection);
  CHECK(second.outcome.detail == "in use by unit_hardware (process " + std::to_string(::getpid()) + ")");
  first.line->close();
  CHECK(Reader(peer.name()).read(100) == Kind::good);
}

TEST_CASE("a line that a killed program left set up is opened, and left as it was found") {
  SerialPeer peer([](const Bytes& request, int) { return ScriptedPeer::right_reply(request); });
  DeviceSettings settings = Reader::serial(peer.name());
  settings.parity = Parity::even;
  Reader dead(settings);
  CHECK(dead.read(100) == Kind::good);
  const termios left = peer.line_settings();
  dead.line->close();
  peer.set_line(left);  // as a kill leaves it: nothing was restored
  Reader next(settings);
  CHECK(next.read(100) == Kind::good);
  CHECK(next.outcome.detail == "");
  next.line->close();
  const termios after = peer.line_settings();
  CHECK(::cfgetospeed(&after) == B115200);
}

TEST_CASE("a serial port that is not there is no connection") {
  Reader reader("/dev/no-such-port");
  CHECK(reader.read(100) == Kind::no_connection);
  CHECK(reader.outcome.detail == "No such file or directory");
  Reader by_number("/dev/ttyUSB77");
  CHECK(by_number.read(100) == Kind::no_connection);
  CHECK(by_number.outcome.detail.find("/dev/serial/by-id") != std::string::npos);
}
