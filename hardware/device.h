#pragma once
// What a poller needs of a device. Modbus units implement it; so do the fakes in tests.

#include "common/reading.h"
#include "hardware/rig_settings.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace webmacs {

// What one poll found for one event.
struct PolledValue {
  Timestamp time;                    // when the reply arrived (or the failure was known)
  std::optional<double> value;       // scaled; empty when bad
  std::string reason;                // why it is bad: "timeout", "exception 2", "disconnected", "not a number", …
  std::vector<std::uint16_t> words;  // raw registers, or one 0/1 word for a bit; empty when bad without a reply
};

// One unit on a line. Every call but interrupt() blocks and belongs to the line's thread; none throws for a device's
// failure.
class Device {
 public:
  virtual ~Device() = default;

  virtual const DeviceSettings& settings() const = 0;

  // Reads the given events (all of this device) with as few requests as the settings allow: one result per event, in
  // the same order. While the unit is in its backoff after failures the line is not touched and the last reason is
  // returned at once.
  virtual std::vector<PolledValue> poll(const std::vector<const EventSettings*>& events) = 0;

  // Empty while the unit answers; otherwise why it does not, for the status and the log.
  virtual std::string error() const = 0;

  // Any thread, once, when the program ends: a poll in progress returns at once, and so does every later one. Such a
  // poll's results say "interrupted"; they are no readings, so the poller drops them.
  virtual void interrupt() {}
};

// The devices of one connection or serial port: polled by one thread, one after the other.
struct Line {
  std::string name;
  std::vector<std::unique_ptr<Device>> devices;
};

}  // namespace webmacs
