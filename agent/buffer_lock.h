#pragma once
// Keeps a second agent away from a buffer: two would send each other's readings. A lock on a file beside the database,
// which the system releases when the process ends, however it ends.

#include <string>

namespace webmacs {

class BufferLock {
 public:
  // Throws std::runtime_error when another process holds it. Where no lock file can be made (a read-only folder) there
  // is no lock, and no buffer file that would need one.
  explicit BufferLock(const std::string& buffer_path);
  ~BufferLock();
  BufferLock(const BufferLock&) = delete;
  BufferLock& operator=(const BufferLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace webmacs
