// What a unit refuses: found by halving, remembered, forgotten.

#include "modbus_device_tools.h"
#include "unit/capture_stderr.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <utility>

using namespace webmacs;
using namespace webmacs::device_tests;

TEST_CASE("a hole is found by halving, everything else is delivered in the same poll, and it is remembered") {
  ScriptedPeer peer(with_holes({140}));
  Polled polled(plc(peer.port()));
  std::vector<int> addresses;
  for (int i = 0; i < 100; ++i) addresses.push_back(100 + i);
  const auto events = events_at(addresses);
  const std::uint64_t first = polled.poll(events);
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (addresses[i] == 140) {
      CHECK_FALSE(polled.values[i].value);
      CHECK(polled.values[i].reason == "exception 2");
    } else {
      CHECK(polled.values[i].value == ScriptedPeer::value_at(1, 3, addresses[i]));
    }
  }
  CHECK(first <= 1 + 2 * 7 + 2);  // 2·log2(100) + 2 beside the one that failed
  CHECK(polled.poll(events) == 2);
  CHECK(polled.values[40].reason == "exception 2");
  CHECK(polled.device.error() == "");
}

TEST_CASE("a hole between two values costs only their being merged") {
  ScriptedPeer peer(with_holes({103}));
  Polled polled(plc(peer.port()));
  const auto events = events_at({100, 101, 102, 104, 105});
  polled.poll(events);
  check_right(events, polled.values);
  CHECK(polled.poll(events) == 2);
  check_right(events, polled.values);
}

TEST_CASE("a hole is forgotten after a reconnect") {
  std::atomic<bool> hole{true};
  const auto script = with_holes({101});
  ScriptedPeer peer([&](const Bytes& request, int number) { return hole ? script(request, number) : right(request); });
  Polled polled(plc(peer.port()));
  const auto events = events_at({100, 101, 102});
  polled.poll(events);
  CHECK(polled.values[1].reason == "exception 2");
  hole = false;
  peer.drop_connections();
  polled.poll(events);  // finds the connection gone, reads around the hole on the new one
  polled.poll(events);
  check_right(events, polled.values);
  CHECK(polled.poll(events) == 1);
}

TEST_CASE("a value that was refused is asked for again after a while, without a reconnect") {
  std::atomic<bool> hole{true};
  const auto script = with_holes({101});
  ScriptedPeer peer([&](const Bytes& request, int number) { return hole ? script(request, number) : right(request); });
  Polled polled(plc(peer.port()), {utc_now, standing_clock});
  const auto events = events_at({100, 101, 102});
  polled.poll(events);
  CHECK(polled.values[1].reason == "exception 2");
  hole = false;
  steady_now += 999ms;
  CHECK(polled.poll(events) == 2);
  CHECK(polled.values[1].reason == "exception 2");
  steady_now += 1ms;
  polled.poll(events);
  check_right(events, polled.values);
  CHECK(polled.poll(events) == 1);
  CHECK(peer.connections() == 1);
}

TEST_CASE("a refusal in passing costs requests for a minute, not for ever") {
  std::atomic<bool> refuses{true};
  ScriptedPeer peer([&](const Bytes& request, int) {
    const bool merged = (request[10] << 8 | request[11]) > 3;
    return refuses && merged ? exception(request, 2) : right(request);
  });
  Polled polled(plc(peer.port()), {utc_now, standing_clock});
  const auto events = events_at({100, 101, 102, 103, 104});
  CHECK(polled.poll(events) == 3);  // refused, and its halves
  check_right(events, polled.values);
  refuses = false;
  CHECK(polled.poll(events) == 2);
  steady_now += 59s;
  CHECK(polled.poll(events) == 2);
  steady_now += 1s;
  CHECK(polled.poll(events) == 1);
  check_right(events, polled.values);
  CHECK(peer.connections() == 1);
}

TEST_CASE(
    "a hole between two values that stays is looked for more and more seldom, and every value is read all the time") {
  ScriptedPeer peer(with_holes({103}));
  Polled polled(plc(peer.port()), {utc_now, standing_clock});
  const auto events = events_at({100, 101, 102, 104, 105});
  for (const std::chrono::seconds lasts : {1min, 2min, 4min, 8min}) {
    CHECK(polled.poll(events) > 2);
    check_right(events, polled.values);
    for (int poll = 0; poll < 3; ++poll) {
      steady_now += lasts / 4;
      CHECK(polled.poll(events) == 2);
      check_right(events, polled.values);
    }
    steady_now += lasts / 4;
  }
}

