#include "hardware/serial_port.h"

#include "common/error_text.h"

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace webmacs {
namespace {

namespace fs = std::filesystem;

std::string first_line_of(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string process_text(const std::string& pid) {
  const std::string name = first_line_of("/proc/" + pid + "/comm");
  return fmt::format("{} (process {})", name.empty() ? "another program" : name, pid);
}

// The process that holds a flock on this file, from /proc/locks; empty when that does not say.
std::string holder_of_lock(const struct stat& file) {
  std::ifstream locks("/proc/locks");
  const std::string wanted = fmt::format("{:02x}:{:02x}:{}", major(file.st_dev), minor(file.st_dev), file.st_ino);
  for (std::string line; std::getline(locks, line);) {
    // 1: FLOCK  ADVISORY  WRITE 812 00:18:3 0 EOF
    std::istringstream words(line);
    std::string number, kind, mode, access, pid, where;
    words >> number >> kind >> mode >> access >> pid >> where;
    if (kind == "FLOCK" && where == wanted && pid != "-1" && pid != "0") return process_text(pid);
  }
  return {};
}

// The process that has this device open, as far as we may look.
std::string holder_of_device(const std::string& port) {
  std::error_code failed;
  const fs::path device = fs::canonical(port, failed);
  for (fs::directory_iterator process("/proc", failed), end; !failed && process != end; process.increment(failed)) {
    const std::string pid = process->path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos || pid == std::to_string(::getpid())) continue;
    std::error_code hidden;
    for (fs::directory_iterator open(process->path() / "fd", hidden); !hidden && open != end; open.increment(hidden)) {
      std::error_code gone;
      if (fs::read_symlink(open->path(), gone) == device) return process_text(pid);
    }
  }
  return {};
}

std::string in_use(const std::string& holder) {
  return fmt::format("in use by {}", holder.empty() ? "another program" : holder);
}

// Names by number change when adapters are plugged in another order; those below by-id stay.
std::string why_missing(const std::string& port) {
  std::error_code none;
  std::string names;
  for (fs::directory_iterator link("/dev/serial/by-id", none), end; !none && link != end; link.increment(none)) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", link->path().string());
  }
  std::string missing = error_text(ENOENT);
  if (port.rfind("/dev/tty", 0) != 0) return missing;
  if (names.empty()) return fmt::format("{}; no adapter is plugged in (nothing in /dev/serial/by-id)", missing);
  return fmt::format("{}; there is {}, a name that stays when ports are numbered anew", missing, names);
}

// tcsetattr that changes nothing answers EINVAL where the driver dropped a bit that is asked for (a pseudo terminal and
// PARENB): a line that a killed program left set up could not be set up again. Another speed first, and something
// changes.
void unsettle(int descriptor, termios settings) {
  const speed_t other = ::cfgetospeed(&settings) == B300 ? B600 : B300;
  ::cfsetispeed(&settings, other);
  ::cfsetospeed(&settings, other);
  ::tcsetattr(descriptor, TCSANOW, &settings);
}

}  // namespace

std::string SerialLock::take(const std::string& port) {
  release();
  descriptor_ = ::open(port.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor_ < 0) {
    const int error = errno;
    if (error == ENOENT) return why_missing(port);
    return error == EBUSY ? in_use(holder_of_device(port)) : error_text(error);
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    struct stat file {};
    ::fstat(descriptor_, &file);
    ::close(std::exchange(descriptor_, -1));
    if (error != EWOULDBLOCK) return error_text(error);
    const std::string holder = holder_of_lock(file);
    return in_use(holder.empty() ? holder_of_device(port) : holder);
  }
  if (::tcgetattr(descriptor_, &found_) != 0) {
    const std::string error = error_text(errno);
    ::close(std::exchange(descriptor_, -1));
    return fmt::format("no serial port: {}", error);
  }
  unsettle(descriptor_, found_);
  return {};
}

void SerialLock::make_exclusive() const {
  ::ioctl(descriptor_, TIOCEXCL);
}

void SerialLock::release() {
  if (descriptor_ < 0) return;
  ::tcsetattr(descriptor_, TCSANOW, &found_);
  ::ioctl(descriptor_, TIOCNXCL);
  ::close(std::exchange(descriptor_, -1));  // and the lock with it
}

std::chrono::nanoseconds character_time(const DeviceSettings& settings) {
  const int bits = 1 + 8 + (settings.parity == Parity::none ? 0 : 1) + settings.stop_bits;
  return std::chrono::nanoseconds(1'000'000'000LL * bits / settings.baud);
}

std::chrono::microseconds frame_gap(const DeviceSettings& settings) {
  // 3.5 characters of 11 bits, but never under 1.75 ms (MODBUS over Serial Line V1.02, 2.5.1.1).
  return std::max(std::chrono::microseconds(1750), std::chrono::microseconds(38'500'000 / settings.baud));
}

}  // namespace webmacs
