#include "hardware/modbus_device.h"

#include "modbus_device_tools.h"
#include "unit/capture_stderr.h"
#include "unit/hardware/simulator/running_simulator.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

using namespace webmacs;
using namespace webmacs::device_tests;

namespace {

std::vector<int> raw(const PolledValue& value) {
  return {value.words.begin(), value.words.end()};
}

}  // namespace

TEST_CASE("values of all kinds come back in the order they were asked for, with their raw words") {
  RigSettings rig;
  rig.devices.push_back(plc(1));
  rig.events = {
      event("a", 10, ValueType::float32), event("b", 5), event("c", 3, ValueType::boolean, RegisterKind::coil),
      event("d", 7, ValueType::int64, RegisterKind::input), event("e", 0, ValueType::boolean, RegisterKind::discrete)};
  SimulatorOptions options;
  options.shows = SimulatedUnit::Shows::counter;
  const RunningSimulator simulator(rig, options);
  Polled polled(simulator.rig().devices[0]);
  CHECK(polled.device.error() == "not polled yet");
  for (int round = 1; round <= 3; ++round) {
    polled.poll(rig.events);
    for (const PolledValue& value : polled.values) CHECK(value.reason == "");
    CHECK(polled.values[0].value == round);
    CHECK(polled.values[1].value == round);
    CHECK(polled.values[2].value == round % 2);
    CHECK(polled.values[3].value == round);
    CHECK(raw(polled.values[1]) == std::vector<int>{round});
    CHECK(raw(polled.values[3]) == std::vector<int>{0, 0, 0, round});
  }
  CHECK(polled.device.error() == "");
}

TEST_CASE("a value is bad while its sensor says so, whoever is read with it, and good again after") {
  RigSettings rig;
  rig.devices.push_back(plc(1));
  rig.events = {event("a", 10), event("b", 12, ValueType::int16), event("c", 21)};
  rig.events[0].where.bad_when = StatusRegister{20, 5, {1}};
  rig.events[1].where.invalid = {0x8000};
  RunningSimulator simulator(rig);
  Polled polled(simulator.rig().devices[0]);
  const auto write = [&](const std::string& what) {
    std::string answer;
    CHECK(simulator.command("write 1 " + what, answer));
  };

  CHECK(polled.poll(rig.events) == 1);  // the register that says so is read in the same request
  for (const PolledValue& value : polled.values) CHECK(value.value);
  write("holding:20 0x0020");
  write("holding:12 0x8000");
  CHECK(polled.poll(rig.events) == 1);
  CHECK_FALSE(polled.values[0].value);
  CHECK(polled.values[0].reason == "sensor fault");
  CHECK_FALSE(polled.values[0].words.empty());  // `read` still shows what the register holds
  CHECK(polled.values[1].reason == "not available");
  CHECK(raw(polled.values[1]) == std::vector<int>{0x8000});
  CHECK(polled.values[2].value);
  CHECK(polled.device.error() == "");
  write("holding:20 0xFFDF");
  write("holding:12 7");
  polled.poll(rig.events);
  CHECK(polled.values[0].value);
  CHECK(polled.values[1].value == 7.0);
}

TEST_CASE("other exceptions are the reason of what was asked, and the rest is read") {
  ScriptedPeer peer([](const Bytes& request, int) { return request[9] == 0 ? exception(request, 7) : right(request); });
  Polled polled(plc(peer.port()));
  const auto events = events_at({0, 200});
  CHECK(polled.poll(events) == 2);
  CHECK(polled.values[0].reason == "exception 7");
  CHECK(polled.values[1].value == ScriptedPeer::value_at(1, 3, 200));
  CHECK(polled.device.error() == "");
}

TEST_CASE("a busy device is asked again within the poll") {
  for (const int code : {5, 6}) {
    ScriptedPeer peer(
        [code](const Bytes& request, int number) { return number < 2 ? exception(request, code) : right(request); });
    DeviceSettings settings = plc(peer.port());
    settings.timeout = 5s;
    Polled polled(settings);
    const auto events = events_at({7});
    CHECK(polled.poll(events) == 3);
    check_right(events, polled.values);
  }
}

TEST_CASE("a device that stays busy says so within its timeout") {
  ScriptedPeer peer([](const Bytes& request, int) { return exception(request, 6); });
  Polled polled(plc(peer.port()));
  const auto start = std::chrono::steady_clock::now();
  polled.poll(events_at({7}));
  CHECK(polled.values[0].reason == "exception 6");
  CHECK(std::chrono::steady_clock::now() - start < 2s);
}

