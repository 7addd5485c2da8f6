#pragma once
// Durations as people write them.

#include <chrono>

namespace webmacs {

// Returns a duration as a number of seconds.
constexpr double in_seconds(std::chrono::duration<double> duration) {
  return duration.count();
}

}  // namespace webmacs