// Devices are silent, hang up, or answer 1 or 4 or with fewer registers, where the standard wants 2 or 3.
TEST_CASE("a merged read that fails in whatever way is halved in the same poll, remembered and tried again") {
  const std::vector<std::pair<std::string, ScriptedPeer::Script>> ways = {
      {"exception 1", [](const Bytes& request, int) { return exception(request, 1); }},
      {"exception 4", [](const Bytes& request, int) { return exception(request, 4); }},
      {"silence", [](const Bytes&, int) { return Reaction(); }},
      {"hanging up",
       [](const Bytes&, int) {
         Reaction reaction;
         reaction.close = true;
         return reaction;
       }},
      {"fewer registers", [](const Bytes& request, int) {
         Reaction reaction = right(request);
         const std::size_t fewer = static_cast<std::size_t>(request[11] - 1);
         reaction.bytes.resize(9 + 2 * fewer);
         reaction.bytes[5] = static_cast<std::uint8_t>(3 + 2 * fewer);
         reaction.bytes[8] = static_cast<std::uint8_t>(2 * fewer);
         return reaction;
       }}};
  for (const auto& [name, fails] : ways) {
    CAPTURE(name);
    for (const int hole : {103, 104}) {  // between the values, and one of them
      CAPTURE(hole);
      std::atomic<bool> there{true};
      ScriptedPeer peer([&, &fails = fails](const Bytes& request, int number) {
        const int first = request[8] << 8 | request[9];
        const int count = request[10] << 8 | request[11];
        return there && first <= hole && hole < first + count ? fails(request, number) : right(request);
      });
      Polled polled(plc(peer.port()), {utc_now, standing_clock});
      const auto events = events_at({100, 101, 102, 104, 105, 300});
      const auto check_values = [&] {
        for (std::size_t i = 0; i < events.size(); ++i) {
          CHECK(polled.values[i].value.has_value() == (events[i].where.address != hole));
        }
        CHECK(polled.device.error() == "");
      };
      for (int poll = 0; poll < 3; ++poll) {
        polled.poll(events);
        check_values();
      }
      CHECK(polled.poll(events) <= 4);  // the hole is known
      check_values();
      there = false;
      steady_now += 10min;
      polled.poll(events);
      check_right(events, polled.values);
      steady_now += 10min;
      polled.poll(events);
      CHECK(polled.poll(events) == 2);  // merged again
      check_right(events, polled.values);
    }
  }
}

TEST_CASE("a unit of which the very first read is silent is read all the same, from its second poll on") {
  ScriptedPeer peer([](const Bytes& request, int) {
    const int first = request[8] << 8 | request[9];
    const int count = request[10] << 8 | request[11];
    return first <= 102 && 102 < first + count ? Reaction() : right(request);
  });
  Polled polled(plc(peer.port()), {utc_now, standing_clock});
  const auto events = events_at({100, 101, 102, 103, 104});
  for (int poll = 0; poll < 4; ++poll) polled.poll(events);
  for (std::size_t i = 0; i < events.size(); ++i) CHECK(polled.values[i].value.has_value() == (i != 2));
  CHECK(polled.values[2].reason == "timeout");
  CHECK(polled.device.error() == "");
  CHECK(polled.poll(events) == 2);
}

