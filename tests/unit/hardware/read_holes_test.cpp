// What a unit refuses: found by halving, remembered, forgotten.

#include "modbus_device_tools.h"

#include <doctest/doctest.h>

#include <atomic>

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

TEST_CASE("a hole between two values that stays is found again every minute, and every value is read all the time") {
  ScriptedPeer peer(with_holes({103}));
  Polled polled(plc(peer.port()), {utc_now, standing_clock});
  const auto events = events_at({100, 101, 102, 104, 105});
  for (int minute = 0; minute < 5; ++minute) {
    CHECK(polled.poll(events) > 2);
    check_right(events, polled.values);
    for (int poll = 0; poll < 3; ++poll) {
      CHECK(polled.poll(events) == 2);
      check_right(events, polled.values);
    }
    steady_now += 60s;
  }
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
