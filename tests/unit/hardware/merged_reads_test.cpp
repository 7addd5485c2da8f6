// How few requests many events need, and what it costs to find out which registers a device does not have.
#include "modbus_device_tools.h"

#include <algorithm>
#include <atomic>
#include <cmath>

using namespace webmacs;
using namespace webmacs::device_tests;

namespace {

constexpr int event_count = 500;

// 500 values, `step` registers apart, so that `step - 1` lie unused between them.
std::vector<EventSettings> many_events(int step) {
  std::vector<int> addresses;
  for (int i = 0; i < event_count; ++i) addresses.push_back(step * i);
  return events_at(addresses);
}

std::size_t count_bad(const std::vector<PolledValue>& values) {
  return static_cast<std::size_t>(
      std::count_if(values.begin(), values.end(), [](const PolledValue& value) { return !value.value; }));
}

}  // namespace

TEST_CASE("500 events with scattered holes take ten times fewer requests than one each") {
  for (const int step : {1, 3}) {
    CAPTURE(step);
    std::vector<int> holes;
    for (int i = 0; i < 20; ++i) holes.push_back(step * ((i * 97 + 31) % event_count));
    const ScriptedPeer peer(with_holes(holes));
    Polled unit(plc(peer.port()));
    const auto events = many_events(step);
    unit.poll(events);
    CHECK(count_bad(unit.values) == holes.size());
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t requests = unit.poll(events);
      CAPTURE(requests);
      CHECK(requests * 10 <= event_count);
      CHECK(count_bad(unit.values) == holes.size());  // and everything else is delivered
    }
  }
}

TEST_CASE("finding a hole takes at most 2 log2(n) + 2 reads more, and every readable event arrives in the same poll") {
  const auto events = many_events(1);
  const ScriptedPeer sound(with_holes({}));
  Polled sound_unit(plc(sound.port()));
  const std::uint64_t fewest = sound_unit.poll(events);
  CHECK(fewest == 4);  // 125 registers each
  const double allowed = 2 * std::log2(125) + 2;
  for (const std::vector<int>& holes : std::vector<std::vector<int>>{{0},
                                                                     {62},
                                                                     {63},
                                                                     {124},
                                                                     {125},
                                                                     {499},
                                                                     {7, 130},
                                                                     {3, 4},
                                                                     {10, 60, 110},
                                                                     {1, 126, 251, 376},
                                                                     {20, 21, 22, 23}}) {
    const ScriptedPeer peer(with_holes(holes));
    Polled unit(plc(peer.port()));
    const std::uint64_t requests = unit.poll(events);
    CAPTURE(requests);
    CAPTURE(holes.size());
    CAPTURE(holes[0]);
    CHECK(static_cast<double>(requests - fewest) <= allowed * static_cast<double>(holes.size()));
    for (int i = 0; i < event_count; ++i) {
      const bool hole = std::find(holes.begin(), holes.end(), i) != holes.end();
      CHECK(unit.values[static_cast<std::size_t>(i)].value.has_value() != hole);
    }
  }
}

TEST_CASE("a hole that opens later costs as little to find, and the holes known before are not asked for again") {
  std::atomic<int> second{-1};
  const auto script = [&second](const Bytes& request, int number) {
    std::vector<int> holes = {40};
    if (second >= 0) holes.push_back(second);
    return with_holes(holes)(request, number);
  };
  const ScriptedPeer peer(script);
  Polled unit(plc(peer.port()));
  const auto events = many_events(1);
  unit.poll(events);
  const std::uint64_t before = unit.poll(events);
  CHECK(before == 5);  // the hole cuts one request in two
  second = 300;
  const std::uint64_t finding = unit.poll(events);
  CHECK(static_cast<double>(finding - before) <= 2 * std::log2(125) + 2);
  CHECK(unit.poll(events) == 6);
}
