#include "server/output_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace webmacs {
namespace {

mode_t usual_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

}  // namespace

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  if (path_.empty()) {
    file_ = STDOUT_FILENO;
    return;
  }
  struct stat status {};
  if (stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    fail("it is not a regular file; give another name, or none for standard output");
  }
  open_beside();
}

void OutputFile::open_beside() {
  std::error_code none;
  const auto target = std::filesystem::canonical(path_, none);  // a link stays one
  if (!none) path_ = target.string();
  temporary_ = path_ + ".XXXXXX";
  file_ = mkostemp(temporary_.data(), O_CLOEXEC);
  if (file_ < 0) {
    temporary_.clear();
    fail(std::strerror(errno));
  }
  fchmod(file_, usual_mode());
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
  if (file_ > STDOUT_FILENO) close(file_);
}

void OutputFile::write(std::string_view bytes, bool (*stopped)()) {
  while (!bytes.empty()) {
    const ssize_t taken = ::write(file_, bytes.data(), bytes.size());
    if (taken < 0 && errno != EINTR) fail(std::strerror(errno));
    if (stopped()) {
      throw std::runtime_error("stopped before the end" + (temporary_.empty() ? "" : ": " + path_ + " is as it was"));
    }
    if (taken > 0) bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
}

void OutputFile::finish() {
  if (temporary_.empty()) return;
  if (fsync(file_) != 0 || rename(temporary_.c_str(), path_.c_str()) != 0) fail(std::strerror(errno));
  temporary_.clear();
}

void OutputFile::fail(const std::string& what) const {
  throw std::runtime_error((path_.empty() ? "standard output" : path_) + " cannot be written: " + what);
}

}  // namespace webmacs