TEST_CASE(
    "a whole range that stays silent costs a few polls and then a twentieth of the time, and what is well is read") {
  // Everything from 60 on is silent; 75 is well from the tenth minute on.
  bool returned = false;
  ScriptedPeer peer([&](const Bytes& request, int) {
    const int first = request[8] << 8 | request[9];
    const int count = request[10] << 8 | request[11];
    return first + count <= 60 || (returned && first == 75 && count == 1) ? right(request) : Reaction();
  });
  Polled polled(plc(peer.port()), {utc_now, standing_clock});
  std::vector<int> addresses{0, 2, 50};
  for (int address = 60; address < 90; address += 3) addresses.push_back(address);
  const auto events = events_at(addresses);
  for (int poll = 0; poll < 8; ++poll) {
    polled.poll(events);
    CHECK(polled.values[0].value);
    CHECK(polled.values[1].value);
    steady_now += 1s;
  }
  std::uint64_t requests = 0;
  for (int poll = 0; poll < 600; ++poll) {
    requests += polled.poll(events);
    for (std::size_t i = 0; i < 3; ++i) CHECK(polled.values[i].value);
    steady_now += 1s;
  }
  // Two reads of what is well, and of the silent ones one every two seconds: a twentieth of that is the timeout.
  CHECK(requests <= 600 * 2 + 310);
  CHECK(polled.device.error() == "");
  returned = true;
  int polls = 0;
  while (!polled.values[8].value && polls < 600) {
    polled.poll(events);
    steady_now += 1s;
    ++polls;
  }
  CHECK(polls < 60);  // ten silent values, each in its turn
  for (std::size_t i = 3; i < events.size(); ++i) CHECK(polled.values[i].value.has_value() == (i == 8));
}

TEST_CASE("many single registers that stay silent are each asked for once, with the retry, and then in turn") {
  std::vector<int> asked(30);
  ScriptedPeer peer([&](const Bytes& request, int) {
    const int address = request[8] << 8 | request[9];
    ++asked[static_cast<std::size_t>(address / 100)];
    return address >= 1000 ? Reaction() : right(request);
  });
  Polled polled(plc(peer.port()), {utc_now, standing_clock});
  std::vector<int> addresses;
  for (int address = 0; address < 2000; address += 100) addresses.push_back(address);
  const auto events = events_at(addresses);
  for (int poll = 0; poll < 4; ++poll) {
    polled.poll(events);
    for (std::size_t i = 0; i < events.size(); ++i) CHECK(polled.values[i].value.has_value() == (i < 10));
  }
  for (std::size_t i = 10; i < 20; ++i) CHECK(asked[i] <= 3);
  CHECK(polled.device.error() == "");
}

TEST_CASE("a unit that leaves in the middle of a poll is read at once when it returns") {
  std::atomic<bool> leaves{false};
  std::atomic<bool> gone{false};
  ScriptedPeer unit([&](const Bytes& request, int) {
    if (leaves && (request[8] << 8 | request[9]) >= 300) gone = true;
    return gone ? Reaction() : right(request);
  });
  Polled polled(plc(unit.port()), {utc_now, standing_clock});
  const auto events = events_at({0, 100, 200, 300, 400, 500, 600, 700, 800, 900});
  polled.poll(events);
  leaves = true;
  polled.poll(events);
  CHECK(polled.values[2].value);
  CHECK_FALSE(polled.values[9].value);
  leaves = gone = false;
  polled.poll(events);
  check_right(events, polled.values);
}

TEST_CASE("a single register that stays silent rests alone, and is logged once") {
  ScriptedPeer peer([](const Bytes& request, int) { return request[9] == 100 ? Reaction() : right(request); });
  Polled polled(plc(peer.port()), {utc_now, standing_clock});
  const auto events = events_at({0, 2, 100, 200});
  CaptureStderr capture;
  std::uint64_t requests = 0;
  for (int poll = 0; poll < 600; ++poll) {  // ten minutes
    requests += polled.poll(events);
    CHECK(polled.values[0].value);
    CHECK(polled.values[3].value);
    CHECK_FALSE(polled.values[2].value);
    steady_now += 1s;
  }
  CHECK(requests < 2 * 600 + 30);
  const std::string log = capture.take();
  CHECK(std::count(log.begin(), log.end(), '\n') <= 2);
  CHECK(polled.device.error() == "");
}

TEST_CASE("a device that allows fewer registers than configured is read in pieces") {
  ScriptedPeer peer([](const Bytes& request, int) {
    return (request[10] << 8 | request[11]) > 20 ? exception(request, 3) : right(request);
  });
  Polled polled(plc(peer.port()));
  std::vector<int> addresses;
  for (int i = 0; i < 100; ++i) addresses.push_back(i);
  const auto events = events_at(addresses);
  for (int i = 0; i < 3; ++i) {
    polled.poll(events);
    check_right(events, polled.values);
  }
  CHECK(polled.poll(events) <= 8);
}
