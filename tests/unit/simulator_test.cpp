#include "hardware/simulator/simulator.h"

#include "common/ini.h"
#include "hardware/modbus_device.h"
#include "hardware/register_codec.h"
#include "hardware/simulator/fault.h"
#include "hardware/simulator/rig_file.h"
#include "hardware/simulator/signal.h"
#include "hardware/simulator/simulated_unit.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

using Bytes = std::vector<std::uint8_t>;

const char* const rig_text = R"([agent]
nonsense = stays         ; the agent's to check
[device:plc]             ; the controller
port = 1502
host = plc.lab           ; by name
unit = 3
timeout = 60ms
[device:io]
host = plc.lab
port = 1502
unit = 4
timeout = 60ms
[device:other]
host = "other.lab"   # quoted
timeout = 60ms
[event:temperature]
device = plc
register = holding:100
type = float32
min_value = 20
max_value = 80
[event:level]
device = plc
register = holding:102
type = int16
scale = 0.1
min_value = -5
max_value = 5
[event:count]
device = plc
register = input:7
type = uint32
order = CDAB
[event:ready]
device = plc
register = holding:103
type = bool
bit = 5
[event:valve]
device = io
register = coil:3
[event:alarm]
device = io
register = discrete:0
[event:far]
device = other
register = input:0
type = float64
order = DCBA)";

RigSettings rig() {
  return parse_rig_file(rig_text, "rig.ini");
}

SimulatedUnit plc(bool counter = false) {
  const RigSettings settings = rig();
  return SimulatedUnit(settings.devices[0], settings.events, counter);
}

Bytes answer(SimulatedUnit& unit, const Bytes& request, double seconds = 0) {
  const Pdu pdu = unit.answer(request.data(), request.size(), seconds);
  return Bytes(pdu.bytes.begin(), pdu.bytes.begin() + static_cast<long>(pdu.size));
}

class RunningSimulator {
 public:
  RunningSimulator(RigSettings settings, SimulatorOptions options)
      : rig_(std::move(settings)), simulator_(io_, rig_, local(std::move(options))), thread_([this] { io_.run(); }) {
    const auto addresses = simulator_.addresses();
    for (std::size_t i = 0; i < rig_.devices.size(); ++i) {
      rig_.devices[i].host = addresses[i].host;
      rig_.devices[i].port = addresses[i].port;
    }
  }
  ~RunningSimulator() { stop(); }
  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  const RigSettings& rig() const { return rig_; }
  const Simulator& simulator() const { return simulator_; }

 private:
  static SimulatorOptions local(SimulatorOptions options) {
    options.local = true;
    return options;
  }
  boost::asio::io_context io_{1};
  RigSettings rig_;
  Simulator simulator_;
  std::thread thread_;
};

std::vector<const EventSettings*> events_of(const RigSettings& settings, const std::string& device) {
  std::vector<const EventSettings*> events;
  for (const EventSettings& event : settings.events) {
    if (event.device == device) events.push_back(&event);
  }
  return events;
}

}  // namespace

TEST_CASE("only what the rig describes can be read") {
  SimulatedUnit unit = plc();
  CHECK(answer(unit, {3, 0, 100, 0, 4}).size() == 2 + 8);
  CHECK(answer(unit, {3, 0, 99, 0, 2}) == Bytes{0x83, 2});
  CHECK(answer(unit, {3, 0, 103, 0, 2}) == Bytes{0x83, 2});
  CHECK(answer(unit, {3, 0xFF, 0xFF, 0, 1}) == Bytes{0x83, 2});
  CHECK(answer(unit, {4, 0, 100, 0, 1}) == Bytes{0x84, 2});
  CHECK(answer(unit, {1, 0, 3, 0, 1}) == Bytes{0x81, 2});
}

TEST_CASE("counts, lengths and functions are checked") {
  SimulatedUnit unit = plc();
  CHECK(answer(unit, {3, 0, 100, 0, 0}) == Bytes{0x83, 3});
  CHECK(answer(unit, {3, 0, 100, 0, 126}) == Bytes{0x83, 3});
  CHECK(answer(unit, {1, 0, 0, 0x07, 0xD1}) == Bytes{0x81, 3});
  CHECK(answer(unit, {3, 0, 100, 0}) == Bytes{0x83, 3});
  CHECK(answer(unit, {3}) == Bytes{0x83, 3});
  CHECK(answer(unit, {16, 0, 100, 0, 2, 3, 0, 0, 0}) == Bytes{0x90, 3});
  for (const int function : {7, 8, 17, 22, 23, 43, 100}) {
    CHECK(answer(unit, {static_cast<std::uint8_t>(function), 0, 100, 0, 1}) ==
          Bytes{static_cast<std::uint8_t>(function | 0x80), 1});
  }
}

