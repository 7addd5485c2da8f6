#include "agent/rig_warnings.h"

#include "unit/temporary_folder.h"

#include <doctest/doctest.h>

#include <fstream>

using namespace webmacs;

namespace {

// The warnings of a file with this text, without the file's name.
std::vector<std::string> warnings_of(const TemporaryFolder& folder, const std::string& text) {
  const std::string file = folder.file("rig.ini");
  std::ofstream(file) << text;
  std::vector<std::string> warnings = rig_warnings(load_agent_settings(file));
  for (std::string& warning : warnings) {
    REQUIRE(warning.starts_with(file + ":"));
    warning.erase(0, file.size() + 1);
  }
  return warnings;
}

const std::string hub = "[hub]\nurl = ws://hub.lab:8000/ws/controller/telemetry\n";

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a file in which nothing is odd has no warnings") {
  const TemporaryFolder folder;
  CHECK(warnings_of(folder, hub + "[device:plc]\nhost = fe80::1\n"
                                  "[event:a]\ndevice = plc\nregister = holding:100\ntype = float32\nunit = °C\n"
                                  "[event:b]\ndevice = plc\nregister = holding:102\ntype = uint16\n"
                                  "[event:c]\ndevice = plc\nregister = holding:102\ntype = bool\nbit = 3\n")
            .empty());
}

TEST_CASE("what is written and can hardly be meant is told with its line and what would be usual") {
  const TemporaryFolder folder;
  const Texts warnings = warnings_of(folder,
                                     "[hub]\nurl = ws://hub.lab:8000\n"
                                     "[buffer]\npath = " +
                                         folder.path() +
                                         "\n"
                                         "[device:plc]\nhost = 10.0.0.1:502\nunit = #1\n"
                                         "[device:line]\nserial = /dev/no-such-port\n"
                                         "[event:a]\ndevice = plc\nregister = coil:1\ntype = bool\nscale = 2\n"
                                         "[event:b]\ndevice = plc\nregister = holding:100\ntype = float32\nunit = #1\n"
                                         "[event:c]\ndevice = plc\nregister = holding:101\ntype = uint16\n"
                                         "[event:d]\ndevice = line\nregister = holding:0\ntype = uint16\n");
  CHECK(warnings ==
        Texts{"2: [hub] url: ws://hub.lab:8000 has no path (a hub's is /ws/controller/telemetry)",
              "4: [buffer] path: " + folder.path() + " is a folder (a file's path)",
              "6: [device:plc] host: \"10.0.0.1:502\" holds a port (host = 10.0.0.1 and port = 502)",
              "7: [device:plc] unit: is empty: unit 1 is asked",
              "9: [device:line] serial: /dev/no-such-port is not there now (names that stay are in /dev/serial/by-id)",
              "14: [event:a] scale: makes a bool something else than 0 and 1",
              "19: [event:b] unit: is empty (a # or ; begins a comment: write \"#1\")",
              "22: [event:c] register: the same registers are read as uint16 and, by b (line 17), as float32"});
}

TEST_CASE("holding:40101 is taken for Modicon's notation, unless all of the device's addresses are up there") {
  const TemporaryFolder folder;
  const auto of = [&](const std::string& first, const std::string& second, const std::string& type = "uint16") {
    return warnings_of(folder, hub + "[device:plc]\nhost = 10.0.0.1\n[event:a]\ndevice = plc\nregister = " + first +
                                   "\ntype = " + type + "\n[event:b]\ndevice = plc\nregister = " + second +
                                   "\ntype = " + type + "\n");
  };
  CHECK(
      of("holding:100", "holding:40101") ==
      Texts{"11: [event:b] register: holding:40101 looks like Modicon's notation, in which 40001 is holding:0 (others "
            "of the device lie below 40000)"});
  CHECK(of("input:7", "input:30001").size() == 1);
  CHECK(of("discrete:7", "discrete:10001", "bool").size() == 1);
  CHECK(of("holding:40070", "holding:40101").empty());  // SunSpec's map
  CHECK(of("holding:100", "input:40101").empty());
}