TEST_CASE("one lost reply is made good by a retry") {
  ScriptedPeer peer([](const Bytes& request, int number) { return number == 1 ? Reaction() : right(request); });
  Polled polled(plc(peer.port()));
  const auto events = events_at({7});
  polled.poll(events);
  CHECK(polled.poll(events) == 2);
  check_right(events, polled.values);
}

TEST_CASE("a silent unit is a timeout, is asked for little, and then rests") {
  ScriptedPeer peer([](const Bytes&, int) { return Reaction(); });
  DeviceSettings settings = plc(peer.port());
  settings.timeout = 20ms;
  Polled polled(settings, {utc_now, standing_clock});
  const auto events = events_at({0, 200, 400});
  CHECK(polled.poll(events) == 4);  // two of its reads, each with its retry
  for (const PolledValue& value : polled.values) {
    CHECK(value.reason == "timeout");
    CHECK_FALSE(value.value);
    CHECK(value.words.empty());
  }
  CHECK(polled.device.error() == "timeout: no reply");
  for (int i = 0; i < 4; ++i, steady_now += 1s) CHECK(polled.poll(events) == 2);  // one value, and its retry
  steady_now -= 1s;
  for (int i = 0; i < 1000; ++i) CHECK(polled.poll(events) == 0);
  CHECK(polled.values[2].reason == "timeout");
}

TEST_CASE("a unit that is alone on its line and down is asked again each second, and the log says it once") {
  std::atomic<bool> silent{false};
  ScriptedPeer peer([&](const Bytes& request, int) { return silent ? Reaction() : right(request); });
  DeviceSettings settings = plc(peer.port());
  settings.timeout = 20ms;
  Polled polled(settings, {utc_now, standing_clock});
  const auto events = events_at({7});
  for (int outage = 0; outage < 2; ++outage) {
    silent = false;
    polled.poll(events);
    check_right(events, polled.values);
    silent = true;
    CaptureStderr capture;
    CHECK(polled.poll(events) == 2);  // and its retry
    CHECK(polled.poll(events) == 2);  // one poll in vain may be chance
    for (int second = 0; second < 10; ++second) {
      steady_now += 1s;
      CHECK(polled.poll(events) == 2);  // alone on its line it keeps its retry
      if (second < 3) continue;         // the pauses grow up to that
      CHECK(polled.poll(events) == 0);
      CHECK(polled.values[0].reason == "timeout");
    }
    const std::string log = capture.take();
    CHECK(std::count(log.begin(), log.end(), '\n') == 1);
    CHECK(log.find("device plc") != std::string::npos);
    steady_now += 1s;
  }
}

TEST_CASE("a device that sleeps and is woken by a request is read at its second try, always") {
  std::chrono::steady_clock::time_point heard{};
  ScriptedPeer peer([&](const Bytes& request, int) {
    const auto before = std::exchange(heard, std::chrono::steady_clock::now());
    return heard - before > 150ms ? Reaction() : right(request);
  });
  Polled polled(plc(peer.port()));
  const auto events = events_at({7});
  for (int i = 0; i < 3; ++i) {
    CHECK(polled.poll(events) == 2);
    check_right(events, polled.values);
    std::this_thread::sleep_for(200ms);
  }
}

TEST_CASE("exception 10 or 11 is a timeout told in words: asked again") {
  for (const int code : {10, 11}) {
    ScriptedPeer peer(
        [&](const Bytes& request, int number) { return number % 2 == 0 ? exception(request, code) : right(request); });
    Polled polled(plc(peer.port()));
    const auto events = events_at({0, 200, 400});
    for (int i = 0; i < 3; ++i) {
      CHECK(polled.poll(events) == 6);
      check_right(events, polled.values);
    }
    CHECK(polled.device.error() == "");
  }
}

TEST_CASE("a unit that comes back is read again") {
  std::atomic<bool> silent{true};
  ScriptedPeer peer([&](const Bytes& request, int) { return silent ? Reaction() : right(request); });
  Polled polled(plc(peer.port()));
  const auto events = events_at({7});
  polled.poll(events);
  silent = false;
  const auto start = std::chrono::steady_clock::now();
  while (!polled.values[0].value && std::chrono::steady_clock::now() - start < 5s) {
    std::this_thread::sleep_for(10ms);
    polled.poll(events);
  }
  check_right(events, polled.values);
  CHECK(polled.device.error() == "");
  CHECK(std::chrono::steady_clock::now() - start < 2s);
}

