#pragma once
// What a test writes to standard error, through a pipe or a pseudo terminal.

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <string>
#include <unistd.h>

namespace webmacs {

class CaptureStderr {
 public:
  enum class As { pipe, terminal };

  explicit CaptureStderr(As as = As::pipe) : before_(dup(STDERR_FILENO)) {
    int ends[2] = {-1, -1};
    if (as == As::pipe) {
      REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    } else {
      REQUIRE(openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr) == 0);
    }
    read_end_ = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
  }
  ~CaptureStderr() {
    dup2(before_, STDERR_FILENO);
    close(before_);
    close(read_end_);
  }
  CaptureStderr(const CaptureStderr&) = delete;
  CaptureStderr& operator=(const CaptureStderr&) = delete;

  // What is there now.
  std::string take() {
    std::string text;
    for (;;) {
      pollfd readable{read_end_, POLLIN, 0};
      if (poll(&readable, 1, 0) <= 0) return text;
      char block[4096];
      const ssize_t size = read(read_end_, block, sizeof block);
      if (size <= 0) return text;
      text.append(block, static_cast<std::size_t>(size));
    }
  }

 private:
  int before_;
  int read_end_ = -1;
};

}  // namespace webmacs
