#pragma once
// The public_id of a datapoint: reversibly encodes the event's key and the microseconds ("dp_" + base 36), so that it
// is stable and needs no storage (contract, "Hub → frontend"). Pure functions, any thread.

#include "common/reading.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace webmacs {

std::string datapoint_public_id(std::int64_t event_key, Timestamp time);
// Its end, which all datapoints of that time have in common: so many characters.
constexpr std::size_t datapoint_id_time_digits = 11;
void append_datapoint_id_time(std::string& out, Timestamp time);
struct DatapointKey {
  std::int64_t event_key = 0;
  Timestamp time;
};
std::optional<DatapointKey> parse_datapoint_public_id(std::string_view public_id);

}  // namespace webmacs
