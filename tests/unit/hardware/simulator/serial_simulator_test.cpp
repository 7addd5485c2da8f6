#include "hardware/modbus_device.h"
#include "hardware/simulator/identity.h"
#include "hardware/simulator/rig_file.h"
#include "running_simulator.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <thread>
#include <unistd.h>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

const std::string rig_text = R"([device:pump]
serial = /dev/ttyNOWHERE   ; the adapter
timeout = 150ms
unit = 4
[device:fan]
serial = /dev/ttyNOWHERE
timeout = 150ms
unit = 5
[event:a]
device = pump
register = holding:0
type = uint64
[event:b]
device = pump
register = holding:100
type = uint64
[event:c]
device = fan
register = input:7
type = float32
)";

// The rig's serial line on a pty, read through the rig file that the simulator writes.
struct SerialRig {
  explicit SerialRig(const std::vector<std::string>& faults = {})
      : settings(parse_rig_file(rig_text, "rig.ini")),
        simulator(settings, options(faults)),
        redirected(
            parse_rig_file(redirected_rig_file(rig_text, settings, simulator.simulator().addresses()), "out.ini")),
        lines(open_lines(redirected)) {}
  static SimulatorOptions options(const std::vector<std::string>& faults) {
    SimulatorOptions options;
    options.shows = SimulatedUnit::Shows::identity;
    std::string mistake;
    for (const std::string& fault : faults) options.faults.push_back(*parse_fault(fault, mistake));
    return options;
  }
  std::vector<PolledValue> poll(std::size_t device) {
    std::vector<const EventSettings*> events;
    for (const EventSettings& event : redirected.events) {
      if (event.device == redirected.devices[device].name) events.push_back(&event);
    }
    return lines[0].devices[device]->poll(events);
  }

  RigSettings settings;
  RunningSimulator simulator;
  RigSettings redirected;
  std::vector<Line> lines;
};

}  // namespace

TEST_CASE("a serial rig is served on a pty: two units, one line") {
  SerialRig rig;
  REQUIRE(rig.lines.size() == 1);
  CHECK(rig.redirected.devices[0].serial.find("/dev/pts/") == 0);
  CHECK(rig.redirected.devices[0].line() == rig.redirected.devices[1].line());
  std::optional<std::uint64_t> counts[3];
  for (int i = 0; i < 3; ++i) {
    const auto pump = rig.poll(0);
    const auto fan = rig.poll(1);
    CHECK_FALSE(identity_mistake(rig.redirected.events[0].where, 4, pump[0].value.value_or(-1), counts[0]));
    CHECK_FALSE(identity_mistake(rig.redirected.events[1].where, 4, pump[1].value.value_or(-1), counts[1]));
    CHECK_FALSE(identity_mistake(rig.redirected.events[2].where, 5, fan[0].value.value_or(-1), counts[2]));
  }
}

TEST_CASE("every fault on a serial line is seen as bad or made good, and the next poll is right") {
  for (const char* kind :
       {"drop", "truncate", "wrong_transaction", "wrong_unit", "wrong_function", "exception2", "busy", "disconnect"}) {
    CAPTURE(kind);
    SerialRig rig({std::string(kind) + ":1"});
    for (const PolledValue& value : rig.poll(0)) {
      CHECK_FALSE(value.value);
      CHECK(value.reason != "");
    }
  }
}

TEST_CASE("holes refuse the same registers again and again, and no others") {
  SerialRig rig({"holes:0.5"});
  const FaultDice dice({{Fault::holes, 0.5}});
  for (int i = 0; i < 2; ++i) {
    const auto values = rig.poll(0);
    CHECK(values[0].value.has_value() != dice.hole_in(4, 3, 0, 4));
    CHECK(values[1].value.has_value() != dice.hole_in(4, 3, 100, 104));
  }
  int holes = 0;
  for (int address = 0; address < 1000; ++address) holes += dice.hole_in(4, 3, address, address + 1) ? 1 : 0;
  CHECK(holes > 420);
  CHECK(holes < 580);
}

TEST_CASE("a unit that is switched off on command is silent, its neighbour is not, and it comes back") {
  SerialRig rig;
  std::string answer;
  const auto command = [&](const char* line) { return rig.simulator.command(line, answer); };
  CHECK(rig.poll(0)[0].value);
  CHECK(command("unit 4 off"));
  CHECK(rig.poll(0)[0].reason == "timeout");
  CHECK(rig.poll(1)[0].value);
  CHECK(command("unit 4 on"));
  std::this_thread::sleep_for(1300ms);  // its backoff
  CHECK(rig.poll(0)[0].value);
  CHECK(command("exception2:1"));
  CHECK(rig.poll(1)[0].reason == "exception 2");
  CHECK(command("none"));
  CHECK(rig.poll(0)[0].value);
  for (const char* wrong : {"unit 9 off", "unit 4 broken", "unit x off", "gremlin:1", "late", ""}) {
    CAPTURE(wrong);
    CHECK_FALSE(command(wrong));
    CHECK(answer != "");
  }
}

TEST_CASE("without --local a serial port's name becomes a link, for as long as the simulator lives") {
  const std::string name = (std::filesystem::temp_directory_path() / ("tty-" + std::to_string(::getpid()))).string();
  std::string text = rig_text;
  for (std::size_t at = text.find("/dev/ttyNOWHERE"); at != std::string::npos; at = text.find("/dev/ttyNOWHERE")) {
    text.replace(at, 15, name);
  }
  const RigSettings settings = parse_rig_file(text, "rig.ini");
  SimulatorOptions options;
  boost::asio::io_context io;
  std::filesystem::create_symlink("/dev/pts/nothing", name);  // an earlier simulator was killed
  {
    const Simulator simulator(io, settings, options);
    CHECK(simulator.addresses()[0].serial == name);
    CHECK(std::filesystem::is_character_file(name));
    // Somebody's port is never taken away.
    CHECK_THROWS_WITH_AS(Simulator(io, settings, options), doctest::Contains(name.c_str()), std::runtime_error);
  }
  CHECK_FALSE(std::filesystem::is_symlink(name));
}