TEST_CASE("a gateway's dead unit does not keep its neighbour from being read") {
  ScriptedPeer peer([](const Bytes& request, int) {
    if (request[6] == 9) return Reaction();
    return request[6] == 8 ? exception(request, 11) : right(request);
  });
  RigSettings rig;
  for (const int unit : {1, 8, 9}) {
    rig.devices.push_back(plc(peer.port()));
    rig.devices.back().name = "u" + std::to_string(unit);
    rig.devices.back().unit = unit;
  }
  const std::vector<Line> lines = open_lines(rig);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].name == rig.devices[0].line());
  REQUIRE(lines[0].devices.size() == 3);
  const auto events = events_at({7});
  int good = 0;
  for (int i = 0; i < 50; ++i) {
    good += lines[0].devices[0]->poll(pointers(events))[0].value.has_value();
    const std::string gateway_says = lines[0].devices[1]->poll(pointers(events))[0].reason;
    CHECK(gateway_says == "exception 11");
    CHECK(lines[0].devices[2]->poll(pointers(events))[0].reason == "timeout");
  }
  CHECK(good == 50);
  CHECK(lines[0].devices[0]->error() == "");
  CHECK(lines[0].devices[1]->error() == "exception 11");
}

TEST_CASE("a refused connection is 'disconnected' with the cause beside it") {
  int port = 0;
  {
    port = ScriptedPeer([](const Bytes& request, int) { return right(request); }).port();
  }
  Polled polled(plc(port));
  polled.poll(events_at({7}));
  CHECK(polled.values[0].reason == "disconnected");
  CHECK(polled.device.error() == "disconnected: Connection refused");
}

TEST_CASE("a device whose server was gone for a while has no error once it is read again") {
  const auto answer = [](const Bytes& request, int) { return right(request); };
  auto peer = std::make_unique<ScriptedPeer>(answer);
  const int port = peer->port();
  Polled polled(plc(port));
  const auto events = events_at({7});
  polled.poll(events);
  check_right(events, polled.values);
  peer.reset();
  const auto start = std::chrono::steady_clock::now();
  while (polled.device.error().empty() && std::chrono::steady_clock::now() - start < 5s) polled.poll(events);
  CHECK(polled.device.error() == "disconnected: Connection refused");
  peer = std::make_unique<ScriptedPeer>(answer, false, port);
  polled.poll(events);
  while (!polled.values[0].value && std::chrono::steady_clock::now() - start < 10s) {
    std::this_thread::sleep_for(10ms);
    polled.poll(events);
  }
  check_right(events, polled.values);
  CHECK(polled.device.error() == "");
}

TEST_CASE("a register that holds NaN is not a number") {
  ScriptedPeer peer([](const Bytes& request, int) {
    Reaction reaction = right(request);
    reaction.bytes[9] = 0x7F;
    reaction.bytes[10] = 0xC0;
    return reaction;
  });
  Polled polled(plc(peer.port()));
  polled.poll({event("nan", 7, ValueType::float32)});
  CHECK(polled.values[0].reason == "not a number");
  CHECK(raw(polled.values[0]).size() == 2);
}

TEST_CASE("events with the same pointers but other registers are not read from an old plan") {
  ScriptedPeer peer([](const Bytes& request, int) { return right(request); });
  Polled polled(plc(peer.port()));
  auto events = events_at({7, 8});
  polled.poll(events);
  events[1].where.address = 300;
  polled.poll(events);
  check_right(events, polled.values);
}

TEST_CASE("an interrupted poll ends at once, with results that say so") {
  ScriptedPeer peer([](const Bytes&, int) { return Reaction(); });
  DeviceSettings settings = plc(peer.port());
  settings.timeout = 60s;
  Polled polled(settings);
  std::thread stopper([&] {
    while (peer.requests() == 0) std::this_thread::sleep_for(1ms);
    polled.device.interrupt();
  });
  const auto start = std::chrono::steady_clock::now();
  polled.poll(events_at({0, 200}));
  CHECK(std::chrono::steady_clock::now() - start < 2s);
  for (const PolledValue& value : polled.values) CHECK(value.reason == "interrupted");
  stopper.join();
}
