#pragma once
// The value type that travels the whole way from the register to the screen.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace webmacs {

// UTC, integer microseconds since 1970-01-01. Schedules never use it: they run on the monotonic clock.
using Timestamp = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

// One measured value of one event at one instant. Good when it has a value; otherwise bad, and `reason` says why in a
// few words ("timeout", "exception 2", "not a number"). A value is always finite.
struct Reading {
  std::string event_public_id;
  Timestamp time;
  std::optional<double> value;
  std::string reason;

  bool good() const { return value.has_value(); }
  bool operator==(const Reading&) const = default;
};

// The longest reason that is stored or sent, in bytes; longer ones are cut.
constexpr std::size_t max_reason_bytes = 200;

// An event_public_id is 1-100 characters of [A-Za-z0-9._:-] (contract, "Terms").
bool valid_event_public_id(std::string_view id);

// What a double must be to be a value: finite; -0 becomes 0. Empty when it is NaN or infinite.
std::optional<double> measured_value(double raw);

}  // namespace webmacs
