#pragma once
// What the live feed sent and what it left out, since the hub started. Network thread only.

#include <cstdint>

namespace webmacs {

struct StreamCounters {
  std::uint64_t frames = 0, bytes = 0;                    // encoded once, however many took them
  std::uint64_t deliveries = 0, delivered_bytes = 0;      // broadcasts put into a client's queue
  std::uint64_t conflations = 0, skipped_datapoints = 0;  // batch clients that fell behind, and what they were not sent
  std::uint64_t too_slow = 0;                             // clients closed with 1013
};

}  // namespace webmacs
