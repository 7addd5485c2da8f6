#include "server/catalog/controller_registry.h"

#include "common/log.h"
#include "common/timestamp.h"

#include <cmath>

namespace webmacs {
namespace {

constexpr double tolerated_clock_offset = 1.0;  // seconds

}  // namespace

ControllerRegistry::Entry& ControllerRegistry::entry(const std::string& name) {
  Entry& entry = controllers_[name];
  entry.state.name = name;
  entry.state.last_seen = utc_now();
  return entry;
}

void ControllerRegistry::socket_opened(const std::string& name, const std::string& peer) {
  Entry& found = entry(name);
  found.opened_log.write(fmt::format("controller {} connected from {}", name, peer));
  ++found.sockets;
  found.state.online = true;
  if (found.sockets == 1) changed_(found.state);
}

void ControllerRegistry::socket_closed(const std::string& name, const std::string& how) {
  Entry& found = entry(name);
  found.closed_log.write(fmt::format("controller {} disconnected, {}", name, how));
  found.state.online = --found.sockets > 0;
  if (!found.state.online) changed_(found.state);
}

void ControllerRegistry::heard(const std::string& name) {
  entry(name);
}

void ControllerRegistry::reported(const std::string& name, const StatusFrame& status) {
  Entry& found = entry(name);
  found.state.status = status;
  found.state.clock_offset.reset();
  if (status.clock) {
    found.state.clock_offset = std::chrono::duration<double>(*status.clock - utc_now()).count();
    const bool off = std::abs(*found.state.clock_offset) > tolerated_clock_offset;
    if (off && !found.clock_warned) {
      log_warning("controller {}: its clock is {:+.1f} s off the hub's; its time stamps are stored as they come", name,
                  *found.state.clock_offset);
    } else if (!off && found.clock_warned) {
      log_info("controller {}: its clock is right again", name);
    }
    found.clock_warned = off;
  }
  changed_(found.state);
}

void ControllerRegistry::restore(const std::vector<ControllerRecord>& records) {
  for (const ControllerRecord& record : records) {
    ControllerState& state = entry(record.name).state;
    state.last_seen = record.last_seen;
    state.status = record.status;
  }
}

std::vector<ControllerRecord> ControllerRegistry::heard_since(Timestamp then) const {
  std::vector<ControllerRecord> records;
  for (const auto& [name, entry] : controllers_) {
    const ControllerState& state = entry.state;
    if (!state.last_seen || *state.last_seen < then) continue;
    records.push_back({name, *state.last_seen, state.status});
  }
  return records;
}

std::vector<ControllerState> ControllerRegistry::all() const {
  std::vector<ControllerState> states;
  for (const auto& [name, entry] : controllers_) states.push_back(entry.state);
  return states;
}

}  // namespace webmacs
