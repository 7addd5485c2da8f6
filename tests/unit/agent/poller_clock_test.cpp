// The wall clock is set by an hour, forwards and back, while a poller polls a simulated unit.
#include "agent/poller.h"
#include "agent_test_tools.h"
#include "hardware/modbus_device.h"
#include "hardware/simulator/rig_file.h"
#include "unit/hardware/simulator/running_simulator.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace webmacs;
using namespace webmacs::agent_tests;

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto period = 50ms;
constexpr std::size_t polls = 45;  // a step after 15 and one after 30
constexpr double hour_ms = 3'600'000;

std::atomic<std::int64_t> step_us{0};

Timestamp stepped_clock() {
  return utc_now() + std::chrono::microseconds(step_us);
}

struct Seen {
  Timestamp stamp;
  Clock::time_point at;
};

struct Run {
  std::vector<Seen> seen;
  std::uint64_t missed = 0;
};

// A value at every period, the clock at +1 h from the 15th on and at -1 h from the 30th on.
Run run_with_steps() {
  const RigSettings described = parse_rig_file(
      "[device:plc]\nhost = 10.0.0.1\n[event:evt_a]\ndevice = plc\nregister = holding:0\ntype = uint32\n"
      "poll_interval = 50ms\n",
      "rig.ini");
  SimulatorOptions options;
  options.shows = SimulatedUnit::Shows::counter;
  const RunningSimulator simulator(described, options);
  const RigSettings& rig = simulator.rig();

  step_us = 0;
  Run run;
  std::mutex mutex;
  Line line;
  line.name = rig.devices[0].line();
  ModbusDevice::Clocks clocks;
  clocks.wall = stepped_clock;
  line.devices.push_back(std::make_unique<ModbusDevice>(rig.devices[0], make_modbus_line(rig.devices[0]), clocks));
  Poller poller(std::move(line), rig.events,
                {[&](const std::vector<Reading>& turn) {
                   const std::lock_guard<std::mutex> lock(mutex);
                   for (const Reading& reading : turn) run.seen.push_back({reading.time, Clock::now()});
                   if (run.seen.size() == 15) step_us = 3'600'000'000;
                   if (run.seen.size() == 30) step_us = -3'600'000'000;
                 },
                 [](const DeviceStatus&) {}});
  CHECK(eventually([&] {
    const std::lock_guard<std::mutex> lock(mutex);
    return run.seen.size() >= polls;
  }));
  poller.stop();
  run.missed = poller.missed_cycles();
  return run;
}

// In milliseconds, how far the spacing of two neighbours is from the period, at most; the clock's own steps taken out.
double worst_spacing(const Run& run) {
  double worst = 0;
  for (std::size_t i = 1; i < polls; ++i) {
    const double step = i == 15 ? hour_ms : i == 30 ? -2 * hour_ms : 0;
    const auto stamps = std::chrono::duration<double, std::milli>(run.seen[i].stamp - run.seen[i - 1].stamp).count();
    const auto truly = std::chrono::duration<double, std::milli>(run.seen[i].at - run.seen[i - 1].at).count();
    const double due = std::chrono::duration<double, std::milli>(period).count();
    worst = std::max({worst, std::abs(stamps - step - due), std::abs(truly - due)});
  }
  return worst;
}

}  // namespace

TEST_CASE("the clock steps by an hour, forwards and back: polls keep their spacing, no burst, no hole") {
  // A busy machine disturbs the spacing as well; a schedule that follows the clock would fail every time.
  Run run;
  double worst = 1e9;
  for (int attempt = 0; attempt < 15 && (worst > 10 || run.missed > 0); ++attempt) {
    run = run_with_steps();
    worst = worst_spacing(run);
  }
  CHECK(run.missed == 0);
  CHECK(worst <= 10);
  // The stamps follow the clock at once, in both directions: they are not held back until it has caught up.
  CHECK(run.seen[15].stamp - run.seen[14].stamp > 59min);
  CHECK(run.seen[29].stamp - run.seen[30].stamp > 119min);
}
