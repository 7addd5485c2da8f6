#include "hardware/rig_settings.h"

#include "common/reading.h"
#include "hardware/value_keys.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <limits>
#include <tuple>

namespace webmacs {
namespace {

using std::chrono::microseconds;
using namespace std::chrono_literals;

constexpr double any_number = std::numeric_limits<double>::max();
constexpr microseconds longest_silence = 24h * 366;

// What a device's events need to know of it, beside its settings.
struct DeviceEntry {
  DeviceSettings settings;
  int first_address = 0;
  int line = 0;
};

Transport transport_of(const std::string& word) {
  if (word == "rtu") return Transport::rtu;
  return word == "tcp" ? Transport::tcp : Transport::rtu_over_tcp;
}

std::string_view to_text(Transport transport) {
  switch (transport) {
    case Transport::tcp:
      return "tcp";
    case Transport::rtu:
      return "rtu";
    case Transport::rtu_over_tcp:
      return "rtu_over_tcp";
  }
  return "";
}

void refuse_keys_of(IniSection& section, std::string_view transport, const std::vector<std::string_view>& keys,
                    std::string_view belongs_to) {
  for (const std::string_view key : keys) {
    if (section.has(key))
      section.mistake(key, fmt::format("has no meaning with transport {} (only with {})", transport, belongs_to));
  }
}

int read_baud(IniSection& section) {
  static const std::vector<std::int64_t> rates = {300,   600,   1200,   2400,   4800,   9600,  19200,
                                                  38400, 57600, 115200, 230400, 460800, 921600};
  const std::int64_t baud = section.integer("baud", 19200, 1, 10'000'000);
  if (std::find(rates.begin(), rates.end(), baud) == rates.end()) {
    section.mistake("baud", fmt::format("{} is not a standard rate ({})", baud, fmt::join(rates, ", ")));
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

DeviceEntry read_device(IniSection& section) {
  DeviceEntry entry;
  entry.line = section.line();
  DeviceSettings& device = entry.settings;
  device.name = std::string(section.label());
  read_where(section, device);
  // Unit 0 is a broadcast on a serial line and never answers; on TCP many devices listen to 0 or 255.
  const bool tcp = device.transport == Transport::tcp;
  device.unit = static_cast<int>(section.integer("unit", 1, tcp ? 0 : 1, tcp ? 255 : 247));
  device.timeout = section.duration("timeout", 1s, 10ms, 60s);
  device.retries = static_cast<int>(section.integer("retries", 1, 0, 10));
  device.pause = section.duration("pause", 0s, 0s, 60s);
  device.max_registers = static_cast<int>(section.integer("max_registers", 125, 1, 125));
  device.max_gap = static_cast<int>(section.integer("max_gap", 16, 0, 124));
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
    if (device.baud != other.baud)
      section.mistake("baud", fmt::format("{} has {} on the same line", where, other.baud));
    if (device.parity != other.parity)
      section.mistake("parity", fmt::format("{} has another one on the same line", where));
    if (device.stop_bits != other.stop_bits) {
      section.mistake("stop_bits", fmt::format("{} has {} on the same line", where, other.stop_bits));
    }
    if (device.rs485 != other.rs485)
      section.mistake("rs485", fmt::format("{} has another one on the same line", where));
    if (device.unit == other.unit) {
      section.mistake(
          "unit", fmt::format("unit {} of this line is already {} (each unit has one section)", device.unit, where));
    }
  }
}

// With a deadband there is always one: whoever looks at the hub could not tell a steady value from a dead one
// otherwise.
microseconds silence_of(const EventSettings& event) {
  const microseconds unless_said = std::clamp<microseconds>(10 * event.poll_interval, 60s, longest_silence);
  return std::max(event.max_silence.value_or(unless_said), event.poll_interval);
}

void say_unknown_device(IniSection& section, const std::string& device, const std::vector<DeviceEntry>& devices) {
  std::vector<std::string> names;
  names.reserve(devices.size());
  for (const DeviceEntry& entry : devices) names.push_back(entry.settings.name);
  const auto near = did_you_mean(device, names);
  section.mistake("device", near ? fmt::format("there is no [device:{}] (did you mean {}?)", device, *near)
                                 : fmt::format("there is no [device:{}] ({})", device,
                                               names.empty() ? "no device is described"
                                                             : fmt::format("{}", fmt::join(names, ", "))));
}

EventSettings read_event(IniSection& section, const std::vector<DeviceEntry>& devices,
                         microseconds default_poll_interval) {
  EventSettings event;
  event.event_public_id = std::string(section.label());
  if (!event.event_public_id.empty() && !valid_event_public_id(event.event_public_id)) {
    section.mistake("", "not an event_public_id (1-100 characters of A-Z a-z 0-9 . _ : -)");
  }
  event.device = section.required_text("device");
  const auto device = std::find_if(devices.begin(), devices.end(),
                                   [&](const DeviceEntry& entry) { return entry.settings.name == event.device; });
  if (device != devices.end()) {
    const ValuePlace place{event.device, device->first_address, device->settings.max_registers};
    event.where = read_value_keys(section, &place);
  } else {
    event.where = read_value_keys(section, nullptr);
    if (!event.device.empty()) say_unknown_device(section, event.device, devices);
  }
  event.name = section.text("name");
  event.unit = section.text("unit");
  event.min_value = section.optional_number("min_value", -any_number, any_number);
  event.max_value = section.optional_number("max_value", -any_number, any_number);
  if (event.min_value && event.max_value && *event.min_value >= *event.max_value) {
    section.mistake("max_value", fmt::format("must be greater than min_value (line {})", section.line_of("min_value")));
  }
  event.poll_interval = section.duration("poll_interval", default_poll_interval, 10ms, 24h);
  event.deadband = section.optional_number("deadband", 0, any_number);
  event.max_silence = section.optional_duration("max_silence", 10ms, longest_silence);
  if (section.has("max_silence") && !section.has("deadband")) {
    section.mistake("max_silence", "has no meaning without a deadband (every value is sent anyway)");
  }
  if (event.deadband) event.max_silence = silence_of(event);

  return event;
}

}  // namespace

std::string DeviceSettings::line() const {
  if (transport == Transport::rtu) return "rtu " + serial;
  const bool ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{} {}{}{}:{}", to_text(transport), ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
}

const DeviceSettings* RigSettings::device(std::string_view name) const {
  for (const DeviceSettings& device : devices) {
    if (device.name == name) return &device;
  }
  return nullptr;
}

bool operator==(const DeviceSettings& a, const DeviceSettings& b) {
  const auto members = [](const DeviceSettings& d) {
    return std::tie(d.name, d.transport, d.host, d.port, d.serial, d.baud, d.parity, d.stop_bits, d.rs485, d.unit,
                    d.timeout, d.retries, d.pause, d.max_registers, d.max_gap);
  };
  return members(a) == members(b);
}

bool operator==(const EventSettings& a, const EventSettings& b) {
  const auto members = [](const EventSettings& e) {
    return std::tie(e.event_public_id, e.device, e.where, e.name, e.unit, e.min_value, e.max_value, e.poll_interval,
                    e.deadband, e.max_silence);
  };
  return members(a) == members(b);
}

RigSettings read_rig_settings(Ini& file, microseconds default_poll_interval) {
  std::vector<DeviceEntry> devices;
  for (IniSection* section : file.sections("device")) {
    DeviceEntry entry = read_device(*section);
    check_neighbours(*section, entry, devices);
    devices.push_back(std::move(entry));
  }
  RigSettings rig;
  for (IniSection* section : file.sections("event")) {
    rig.events.push_back(read_event(*section, devices, default_poll_interval));
  }
  if (rig.events.empty()) file.mistake(0, "", "", "no event is described (at least one [event:ID] section)");
  for (DeviceEntry& entry : devices) rig.devices.push_back(std::move(entry.settings));
  return rig;
}

}  // namespace webmacs
