#pragma once
// The last line of a terminal that is written anew while something takes long; nothing where standard error is no
// terminal (a log, a pipe). One thread.

#include <chrono>
#include <string_view>

namespace webmacs {

class ProgressLine {
 public:
  // `wanted`: false never shows anything.
  explicit ProgressLine(bool wanted = true);
  // Clears the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Whether a new text would be seen: on a terminal, and at most five times a second. A caller may ask before it makes
  // the text.
  bool is_due() const;
  // Replaces what the line says.
  void show(std::string_view text);
  // Writes the last text and leaves it standing.
  void finish(std::string_view text);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  const bool terminal_;
  bool shown_ = false;
  Clock::time_point next_{};
};

}  // namespace webmacs
