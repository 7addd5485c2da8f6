#pragma once
// RFC 3339 <-> integer microseconds (contract, "time").

#include "common/reading.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace webmacs {

// The wall clock now, cut to the microsecond.
Timestamp utc_now();

// Accepts any offset ("Z", "+02:00"), upper or lower case T and Z, 0-9 fraction digits (digits beyond the microsecond
// are cut off), and a leap second 23:59:60 as the following second. Empty when the text is not RFC 3339, names a day
// that does not exist, or lies outside 1970 <= t < 2200.
std::optional<Timestamp> parse_timestamp(std::string_view text);

// "2025-01-15T14:32:10.000Z"; six fraction digits where the value needs them.
std::string format_timestamp(Timestamp time);
// The same, appended: the hot path allocates nothing.
void append_timestamp(std::string& out, Timestamp time);

// Whether 1970 <= time < 2200.
bool valid_timestamp(Timestamp time);

inline std::int64_t to_microseconds(Timestamp time) {
  return time.time_since_epoch().count();
}
inline Timestamp from_microseconds(std::int64_t microseconds) {
  return Timestamp(std::chrono::microseconds(microseconds));
}

}  // namespace webmacs
