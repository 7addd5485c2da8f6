#include "common/log.h"

#include "common/hex.h"
#include "common/timestamp.h"
#include "common/utf8.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <unistd.h>

namespace webmacs {
namespace {

struct LevelNames {
  std::string_view name;      // of --log-level
  std::string_view column;    // on a terminal
  std::string_view priority;  // sd-daemon(3)
};
constexpr std::array<LevelNames, 4> levels = {{
    {"debug", " debug ", "<7>"},
    {"info", " info  ", "<6>"},
    {"warning", " warn  ", "<4>"},
    {"error", " error ", "<3>"},
}};

std::atomic<LogLevel> lowest_level{LogLevel::info};

bool is_base64url(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// What looks like a token, wherever it was put (an Origin, a path), stands as "wm_(hidden)".
std::string without_tokens(std::string_view text) {
  constexpr std::string_view prefix = "wm_";
  constexpr std::size_t shortest = 20;  // a whole one has 43
  std::string out;
  for (auto at = text.find(prefix); at != std::string_view::npos; at = text.find(prefix)) {
    std::size_t end = at + prefix.size();
    while (end < text.size() && is_base64url(text[end])) ++end;
    const bool is_token = end - at >= prefix.size() + shortest;
    out.append(text.substr(0, is_token ? at + prefix.size() : end));
    if (is_token) out += "(hidden)";
    text.remove_prefix(end);
  }
  return out.append(text);
}

// A terminal obeys control characters, C1 (U+0080-U+009F) included, and the journal stores invalid UTF-8 as a blob.
void append_printable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = utf8_character_size(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool c1 = size == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (first == '\n') {
      out += "\\n";
    } else if (first == '\r') {
      out += "\\r";
    } else if (first == '\t') {
      out += "\\t";
    } else if (size == 0 || c1 || first < 0x20 || first == 0x7F) {
      for (std::size_t i = 0; i < (c1 ? 2U : 1U); ++i) {
        out += "\\x";
        append_hex(out, static_cast<unsigned char>(text[i]));
      }
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
}

}  // namespace

bool set_log_level(std::string_view name) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i].name != name) continue;
    lowest_level.store(static_cast<LogLevel>(i), std::memory_order_relaxed);
    return true;
  }
  return false;
}

bool log_enabled(LogLevel level) {
  return level >= lowest_level.load(std::memory_order_relaxed);
}

void log_line(LogLevel level, std::string_view text) {
  if (!log_enabled(level)) return;
  const LevelNames& names = levels[static_cast<std::size_t>(level)];
  std::string line;
  line.reserve(text.size() + 48);
  if (isatty(STDERR_FILENO) == 1) {
    append_timestamp(line, std::chrono::floor<std::chrono::milliseconds>(utc_now()));
    line += names.column;
  } else {
    line += names.priority;
  }
  append_printable(line, without_tokens(text));
  line += '\n';

  // One write per line keeps the lines of several threads apart. A log that cannot be written must not stop us.
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void RepeatedLog::write(std::string_view text) {
  if (!log_enabled(level_)) return;
  const auto now = std::chrono::steady_clock::now();
  if (ever_ && now - written_ < period_) {
    ++suppressed_;
    return;
  }
  if (suppressed_ == 0) {
    log_line(level_, text);
  } else {
    const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(now - written_);
    log_line(level_, fmt::format("{} ({} more in the last {} s)", text, suppressed_, elapsed.count()));
  }
  ever_ = true;
  written_ = now;
  suppressed_ = 0;
}

}  // namespace webmacs
