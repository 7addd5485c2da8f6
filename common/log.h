#pragma once
// One line per event on standard error: "time level text" on a terminal, a journald priority prefix ("<6>text")
// otherwise. Any thread. A line never holds a token: what looks like one is written as "wm_(hidden)".

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>

namespace webmacs {

enum class LogLevel { debug, info, warning, error };

// "debug", "info", "warning", "error"; false for anything else.
bool set_log_level(std::string_view name);
bool log_enabled(LogLevel level);
// Line breaks and control characters in `text` are written as escapes, so that one event stays one line.
void log_line(LogLevel level, std::string_view text);

template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::debug)) log_line(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::info)) log_line(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::warning)) log_line(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::error)) log_line(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
}

// For causes that repeat: the first line of a period is written, further ones are counted, and the count is written
// with the first line of the next period ("… (37 more in the last 60 s)"). One object per cause; one thread.
class RepeatedLog {
 public:
  explicit RepeatedLog(LogLevel level, std::chrono::seconds period = std::chrono::seconds(60))
      : level_(level), period_(period) {}
  void write(std::string_view text);

 private:
  LogLevel level_;
  std::chrono::seconds period_;
  std::chrono::steady_clock::time_point written_{};
  std::size_t suppressed_ = 0;
  bool ever_ = false;
};

}  // namespace webmacs
