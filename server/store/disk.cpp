#include "server/store/disk.h"

#include <sys/statvfs.h>

namespace webmacs {

std::optional<Disk> disk_of(const std::string& path) {
  struct statvfs status {};
  if (statvfs(path.c_str(), &status) != 0) return std::nullopt;
  const auto block = static_cast<std::int64_t>(status.f_frsize);
  return Disk{static_cast<std::int64_t>(status.f_bavail) * block, static_cast<std::int64_t>(status.f_blocks) * block};
}

}  // namespace webmacs
