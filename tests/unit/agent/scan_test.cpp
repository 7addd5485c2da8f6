#include "agent/scan.h"

#include "common/ini.h"
#include "hardware/simulator/rig_file.h"
#include "unit/hardware/simulator/running_simulator.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

const char* const rig_text = R"([device:meter]
host = 10.0.0.1
unit = 3
[device:io]
host = 10.0.0.1
unit = 7
[event:a]
device = meter
register = holding:10
type = float32
order = CDAB
min_value = 20
max_value = 30
[event:b]
device = meter
register = holding:12
type = float32
order = CDAB
min_value = 228
max_value = 234
[event:far]
device = meter
register = input:30001
type = uint16
[event:near_far]
device = meter
register = input:30000
type = uint16
[event:below_far]
device = meter
register = input:29999
type = uint16
[event:valve]
device = io
register = coil:999
)";

// Every request can go wrong.
struct Rig {
  explicit Rig(std::vector<FaultChance> faults = {})
      : simulator(parse_rig_file(rig_text, "rig.ini"), options(std::move(faults))) {}
  static SimulatorOptions options(std::vector<FaultChance> faults) {
    SimulatorOptions options;
    options.faults = std::move(faults);
    return options;
  }
  ScanTarget target(const std::string& units) const {
    std::string mistake;
    const int port = simulator.rig().devices[0].port;
    auto target = parse_scan_target({"127.0.0.1:" + std::to_string(port), "", units, 200ms}, mistake);
    REQUIRE(target);
    return *target;
  }

  RunningSimulator simulator;
};

ScanWatch patient() {
  return {[](const std::string&) {}, [] { return false; }};
}

ScanTarget target_of(const ScanArguments& arguments) {
  std::string mistake;
  const auto target = parse_scan_target(arguments, mistake);
  CAPTURE(mistake);
  REQUIRE(target);
  return *target;
}

}  // namespace

TEST_CASE("a scan finds the units behind a gateway, a gateway's own exception is none") {
  const Rig rig;
  Scanner scanner(rig.target("1-9"), patient());
  CHECK(scanner.find_units() == std::vector<int>{3, 7});
}

TEST_CASE("a scan finds ranges in the dense part and around round addresses, in both directions") {
  const Rig rig;
  Scanner scanner(rig.target("3"), patient());
  const ScannedUnit meter = scanner.map_unit(3);
  REQUIRE(meter.ranges.size() == 2);
  CHECK(meter.ranges[0].kind == RegisterKind::input);
  CHECK(meter.ranges[0].first == 29999);
  CHECK(meter.ranges[0].end() == 30002);
  CHECK(meter.ranges[1].kind == RegisterKind::holding);
  CHECK(meter.ranges[1].first == 10);
  CHECK(meter.ranges[1].end() == 14);
  const ScannedUnit io = scanner.map_unit(7);
  REQUIRE(io.ranges.size() == 1);
  CHECK(io.ranges[0].kind == RegisterKind::coil);
  CHECK(io.ranges[0].first == 999);
  CHECK(io.ranges[0].end() == 1000);
}

TEST_CASE("the word order that a device uses is among the plausible ones, at the right addresses") {
  const Rig rig;
  Scanner scanner(rig.target("3"), patient());
  const auto guesses = guess_floats(scanner.map_unit(3).ranges.at(1));
  REQUIRE(guesses.size() == 2);
  CHECK(guesses[0].address == 10);
  CHECK(guesses[1].address == 12);
  const auto cdab = static_cast<std::size_t>(ByteOrder::cdab);
  REQUIRE(guesses[0].values[cdab]);
  CHECK(*guesses[0].values[cdab] == doctest::Approx(25).epsilon(0.21));
  REQUIRE(guesses[1].values[cdab]);
  CHECK(*guesses[1].values[cdab] == doctest::Approx(231).epsilon(0.02));
}

TEST_CASE("floats are guessed from plausible orders alone") {
  // 23.45 as ABCD, as DCBA, zero, NaN; other orders of them are no physical quantities.
  const auto guesses =
      guess_floats({RegisterKind::holding, 100, {0x41BB, 0x999A, 0x9A99, 0xBB41, 0, 0, 0xFFFF, 0xFFFF}});
  REQUIRE(guesses.size() == 2);
  CHECK(guesses[0].address == 100);
  CHECK(*guesses[0].values[0] == doctest::Approx(23.45));
  CHECK_FALSE(guesses[0].values[1]);
  CHECK(guesses[1].address == 102);
  CHECK(*guesses[1].values[3] == doctest::Approx(23.45));
  CHECK_FALSE(guesses[1].values[0]);
  CHECK(guess_floats({RegisterKind::coil, 0, {1, 1}}).empty());
}

