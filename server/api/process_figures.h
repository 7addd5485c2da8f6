#pragma once
// What the kernel says of this process. Any thread.

#include <cstdint>

namespace webmacs {

struct ProcessFigures {
  double cpu_seconds = 0;  // user and system
  double start_time = 0;   // seconds since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t most_descriptors = 0;  // the soft limit
};

// What cannot be read is 0.
ProcessFigures read_process_figures();

}  // namespace webmacs