TEST_CASE("signals stay inside min and max, move, and continue after a restart") {
  for (const EventSettings& event : rig().events) {
    if (event.where.type == ValueType::boolean) continue;
    CAPTURE(event.event_public_id);
    const Signal signal(event);
    const Signal again(event);
    double least = 1e300;
    double most = -1e300;
    for (double t = 1.7e9; t < 1.7e9 + 600; t += 0.5) {
      const double value = signal.at(t);
      CHECK(value >= event.min_value.value_or(0));
      CHECK(value <= event.max_value.value_or(100));
      CHECK(value == again.at(t));
      least = std::min(least, value);
      most = std::max(most, value);
    }
    CHECK(most - least > 0.3 * (event.max_value.value_or(100) - event.min_value.value_or(0)));
  }
}

TEST_CASE("a signal without a fitting range is held to what the register can say") {
  EventSettings event;
  event.event_public_id = "e";
  event.where.type = ValueType::uint16;
  event.min_value = 100000;
  event.max_value = 200000;
  CHECK(Signal(event).at(5) == 65535);
  event.where.type = ValueType::float64;
  event.min_value = -1.7e308;
  event.max_value = 1.7e308;
  CHECK(std::isfinite(Signal(event).at(5)));
}

TEST_CASE("a valve switches now and then, an alarm is rare and short") {
  const RigSettings settings = rig();
  std::map<std::string, int> on;
  std::map<std::string, int> changes;
  for (const EventSettings& event : settings.events) {
    if (event.device != "io") continue;
    const Signal signal(event);
    for (int t = 0; t < 3600; ++t) {
      on[event.event_public_id] += signal.at(t) != 0;
      changes[event.event_public_id] += signal.at(t) != signal.at(t + 1);
    }
  }
  CHECK(on["valve"] > 1200);
  CHECK(on["valve"] < 2400);
  CHECK(changes["valve"] > 60);
  CHECK(on["alarm"] > 20);
  CHECK(on["alarm"] < 360);
}

TEST_CASE("counters count reads, each in its own type, and wrap") {
  SimulatedUnit unit = plc(true);
  const Register level = rig().events[1].where;
  const Register count = rig().events[2].where;
  for (int round = 1; round <= 3; ++round) {
    Bytes reply = answer(unit, {3, 0, 102, 0, 1});
    const std::uint16_t word = static_cast<std::uint16_t>(reply[2] << 8 | reply[3]);
    CHECK(decode_value(level, &word) == round * 0.1);
    CHECK(unit.served().size() == 1);
  }
  CHECK(answer(unit, {4, 0, 7, 0, 2}) == Bytes{4, 4, 0, 1, 0, 0});
  CHECK(answer(unit, {4, 0, 7, 0, 2}) == Bytes{4, 4, 0, 2, 0, 0});
  CHECK(counter_value(count, (std::uint64_t{1} << 32) + 5) == 5);
  CHECK(counter_value(level, 32768 + 7) == 7 * 0.1);
}

TEST_CASE("what is written stays, and its signal is gone") {
  SimulatedUnit unit = plc();
  CHECK(answer(unit, {16, 0, 100, 0, 2, 4, 0x41, 0xBB, 0x99, 0x9A}) == Bytes{16, 0, 100, 0, 2});
  CHECK(answer(unit, {3, 0, 100, 0, 2}, 1e6) == Bytes{3, 4, 0x41, 0xBB, 0x99, 0x9A});
  CHECK(unit.served()[0].value == 23.450000762939453);
  CHECK(answer(unit, {6, 0, 102, 0x12, 0x34}) == Bytes{6, 0, 102, 0x12, 0x34});
  CHECK(answer(unit, {3, 0, 102, 0, 1}) == Bytes{3, 2, 0x12, 0x34});
  CHECK(answer(unit, {6, 0, 50, 0, 1}) == Bytes{0x86, 2});

  const RigSettings settings = rig();
  SimulatedUnit io(settings.devices[1], settings.events, false);
  CHECK(answer(io, {5, 0, 3, 0xFF, 0}) == Bytes{5, 0, 3, 0xFF, 0});
  CHECK(answer(io, {1, 0, 3, 0, 1}, 30) == Bytes{1, 1, 1});
  CHECK(answer(io, {5, 0, 3, 1, 0}) == Bytes{0x85, 3});
  CHECK(answer(io, {15, 0, 3, 0, 1, 1, 0}) == Bytes{15, 0, 3, 0, 1});
  CHECK(answer(io, {1, 0, 3, 0, 1}, 30) == Bytes{1, 1, 0});
}

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
  const ReadOutcome outcome = line->read({77, RegisterKind::holding, 100, 2}, 1s, 0us, words);
  CHECK(outcome.kind == ReadOutcome::Kind::exception);
  CHECK(outcome.exception == 11);
}

TEST_CASE("RTU frames over TCP are served too") {
  RigSettings settings = rig();
  for (DeviceSettings& device : settings.devices) device.transport = Transport::rtu_over_tcp;
  SimulatorOptions options;
  options.counter = true;
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
    options.counter = true;
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

TEST_CASE("mixed faults: every value that arrives is the one that was served, in order") {
  const std::string journal = (std::filesystem::temp_directory_path() / "webmacs_simulator_test.journal").string();
  std::filesystem::remove(journal);
  std::string mistake;
  SimulatorOptions options;
  options.counter = true;
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
    CHECK(arrived == served[event->event_public_id]);
  }
  std::filesystem::remove(journal);
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
