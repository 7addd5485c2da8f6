#include "hardware/rig_settings.h"

#include "common/reading.h"
#include "hardware/device_keys.h"
#include "hardware/value_keys.h"

#include <fmt/format.h>

#include <algorithm>

namespace webmacs {
namespace {

using std::chrono::microseconds;
using namespace std::chrono_literals;

constexpr microseconds longest_silence = 24h * 366;

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

RigSettings read_rig_settings(Ini& file, microseconds default_poll_interval) {
  std::vector<DeviceEntry> devices;
  for (IniSection* section : file.sections("device")) {
    DeviceEntry entry = read_device_keys(*section, devices);
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
