#include "agent/rig_warnings.h"

#include "common/secret_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

namespace webmacs {
namespace {

class Warnings {
 public:
  explicit Warnings(const std::string& file) : file_(file), ini_(Ini::load(file)) {}

  IniSection& section(const std::string& name) { return ini_->section(name); }

  void add(const IniSection& section, std::string_view key, const std::string& what) {
    const int line = std::max(section.line_of(key), 1);
    found_.emplace_back(line, fmt::format("{}:{}: [{}] {}: {}", file_, line, section.name(), key, what));
  }
  std::vector<std::string> in_order() {
    std::stable_sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> texts;
    for (auto& [line, text] : found_) texts.push_back(std::move(text));
    return texts;
  }

 private:
  const std::string file_;
  const std::unique_ptr<Ini> ini_;
  std::vector<std::pair<int, std::string>> found_;
};

// A key whose value is empty, mostly because a comment sign begins it.
bool is_empty(const IniSection& section, std::string_view key) {
  return !section.has(key) && section.line_of(key) != section.line();
}

void look_at_hub(const AgentSettings& settings, Warnings& warnings) {
  for (const std::string& warning : secret_warnings(settings)) {
    warnings.add(warnings.section("hub"), settings.hub.token.empty() ? "token_file" : "token", warning);
  }
  const std::string& target = settings.hub.url.target;
  if (!target.empty() && target != "/") return;
  warnings.add(warnings.section("hub"), "url",
               fmt::format("{} has no path (a hub's is /ws/controller/telemetry)", settings.hub.url_text));
}

void look_at_buffer(const AgentSettings& settings, Warnings& warnings) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(settings.buffer.path, ignored)) return;
  warnings.add(warnings.section("buffer"), "path", fmt::format("{} is a folder (a file's path)", settings.buffer.path));
}

void look_at_device(const DeviceSettings& device, Warnings& warnings) {
  IniSection& section = warnings.section("device:" + device.name);
  const std::size_t colon = device.host.find(':');
  const std::string_view behind = colon == std::string::npos ? "" : std::string_view(device.host).substr(colon + 1);
  if (!behind.empty() && behind.find_first_not_of("0123456789") == std::string_view::npos) {
    warnings.add(section, "host",
                 fmt::format("\"{}\" holds a port (host = {} and port = {})", device.host, device.host.substr(0, colon),
                             behind));
  }
  std::error_code ignored;
  if (!device.serial.empty() && !std::filesystem::exists(device.serial, ignored)) {
    warnings.add(section, "serial",
                 fmt::format("{} is not there now (names that stay are in /dev/serial/by-id)", device.serial));
  }
  if (is_empty(section, "unit")) warnings.add(section, "unit", "is empty: unit 1 is asked");
}

// First addresses as a manual in Modicon's notation has them: 40101 is the holding register 100.
int modicon_base(RegisterKind kind) {
  switch (kind) {
    case RegisterKind::coil:
      return 0;
    case RegisterKind::discrete:
      return 10001;
    case RegisterKind::input:
      return 30001;
    case RegisterKind::holding:
      return 40001;
  }
  return 0;
}

// Unless all that is read of that kind lies there: then it is the device's own map, as SunSpec's.
void look_for_modicon(const DeviceSettings& device, const RigSettings& rig, RegisterKind kind, Warnings& warnings) {
  const int base = modicon_base(kind);
  std::vector<const EventSettings*> suspects;
  bool below = false;
  for (const EventSettings& event : rig.events) {
    if (event.device != device.name || event.where.kind != kind || base == 0) continue;
    const int address = event.where.address;
    below = below || address < base - 1;
    if (address >= base - 1 && address < base + 9999) suspects.push_back(&event);
  }
  if (!below) return;
  for (const EventSettings* event : suspects) {
    IniSection& section = warnings.section("event:" + event->event_public_id);
    const std::string written = section.text("register");
    warnings.add(
        section, "register",
        fmt::format("{} looks like Modicon's notation, in which {} is {}:0 (others of the device lie below {})",
                    written, base, to_text(kind), base - 1));
  }
}

void look_at_event(const EventSettings& event, Warnings& warnings) {
  IniSection& section = warnings.section("event:" + event.event_public_id);
  if (event.where.type == ValueType::boolean) {
    for (const char* key : {"scale", "offset"}) {
      if (section.has(key)) warnings.add(section, key, "makes a bool something else than 0 and 1");
    }
  }
  if (is_empty(section, "unit")) warnings.add(section, "unit", "is empty (a # or ; begins a comment: write \"#1\")");
}

bool overlap(const Register& a, const Register& b) {
  return a.kind == b.kind && a.address < b.address + b.count() && b.address < a.address + a.count();
}

bool same_reading(const Register& a, const Register& b) {
  return a.address == b.address && a.type == b.type && a.order == b.order;
}

// Bits beside the register that they are of are usual.
void look_for_overlaps(const RigSettings& rig, Warnings& warnings) {
  for (std::size_t i = 0; i < rig.events.size(); ++i) {
    const EventSettings& later = rig.events[i];
    if (later.where.type == ValueType::boolean) continue;
    for (std::size_t j = 0; j < i; ++j) {
      const EventSettings& earlier = rig.events[j];
      if (earlier.device != later.device || earlier.where.type == ValueType::boolean) continue;
      if (!overlap(earlier.where, later.where) || same_reading(earlier.where, later.where)) continue;
      IniSection& section = warnings.section("event:" + later.event_public_id);
      IniSection& other = warnings.section("event:" + earlier.event_public_id);
      warnings.add(
          section, "register",
          fmt::format("the same registers are read as {} and, by {} (line {}), as {}", to_text(later.where.type),
                      earlier.event_public_id, other.line_of("register"), to_text(earlier.where.type)));
      break;
    }
  }
}

}  // namespace

std::vector<std::string> rig_warnings(const AgentSettings& settings) {
  Warnings warnings(settings.file);
  look_at_hub(settings, warnings);
  look_at_buffer(settings, warnings);
  for (const DeviceSettings& device : settings.rig.devices) {
    look_at_device(device, warnings);
    for (const RegisterKind kind : {RegisterKind::discrete, RegisterKind::input, RegisterKind::holding}) {
      look_for_modicon(device, settings.rig, kind, warnings);
    }
  }
  for (const EventSettings& event : settings.rig.events) look_at_event(event, warnings);
  look_for_overlaps(settings.rig, warnings);
  return warnings.in_order();
}

std::vector<std::string> secret_warnings(const AgentSettings& settings) {
  std::vector<std::string> warnings;
  const auto add = [&warnings](std::string warning) {
    if (!warning.empty()) warnings.push_back(std::move(warning));
  };
  if (settings.hub.token.empty()) {
    add(readable_by_all("token file", settings.hub.token_file));
  } else {
    add(fmt::format("whoever reads {} reads the token; a token_file is safer", settings.file));
    add(readable_by_all("rig file", settings.file));
  }
  return warnings;
}

}  // namespace webmacs
