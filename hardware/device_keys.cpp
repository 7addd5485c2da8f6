#include "hardware/device_keys.h"

#include "hardware/baud_rates.h"

#include <fmt/format.h>

namespace webmacs {
namespace {

using std::chrono::microseconds;
using namespace std::chrono_literals;

Transport transport_of(const std::string& word) {
  if (word == "rtu") return Transport::rtu;
  return word == "tcp" ? Transport::tcp : Transport::rtu_over_tcp;
}

void refuse_keys_of(IniSection& section, std::string_view transport, const std::vector<std::string_view>& keys,
                    std::string_view belongs_to) {
  for (const std::string_view key : keys) {
    if (section.has(key))
      section.mistake(key, fmt::format("has no meaning with transport {} (only with {})", transport, belongs_to));
  }
}

int read_baud(IniSection& section) {
  const std::int64_t baud = section.integer("baud", 19200, 1, 10'000'000);
  if (!is_baud_rate(baud)) {
    section.mistake("baud", fmt::format("{} is not a standard rate ({})", baud, fmt::join(baud_rates, ", ")));
  }
  return static_cast<int>(baud);
}

Parity read_parity(IniSection& section) {
  const std::string word = section.choice("parity", "even", {"none", "even", "odd"});
  return word == "none" ? Parity::none : word == "odd" ? Parity::odd : Parity::even;
}

void read_where(IniSection& section, DeviceSettings& device) {
  const bool serial = section.has("serial");
  device.transport = transport_of(section.choice("transport", serial ? "rtu" : "tcp", {"tcp", "rtu", "rtu_over_tcp"}));
  device.host = section.text("host");
  device.port = static_cast<int>(section.integer("port", 502, 1, 65535));
  device.serial = section.text("serial");
  device.baud = read_baud(section);
  device.parity = read_parity(section);
  device.stop_bits = static_cast<int>(section.integer("stop_bits", 1, 1, 2));
  device.rs485 = section.boolean("rs485", false);
  device.echo = section.boolean("echo", false);

  const std::string_view transport = to_text(device.transport);
  if (device.transport == Transport::rtu) {
    refuse_keys_of(section, transport, {"host", "port"}, "tcp and rtu_over_tcp");
    if (!serial) section.mistake("serial", "missing (required with transport rtu, e.g. /dev/ttyUSB0)");
    return;
  }
  refuse_keys_of(section, transport, {"serial", "baud", "parity", "stop_bits", "rs485"}, "rtu");
  if (device.host.empty() && !serial) section.mistake("host", "missing (host or serial is required)");
  if (device.host.find_first_of(" \t/") != std::string::npos) {
    section.mistake("host",
                    fmt::format("\"{}\" is not a host (a name or an address; the port has its own key)", device.host));
  }
}

void read_line_use(IniSection& section, DeviceSettings& device) {
  device.pause_after_connect = section.duration("pause_after_connect", 0s, 0s, 60s);
  const std::string use = section.choice("connection", "keep", {"keep", "per_poll"});
  device.connection = use == "per_poll" ? ConnectionUse::per_poll : ConnectionUse::keep;
  device.pipeline = static_cast<int>(section.integer("pipeline", 1, 1, most_pipelined));
  if (device.transport == Transport::tcp) {
    refuse_keys_of(section, to_text(device.transport), {"echo"}, "rtu and rtu_over_tcp");
  } else {
    refuse_keys_of(section, to_text(device.transport), {"pipeline"}, "tcp");
  }
}

DeviceEntry read_device(IniSection& section) {
  DeviceEntry entry;
  entry.line = section.line();
  DeviceSettings& device = entry.settings;
  device.name = std::string(section.label());
  read_where(section, device);
  // Unit 0 is a broadcast on a serial line and never answers; on TCP many devices listen to 0 or 255.
  const bool tcp = device.transport == Transport::tcp;
  device.unit = static_cast<int>(section.integer("unit", 1, tcp ? 0 : 1, 255));
  device.timeout = section.duration("timeout", 1s, 10ms, 60s);
  device.retries = static_cast<int>(section.integer("retries", 1, 0, 10));
  device.pause = section.duration("pause", 0s, 0s, 60s);
  device.max_registers = static_cast<int>(section.integer("max_registers", 125, 1, 125));
  device.max_gap = static_cast<int>(section.integer("max_gap", 16, 0, 124));
  read_line_use(section, device);
  entry.first_address = static_cast<int>(section.integer("first_address", 0, 0, 1));
  return entry;
}

// Devices that share a line must agree on what the line is, and no two may be the same unit.
void check_neighbours(IniSection& section, const DeviceEntry& entry, const std::vector<DeviceEntry>& earlier) {
  const DeviceSettings& device = entry.settings;
  if (device.host.empty() && device.serial.empty()) return;
  for (const DeviceEntry& other_entry : earlier) {
    const DeviceSettings& other = other_entry.settings;
    const std::string where = fmt::format("device {} (line {})", other.name, other_entry.line);
    const bool network = device.transport != Transport::rtu && other.transport != Transport::rtu;
    if (network && device.host == other.host && device.port == other.port && device.transport != other.transport) {
      section.mistake("transport",
                      fmt::format("{} speaks {} on the same host and port", where, to_text(other.transport)));
    }
    if (device.line() != other.line()) continue;
    const auto agree = [&](std::string_view key, bool same) {
      if (!same) section.mistake(key, fmt::format("{} has another one on the same line", where));
    };
    if (device.baud != other.baud)
      section.mistake("baud", fmt::format("{} has {} on the same line", where, other.baud));
    agree("parity", device.parity == other.parity);
    if (device.stop_bits != other.stop_bits)
      section.mistake("stop_bits", fmt::format("{} has {} on the same line", where, other.stop_bits));
    agree("rs485", device.rs485 == other.rs485);
    agree("echo", device.echo == other.echo);
    agree("pause_after_connect", device.pause_after_connect == other.pause_after_connect);
    agree("connection", device.connection == other.connection);
    agree("pipeline", device.pipeline == other.pipeline);
    if (device.unit == other.unit) {
      section.mistake(
          "unit", fmt::format("unit {} of this line is already {} (each unit has one section)", device.unit, where));
    }
  }
}

}  // namespace

DeviceEntry read_device_keys(IniSection& section, const std::vector<DeviceEntry>& earlier) {
  DeviceEntry entry = read_device(section);
  check_neighbours(section, entry, earlier);
  return entry;
}

}  // namespace webmacs
