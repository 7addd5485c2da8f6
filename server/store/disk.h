#pragma once
// The disk under a file. Any thread.

#include <cstdint>
#include <optional>
#include <string>

namespace webmacs {

struct Disk {
  std::int64_t free = 0;  // bytes that this program's user may write
  std::int64_t size = 0;  // bytes
};

// Returns the disk that the file or folder is on; empty where it cannot be reached.
std::optional<Disk> disk_of(const std::string& path);

}  // namespace webmacs
