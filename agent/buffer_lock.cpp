#include "agent/buffer_lock.h"

#include "common/secret_file.h"

#include <sys/file.h>

#include <cerrno>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

namespace webmacs {

BufferLock::BufferLock(const std::string& buffer_path) {
  const std::string path = buffer_path + ".lock";
  make_folder_of(path);
  make_private(path);
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor_ < 0) return;
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(descriptor_);
  descriptor_ = -1;
  throw std::runtime_error(buffer_path + " is in use by another agent (give each rig its own [buffer] path)");
}

BufferLock::~BufferLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace webmacs
