#include "hardware/simulator/pseudo_terminal.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <system_error>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace webmacs {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

bool is_link(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

}  // namespace

PseudoTerminal::PseudoTerminal() {
  controller_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  char name[128];
  if (controller_ < 0 || ::grantpt(controller_) != 0 || ::unlockpt(controller_) != 0 ||
      ::ptsname_r(controller_, name, sizeof name) != 0) {
    fail("no pseudo terminal can be opened");
  }
  path_ = name;
  held_ = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (held_ < 0) fail(path_);
  termios raw{};
  ::tcgetattr(held_, &raw);
  ::cfmakeraw(&raw);  // nothing is echoed, even before a client sets the line up
  ::tcsetattr(held_, TCSANOW, &raw);
}

PseudoTerminal::~PseudoTerminal() {
  if (!link_.empty()) ::unlink(link_.c_str());
  if (controller_ >= 0) ::close(controller_);
  ::close(held_);
}

void PseudoTerminal::link_as(const std::string& link) {
  if (is_link(link) && ::access(link.c_str(), F_OK) != 0) ::unlink(link.c_str());
  if (::symlink(path_.c_str(), link.c_str()) != 0) fail("the serial port " + link + " cannot be simulated");
  link_ = link;
}

int PseudoTerminal::release() {
  return std::exchange(controller_, -1);
}

}  // namespace webmacs
