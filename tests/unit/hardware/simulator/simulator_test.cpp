#include "hardware/simulator/simulator.h"

#include "common/ini.h"
#include "hardware/modbus_device.h"
#include "hardware/simulator/fault.h"
#include "running_simulator.h"
#include "simulated_rig.h"

#include <doctest/doctest.h>

#include <filesystem>

using namespace webmacs;
using namespace webmacs::simulator_tests;
using namespace std::chrono_literals;

TEST_CASE("a rig is served as it is described: every value in its range, one port for two units") {
  RunningSimulator running(rig(), {});
  CHECK(running.rig().devices[0].port == running.rig().devices[1].port);
  CHECK(running.rig().devices[0].port != running.rig().devices[2].port);
  const std::vector<Line> lines = open_lines(running.rig());
  CHECK(lines.size() == 2);
  for (const Line& line : lines) {
    for (const auto& device : line.devices) {
      const auto events = events_of(running.rig(), device->settings().name);
      const auto values = device->poll(events);
      for (std::size_t i = 0; i < events.size(); ++i) {
        CAPTURE(events[i]->event_public_id);
        CHECK(values[i].reason == "");
        REQUIRE(values[i].value);
        CHECK(*values[i].value >= events[i]->min_value.value_or(0));
        CHECK(*values[i].value <= events[i]->max_value.value_or(100));
      }
    }
  }
}

TEST_CASE("a unit that the rig does not have is answered as a gateway would") {
  RunningSimulator running(rig(), {});
  const auto line = make_modbus_line(running.rig().devices[0]);
  std::uint16_t words[4];
  const ReadOutcome outcome = line->read({77, RegisterKind::holding, 100, 2}, {.timeout = 1s}, words);
  CHECK(outcome.kind == ReadOutcome::Kind::exception);
  CHECK(outcome.exception == 11);
}

TEST_CASE("RTU frames over TCP are served too") {
  RigSettings settings = rig();
  for (DeviceSettings& device : settings.devices) device.transport = Transport::rtu_over_tcp;
  SimulatorOptions options;
  options.shows = SimulatedUnit::Shows::counter;
  RunningSimulator running(settings, options);
  const std::vector<Line> lines = open_lines(running.rig());
  const auto events = events_of(running.rig(), "plc");
  CHECK(lines[0].devices[0]->poll(events)[0].value == 1);
  CHECK(lines[0].devices[0]->poll(events)[0].value == 2);
}

TEST_CASE("every fault is seen as bad or made good, and no wrong value comes of it") {
  for (const char* kind : {"late", "drop", "truncate", "extra", "wrong_transaction", "wrong_unit", "wrong_function",
                           "exception2", "busy", "disconnect", "dribble"}) {
    CAPTURE(kind);
    std::string mistake;
    SimulatorOptions options;
    options.shows = SimulatedUnit::Shows::counter;
    options.faults.push_back(*parse_fault(std::string(kind) + ":1", mistake));
    RunningSimulator running(rig(), options);
    const std::vector<Line> lines = open_lines(running.rig());
    const auto values = lines[0].devices[0]->poll(events_of(running.rig(), "plc"));
    for (const PolledValue& value : values) {
      CHECK_FALSE(value.value);
      CHECK(value.reason != "");
    }
  }
}

TEST_CASE("faults on the command line") {
  std::string mistake;
  CHECK(parse_fault("late:0.25", mistake)->probability == 0.25);
  CHECK(parse_fault("dribble:1", mistake)->fault == Fault::dribble);
  for (const char* wrong : {"late", "late:", "late:2", "late:-0.1", "late:x", "late:0.1x"}) {
    CHECK_FALSE(parse_fault(wrong, mistake));
    CHECK(mistake.find("0 to 1") != std::string::npos);
  }
  CHECK_FALSE(parse_fault("gremlin:0.1", mistake));
  CHECK(mistake.find(fault_names()) != std::string::npos);
}

TEST_CASE("the redirected file differs in hosts and ports alone") {
  const RigSettings settings = rig();
  const std::string out =
      redirected_rig_file(rig_text, settings, {{"127.0.0.1", 7001}, {"127.0.0.1", 7001}, {"127.0.0.1", 7002}});
  CHECK(out.find("nonsense = stays         ; the agent's to check\n") != std::string::npos);
  CHECK(out.find("[device:plc]             ; the controller\nhost = 127.0.0.1  ; by name\nport = 7001\nunit = 3\n") !=
        std::string::npos);
  CHECK(out.find("host = 127.0.0.1  # quoted\nport = 7002\ntimeout") != std::string::npos);
  CHECK(out.find("plc.lab") == std::string::npos);
  const RigSettings redirected = parse_rig_file(out, "out.ini");
  CHECK(redirected.devices[2].line() == "tcp 127.0.0.1:7002");
  REQUIRE(redirected.events.size() == settings.events.size());
  for (std::size_t i = 0; i < settings.events.size(); ++i) CHECK(redirected.events[i] == settings.events[i]);
}

TEST_CASE("mistakes in devices and events keep the file's line numbers") {
  try {
    parse_rig_file("[agent]\nx = y\n\n[device:plc]\nhost = h\n[event:e]\ndevice = plc\nregister = coil:x\n", "rig.ini");
    FAIL("accepted");
  } catch (const ConfigurationError& error) {
    REQUIRE(error.mistakes().size() == 1);
    CHECK(error.mistakes()[0].find("rig.ini:8: [event:e] register") == 0);
  }
  CHECK_THROWS_AS(read_rig_file("/no/such/file.ini"), ConfigurationError);
}

TEST_CASE("an address that cannot be listened on is named") {
  RigSettings settings =
      parse_rig_file("[device:plc]\nhost = 192.0.2.1\n[event:e]\ndevice = plc\nregister = coil:0\n", "rig.ini");
  boost::asio::io_context io;
  CHECK_THROWS_WITH_AS(Simulator(io, settings, {}), doctest::Contains("192.0.2.1:502"), std::runtime_error);
}
