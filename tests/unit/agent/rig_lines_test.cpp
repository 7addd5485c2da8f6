#include "agent/rig_lines.h"

#include "agent/rig_parts.h"
#include "agent_test_tools.h"

#include <doctest/doctest.h>

#include <map>

using namespace webmacs;
using namespace webmacs::agent_tests;

namespace {

DeviceSettings device_at(const std::string& name, const std::string& host) {
  DeviceSettings settings;
  settings.name = name;
  settings.host = host;
  return settings;
}

RigSettings rig_of(std::vector<DeviceSettings> devices) {
  RigSettings rig;
  for (const DeviceSettings& device : devices) rig.events.push_back(event_of(device.name, "evt_" + device.name, 10ms));
  rig.devices = std::move(devices);
  return rig;
}

// Opens fake devices, those of one host on one line, and remembers every one it opened.
struct Bench {
  std::vector<Line> open(const RigSettings& rig) {
    std::vector<Line> opened;
    for (const RigSettings& part : split_by_line(rig)) {
      Line line;
      line.name = part.devices.front().line();
      for (const DeviceSettings& device : part.devices) {
        auto unit = std::make_shared<FakeUnit>();
        units[device.name].push_back(unit);
        line.devices.push_back(std::make_unique<FakeDevice>(device, unit));
      }
      opened.push_back(std::move(line));
    }
    return opened;
  }
  bool polled(const std::string& device) {
    const std::size_t before = units[device].back()->poll_count();
    return eventually([&] { return units[device].back()->poll_count() > before; });
  }

  std::map<std::string, std::vector<std::shared_ptr<FakeUnit>>> units;
  std::atomic<int> readings{0};
  RigLines lines{[this](const RigSettings& rig) { return open(rig); },
                 {[this](std::vector<Reading> arrived) { readings += static_cast<int>(arrived.size()); },
                  [](const DeviceStatus&) {}}};
};

std::vector<std::string> names(const RigSettings& rig) {
  std::vector<std::string> names;
  for (const DeviceSettings& device : rig.devices) names.push_back(device.name);
  return names;
}

}  // namespace

TEST_CASE("every line of a rig gets a poller, which the watchdog knows by the line's name") {
  Bench bench;
  bench.lines.start(rig_of({device_at("one", "one.lab"), device_at("two", "two.lab")}));
  CHECK(bench.polled("one"));
  CHECK(bench.polled("two"));
  CHECK(names(bench.lines.polled()) == std::vector<std::string>{"one", "two"});
  const auto threads = bench.lines.threads();
  REQUIRE(threads.size() == 2);
  CHECK(threads[0].name == "the poller of " + device_at("one", "one.lab").line());
  CHECK(std::chrono::steady_clock::now() - threads[0].last_turn < 10s);
}

TEST_CASE("a reload opens only what is new or has changed") {
  Bench bench;
  bench.lines.start(rig_of({device_at("stays", "a.lab"), device_at("moves", "b.lab"), device_at("goes", "c.lab")}));
  bench.lines.replace(rig_of({device_at("stays", "a.lab"), device_at("moves", "d.lab"), device_at("comes", "e.lab")}));
  CHECK(bench.units["stays"].size() == 1);
  CHECK(bench.units["moves"].size() == 2);
  CHECK(bench.units["comes"].size() == 1);
  CHECK(bench.polled("stays"));
  CHECK(bench.polled("moves"));
  CHECK(bench.polled("comes"));
  CHECK(bench.units["goes"].back()->interrupted);
  CHECK(names(bench.lines.polled()) == std::vector<std::string>{"stays", "moves", "comes"});
  CHECK(bench.lines.threads().size() == 3);
}

TEST_CASE("a device that joins a line does not disturb the one that is on it") {
  Bench bench;
  bench.lines.start(rig_of({device_at("one", "gateway.lab")}));
  REQUIRE(bench.polled("one"));
  RigSettings both = rig_of({device_at("one", "gateway.lab"), device_at("two", "gateway.lab")});
  bench.lines.replace(both);
  CHECK(bench.units["one"].size() == 1);
  CHECK(bench.polled("two"));
  CHECK(bench.polled("one"));
  CHECK_FALSE(bench.units["one"].back()->interrupted);
  CHECK(bench.lines.threads().size() == 1);
}

TEST_CASE("after stop() nothing is reported any more, and nothing is left") {
  Bench bench;
  bench.lines.start(rig_of({device_at("one", "one.lab")}));
  REQUIRE(eventually([&] { return bench.readings > 0; }));
  bench.lines.stop();
  const int reported = bench.readings;
  CHECK(bench.lines.polled().devices.empty());
  CHECK(bench.lines.threads().empty());
  CHECK_FALSE(bench.lines.left_a_thread());
  std::this_thread::sleep_for(50ms);
  CHECK(bench.readings == reported);
}

TEST_CASE("devices that ignore the interrupt hold a stop up for a second together, and leave their threads") {
  Bench bench;
  bench.lines.start(rig_of({device_at("one", "one.lab"), device_at("two", "two.lab")}));
  for (const char* name : {"one", "two"}) {
    REQUIRE(bench.polled(name));
    bench.units[name].back()->ignores_interrupt = true;
    bench.units[name].back()->hangs = true;
  }
  std::this_thread::sleep_for(50ms);  // both are in a poll by then
  const auto before = std::chrono::steady_clock::now();
  bench.lines.stop();
  CHECK(std::chrono::steady_clock::now() - before < 1900ms);
  CHECK(bench.lines.left_a_thread());
  for (const char* name : {"one", "two"}) bench.units[name].back()->hangs = false;  // so that the threads end
}
