// When a line's connection is kept, closed and granted time, and several requests on it at once.
#include "line_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

using namespace webmacs;
using namespace webmacs::line_tests;
using namespace std::chrono_literals;

TEST_CASE("three timeouts in a row close a TCP connection, fewer do not") {
  std::atomic<int> silent{0};
  ScriptedPeer peer([&](const Bytes& request, int) { return silent-- > 0 ? Reaction() : right(request); });
  Reader reader(peer.port());
  CHECK(reader.read(100) == Kind::good);
  for (const int timeouts : {2, 3}) {
    silent = timeouts;
    for (int i = 0; i < timeouts; ++i) CHECK(reader.read(100) == Kind::timeout);
    CHECK(reader.read(200) == Kind::good);
    CHECK(peer.connections() == (timeouts == 2 ? 1 : 2));
  }
}

TEST_CASE("a late TCP reply is thrown away, counted with its lateness, and keeps the connection") {
  ScriptedPeer peer([](const Bytes& request, int number) {
    Reaction reaction = right(request);
    if (number % 2 == 0) reaction.delay = 400ms;
    return reaction;
  });
  Reader reader(peer.port());
  reader.timeout = 300ms;
  for (int i = 0; i < 4; ++i) {
    CHECK(reader.read(100 + i) == Kind::timeout);
    CHECK(reader.read(200 + i) == Kind::good);
  }
  CHECK(reader.wrong_values == 0);
  CHECK(peer.connections() == 1);
  const LineReport::Lateness late = reader.line->report().lateness_of(1);
  CHECK(late.replies == 4);
  CHECK(late.longest >= 400ms);
}

TEST_CASE("several requests are in flight at once, and each answer goes to its own, in whatever order they come") {
  std::vector<Bytes> held;
  ScriptedPeer peer([&](const Bytes& request, int) {
    held.push_back(ScriptedPeer::right_reply(request));
    Reaction reaction;
    if (held.size() < 8) return reaction;
    for (auto reply = held.rbegin(); reply != held.rend(); ++reply) {
      reaction.bytes.insert(reaction.bytes.end(), reply->begin(), reply->end());
    }
    held.clear();
    return reaction;
  });
  const auto line = make_modbus_line(settings(peer.port()));
  std::uint16_t words[8];
  std::vector<Exchange> asked;
  for (int i = 0; i < 8; ++i) asked.push_back({.request = {1, RegisterKind::holding, 10 * i, 1}, .words = words + i});
  for (int round = 0; round < 3; ++round) {
    for (Exchange& each : asked) each.done = false;
    line->exchange(asked, {.timeout = 1s});
    for (int i = 0; i < 8; ++i) {
      CHECK(asked[static_cast<std::size_t>(i)].outcome.kind == Kind::good);
      CHECK(words[i] == ScriptedPeer::value_at(1, 3, 10 * i));
    }
  }
}

TEST_CASE("a device that answers some of what is in flight keeps its connection, however many it forgets") {
  ScriptedPeer peer([](const Bytes& request, int number) { return number % 8 == 0 ? right(request) : Reaction(); });
  const auto line = make_modbus_line(settings(peer.port()));
  std::uint16_t words[8];
  std::vector<Exchange> asked;
  for (int i = 0; i < 8; ++i) asked.push_back({.request = {1, RegisterKind::holding, 10 * i, 1}, .words = words + i});
  for (int round = 0; round < 4; ++round) {
    for (Exchange& each : asked) each.done = false;
    line->exchange(asked, {.timeout = 100ms});
    CHECK(std::count_if(asked.begin(), asked.end(), [](const Exchange& each) { return each.outcome.good(); }) == 1);
  }
  CHECK(peer.connections() == 1);
}

TEST_CASE("who is interrupted in the moment after connecting asks nothing") {
  std::atomic<int> requests{0};
  ScriptedPeer peer([&](const Bytes& request, int) {
    ++requests;
    return right(request);
  });
  DeviceSettings slow = settings(peer.port());
  slow.pause_after_connect = 60s;
  const auto line = make_modbus_line(slow);
  std::thread stop([&] {
    while (peer.connections() == 0) std::this_thread::sleep_for(1ms);
    line->interrupt();
  });
  std::uint16_t words[1];
  CHECK(line->read({1, RegisterKind::holding, 0, 1}, {}, words).kind == Kind::interrupted);
  stop.join();
  std::this_thread::sleep_for(50ms);
  CHECK(requests == 0);
}

TEST_CASE("a moment after connecting is granted to devices that need one") {
  ScriptedPeer peer([](const Bytes& request, int) { return right(request); });
  DeviceSettings slow = settings(peer.port());
  slow.pause_after_connect = 100ms;
  const auto line = make_modbus_line(slow);
  std::uint16_t words[1];
  const auto start = Clock::now();
  CHECK(line->read({1, RegisterKind::holding, 0, 1}, {}, words).good());
  CHECK(Clock::now() - start >= 100ms);
  CHECK(line->read({1, RegisterKind::holding, 0, 1}, {.timeout = 50ms}, words).good());
}
