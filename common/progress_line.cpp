#include "common/progress_line.h"

#include <iostream>
#include <unistd.h>

namespace webmacs {
namespace {

constexpr std::string_view to_line_start = "\r";
constexpr std::string_view clear_to_line_end = "\033[K";

}  // namespace

ProgressLine::ProgressLine(bool wanted) : terminal_(wanted && isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  clear();
}

bool ProgressLine::is_due() const {
  return terminal_ && Clock::now() >= next_;
}

void ProgressLine::show(std::string_view text) {
  constexpr std::chrono::milliseconds interval{200};
  if (!terminal_) return;
  std::cerr << to_line_start << text << clear_to_line_end << std::flush;
  shown_ = true;
  next_ = Clock::now() + interval;
}

void ProgressLine::finish(std::string_view text) {
  if (!terminal_) return;
  std::cerr << to_line_start << text << clear_to_line_end << '\n' << std::flush;
  shown_ = false;
}

void ProgressLine::clear() {
  if (shown_) std::cerr << to_line_start << clear_to_line_end << std::flush;
  shown_ = false;
}

}  // namespace webmacs