TEST_CASE("a unit that stopped answering does not hold a scan up for ever") {
  const Rig rig({{Fault::drop, 1.0}});
  auto target = rig.target("3");
  target.device.timeout = 10ms;
  Scanner scanner(target, patient());
  const ScannedUnit found = scanner.map_unit(3);
  CHECK(found.ranges.empty());
  REQUIRE(found.notes.size() == 4);
  CHECK(found.notes[0].find("no reply") != std::string::npos);
}

TEST_CASE("Ctrl-C ends a scan with what it has found so far") {
  const Rig rig;
  int left = 200;
  ScanWatch watch = patient();
  watch.stopped = [&left] { return --left <= 0; };
  Scanner scanner(rig.target("1-9"), watch);
  CHECK(scanner.find_units() == std::vector<int>{3, 7});
  CHECK(scanner.map_unit(3).ranges.empty());  // the coils come first
  CHECK(scanner.stopped());
}

TEST_CASE("nothing listens at the scanned address") {
  std::string mistake;
  const auto target = parse_scan_target({"127.0.0.1:1", "", "1", 200ms}, mistake);
  REQUIRE(target);
  Scanner scanner(*target, patient());
  CHECK_THROWS_WITH_AS(scanner.find_units(), doctest::Contains("refused"), std::runtime_error);
}

TEST_CASE("what to scan, as it stands on the command line") {
  CHECK(target_of({"plc.lab", "", "1-247", 500ms}).device.line() == "tcp plc.lab:502");
  CHECK(target_of({"plc.lab:1502", "", "1-247", 500ms}).device.port == 1502);
  CHECK(target_of({"[fe80::1]:1502", "", "1-247", 500ms}).device.host == "fe80::1");
  CHECK(target_of({"fe80::1", "", "0-255", 500ms}).device.host == "fe80::1");
  const ScanTarget serial = target_of({"", "/dev/ttyUSB0:9600:8N2", "17", 500ms});
  CHECK(serial.device.line() == "rtu /dev/ttyUSB0");
  CHECK(serial.device.baud == 9600);
  CHECK(serial.device.parity == Parity::none);
  CHECK(serial.device.stop_bits == 2);
  CHECK(serial.first_unit == 17);
  CHECK(serial.last_unit == 17);
  const ScanTarget plain = target_of({"", "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0", "1-247", 500ms});
  CHECK(plain.device.serial == "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0");
  CHECK(plain.device.baud == 19200);
  CHECK(plain.device.parity == Parity::even);
  CHECK(target_of({"", "/dev/ttyS0:115200", "1-247", 500ms}).device.baud == 115200);
}

TEST_CASE("wrong arguments of a scan are named") {
  const auto mistake_of = [](const ScanArguments& arguments) {
    std::string mistake;
    CHECK_FALSE(parse_scan_target(arguments, mistake));
    return mistake;
  };
  CHECK(mistake_of({"", "", "1", 1s}).find("one of the two") != std::string::npos);
  CHECK(mistake_of({"h", "/dev/ttyS0", "1", 1s}).find("one of the two") != std::string::npos);
  for (const char* host : {"h:0", "h:", "h:65536", "h:x", ":502", "[::1", "[::1]502", "http://h"}) {
    CAPTURE(host);
    CHECK(mistake_of({host, "", "1", 1s}).find("--host") == 0);
  }
  for (const char* port :
       {"/dev/ttyS0:9601", "/dev/ttyS0:9600:8Q1", "/dev/ttyS0:9600:7E1", "/dev/ttyS0:8N1", ":9600"}) {
    CAPTURE(port);
    CHECK(mistake_of({"", port, "1", 1s}).find("--serial") == 0);
  }
  for (const char* units : {"", "0", "256", "5-3", "1-", "a-b", "1-2-3"}) {
    CAPTURE(units);
    CHECK(mistake_of({"", "/dev/ttyS0", units, 1s}).find("--units") == 0);
  }
  CHECK(mistake_of({"h", "", "0-256", 1s}).find("0 to 255") != std::string::npos);
}
