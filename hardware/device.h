#pragma once
// What a poller needs of a device. Modbus units implement it; so do the fakes in tests.

#include "common/reading.h"
#include "hardware/rig_settings.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace webmacs {

// The registers of one value, at most four, kept in place: a poll of many values allocates nothing for them.
class RawWords {
 public:
  RawWords() = default;
  RawWords(const std::uint16_t* words, int count) : count_(static_cast<std::uint8_t>(count)) {
    std::copy_n(words, count, words_);
  }
  const std::uint16_t* begin() const { return words_; }
  const std::uint16_t* end() const { return words_ + count_; }
  bool empty() const { return count_ == 0; }

 private:
  std::uint16_t words_[4] = {};
  std::uint8_t count_ = 0;
};

// What one poll found for one event.
struct PolledValue {
  Timestamp time;               // when the reply arrived (or the failure was known)
  std::optional<double> value;  // scaled; empty when bad
  std::string reason;           // why it is bad: "timeout", "exception 2", "disconnected", "not a number", …
  RawWords words;               // raw registers, or one 0/1 word for a bit; empty when bad without a reply
  bool deferred = false;        // not asked for yet: the line has to wait before it may be; no finding, poll it again
};

// One unit on a line. Every call but interrupt() blocks and belongs to the line's thread; none throws for a device's
// failure.
class Device {
 public:
  virtual ~Device() = default;

  virtual const DeviceSettings& settings() const = 0;

  // Reads the given events (all of this device) with as few requests as the settings allow: one result per event, in
  // the same order. While the unit is in its backoff after failures the line is not touched and the last reason is
  // returned at once. Values that are `deferred` are to be polled again soon, after the line's other devices.
  virtual std::vector<PolledValue> poll(const std::vector<const EventSettings*>& events) = 0;

  // After every due device of the line was polled.
  virtual void end_turn() {}

  // Empty while the unit answers; otherwise why it does not, for the status and the log.
  virtual std::string error() const = 0;
  // What a person should change though the unit answers; empty: nothing.
  virtual std::string advice() const { return {}; }

  // Before its first poll: goes on with the connection of `other`, a device of the same line that has been polled.
  virtual void share_connection_of(const Device& other) { (void)other; }

  // Any thread, once, when the program ends: a poll in progress returns at once, and so does every later one. Such a
  // poll's results say "interrupted"; they are no readings, so the poller drops them.
  virtual void interrupt() {}
};

// As poll(), until nothing is deferred any more, for whoever polls a line's devices by turns.
std::vector<PolledValue> poll_whole(Device& device, const std::vector<const EventSettings*>& events);

// The devices of one connection or serial port: polled by one thread, one after the other.
struct Line {
  std::string name;
  std::vector<std::unique_ptr<Device>> devices;
};

}  // namespace webmacs
