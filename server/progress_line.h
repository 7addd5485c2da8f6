#pragma once
// One line on the terminal that says how far a command is, written anew again and again; nothing where it is not shown.
// One thread.

#include <chrono>
#include <string_view>

namespace webmacs {

class ProgressLine {
 public:
  explicit ProgressLine(bool shown) : shown_(shown) {}
  // Clears the line, unless finish() left its text.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Returns whether it is shown, and was not written for a moment: then a new text is worth making.
  bool is_due() const;
  void show(std::string_view text);
  // The last text, which stays.
  void finish(std::string_view text);

 private:
  using Clock = std::chrono::steady_clock;

  bool shown_;
  bool written_ = false;
  Clock::time_point next_{};
};

}  // namespace webmacs
