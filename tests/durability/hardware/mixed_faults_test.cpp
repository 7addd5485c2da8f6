// A device that misbehaves in every way, for hundreds of polls.

#include "hardware/modbus_device.h"
#include "hardware/simulator/fault.h"
#include "unit/hardware/simulator/running_simulator.h"
#include "unit/hardware/simulator/simulated_rig.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <unistd.h>

using namespace webmacs;
using namespace webmacs::simulator_tests;
using namespace std::chrono_literals;

TEST_CASE("mixed faults: every value that arrives is one that was served, in order") {
  const std::string journal =
      (std::filesystem::temp_directory_path() / ("webmacs_simulator_test." + std::to_string(::getpid()))).string();
  std::filesystem::remove(journal);
  std::string mistake;
  SimulatorOptions options;
  options.shows = SimulatedUnit::Shows::counter;
  options.journal = journal;
  for (const char* fault : {"late:0.02", "drop:0.02", "truncate:0.02", "extra:0.05", "wrong_transaction:0.05",
                            "wrong_unit:0.05", "wrong_function:0.05", "busy:0.05", "disconnect:0.05", "dribble:0.01"}) {
    options.faults.push_back(*parse_fault(fault, mistake));
  }
  RigSettings settings = rig();
  for (DeviceSettings& device : settings.devices) device.retries = 10;
  RunningSimulator running(settings, options);
  const std::vector<Line> lines = open_lines(running.rig());
  const auto events = events_of(running.rig(), "plc");
  std::map<std::string, std::vector<double>> seen;
  const auto give_up = std::chrono::steady_clock::now() + 30s;
  for (int polls = 0; polls < 300 && std::chrono::steady_clock::now() < give_up;) {
    const auto values = lines[0].devices[0]->poll(events);
    for (std::size_t e = 0; e < events.size(); ++e) {
      if (values[e].value) seen[events[e]->event_public_id].push_back(*values[e].value);
    }
    // While the unit rests after its first request went wrong, a poll costs nothing and brings nothing.
    if (lines[0].devices[0]->error().empty()) {
      ++polls;
    } else {
      std::this_thread::sleep_for(5ms);
    }
  }
  running.stop();
  CHECK(running.simulator().faults() > 50);

  std::map<std::string, std::vector<double>> served;
  std::ifstream file(journal);
  long long microseconds = 0;
  std::string id;
  double value = 0;
  while (file >> microseconds >> id >> value) served[id].push_back(value);
  for (const EventSettings* event : events) {
    CAPTURE(event->event_public_id);
    const auto& arrived = seen[event->event_public_id];
    CHECK(arrived.size() > 200);
    if (event->where.type == ValueType::boolean) continue;  // a counter's lowest bit tells no order
    // Counters: in order means ascending. What was served right behind a spoilt reply may have been lost with it.
    CHECK(std::adjacent_find(arrived.begin(), arrived.end(), std::greater_equal<>()) == arrived.end());
    const auto& given = served[event->event_public_id];
    CHECK(std::includes(given.begin(), given.end(), arrived.begin(), arrived.end()));
  }
  std::filesystem::remove(journal);
}
