#pragma once
// What a row of the buffer holds, and the sum that guards it: a bit that flips on a worn card must never become a
// value.

#include "common/reading.h"
#include "common/sqlite.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace webmacs {

// A reading in the agent. `seq` orders readings and names their rows; it is never used twice in a file.
struct BufferedReading {
  std::int64_t seq = 0;
  bool retried = false;  // already moved by 1 µs after a conflict
  Reading reading;
  std::chrono::steady_clock::time_point received{};  // memory only
};

// The reason of the bad reading that stands for readings which were given up, at the time of the last of them.
constexpr const char* dropped_reason = "dropped";

// From a row whose columns begin with seq, event, time, value, reason, retried; the event's name is the caller's.
BufferedReading buffered_reading(const Statement& row, const std::string& event_public_id);

// CRC-32 of everything in the row, its number and its event's name included.
std::int64_t row_sum(const BufferedReading& buffered);

// The same for the numbers that the file keeps about itself.
std::int64_t meta_sum(std::int64_t next_seq, std::int64_t rows, std::int64_t dropped);

}  // namespace webmacs
