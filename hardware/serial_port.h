#pragma once
// What libmodbus leaves to its user before and after it opens a serial port: keeping other programs off the line, and
// saying what is wrong with a port in words that help.

#include "hardware/rig_settings.h"

#include <chrono>
#include <string>
#include <termios.h>

namespace webmacs {

// Holds a serial line: no second program that asks (flock), and none that is not root's (TIOCEXCL), gets it. Freed by
// release(), by the destructor and by the end of the process.
class SerialLock {
 public:
  SerialLock() = default;
  ~SerialLock() { release(); }
  SerialLock(const SerialLock&) = delete;
  SerialLock& operator=(const SerialLock&) = delete;

  // Empty when the line is ours; otherwise why not: "in use by webmacs-agent (process 812)", "No such file or
  // directory; there is /dev/serial/by-id/…". Leaves the port so that it can be set up, however it was left.
  std::string take(const std::string& port);
  // After the port was opened for use: nobody else opens it.
  void make_exclusive() const;
  void release();

 private:
  int descriptor_ = -1;
  termios found_{};  // how the port was before, and is left again
};

// How long a character takes on the line: start bit, eight data bits, parity and stop bits.
std::chrono::nanoseconds character_time(const DeviceSettings& settings);
// The silence that must lie between two frames.
std::chrono::microseconds frame_gap(const DeviceSettings& settings);

}  // namespace webmacs
