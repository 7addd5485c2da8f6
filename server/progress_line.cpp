#include "server/progress_line.h"

#include <iostream>

namespace webmacs {
namespace {

constexpr std::chrono::milliseconds interval{200};
constexpr std::string_view clear_rest_of_line = "\x1b[K";

}  // namespace

ProgressLine::~ProgressLine() {
  if (written_) std::cerr << '\r' << clear_rest_of_line << std::flush;
}

bool ProgressLine::is_due() const {
  return shown_ && Clock::now() >= next_;
}

void ProgressLine::show(std::string_view text) {
  if (!shown_) return;
  next_ = Clock::now() + interval;
  written_ = true;
  std::cerr << '\r' << text << clear_rest_of_line << std::flush;
}

void ProgressLine::finish(std::string_view text) {
  if (!shown_) return;
  std::cerr << '\r' << text << clear_rest_of_line << '\n';
  written_ = false;
  shown_ = false;
}

}  // namespace webmacs
