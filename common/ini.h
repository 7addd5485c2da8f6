#pragma once
// Strict INI reader: every mistake is found in one pass and named with file and line (configuration contract).
// Not thread-safe; used at start and on SIGHUP.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

// All mistakes of a file, each one line: "FILE:LINE: [section] key: what is wrong (what is allowed)". Exit code 78.
class ConfigurationError : public std::runtime_error {
 public:
  explicit ConfigurationError(std::vector<std::string> mistakes);
  const std::vector<std::string>& mistakes() const { return mistakes_; }

 private:
  std::vector<std::string> mistakes_;
};

class Ini;

// One [section]. An empty value counts as not given. Each getter marks its key as known; a value that does not fit is
// recorded as a mistake and the default is returned, so that reading goes on to the next mistake. An absent section
// yields the defaults.
class IniSection {
 public:
  const std::string& name() const { return name_; }
  // The part after "prefix:", e.g. "plc" of [device:plc].
  std::string_view label() const;
  int line() const { return line_; }
  bool present() const { return line_ > 0; }

  bool has(std::string_view key) const;
  // The line of a key, or of the section when the file does not have it; 0 when it has neither.
  int line_of(std::string_view key) const;

  std::string text(std::string_view key, std::string_view fallback = "");
  // A missing or empty value is a mistake.
  std::string required_text(std::string_view key);
  double number(std::string_view key, double fallback, double least, double most);
  std::optional<double> optional_number(std::string_view key, double least, double most);
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most);
  bool boolean(std::string_view key, bool fallback);  // true/false, yes/no, on/off, 1/0
  // "500ms", "0.5s", "2min", "3h", "90d", or a bare number of seconds.
  std::chrono::microseconds duration(std::string_view key, std::chrono::microseconds fallback,
                                     std::chrono::microseconds least, std::chrono::microseconds most);
  std::optional<std::chrono::microseconds> optional_duration(std::string_view key, std::chrono::microseconds least,
                                                             std::chrono::microseconds most);
  // "64KiB", "512MiB", or a bare number of bytes.
  std::int64_t size(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most);
  // One of `allowed`, returned as written there; compared without case.
  std::string choice(std::string_view key, std::string_view fallback, const std::vector<std::string_view>& allowed);
  // Comma-separated, trimmed, empty items left out.
  std::vector<std::string> list(std::string_view key);

  // Records a mistake at a key (or at the section's own line when `key` is empty or not given).
  void mistake(std::string_view key, const std::string& what);

 private:
  friend class Ini;
  struct Entry {
    std::string key;
    std::string value;
    int line = 0;
    bool known = false;
  };
  // The value, empty when it is not given; the key is known from now on.
  std::string_view ask(std::string_view key);
  Entry* find(std::string_view key);
  const Entry* find(std::string_view key) const;

  Ini* file_ = nullptr;
  std::string name_;
  int line_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::string> asked_;  // every key a getter asked for: the candidates of "did you mean"
};

class Ini {
 public:
  // Throws ConfigurationError when the file cannot be read ("FILE: cannot be read: …").
  static std::unique_ptr<Ini> load(const std::string& path);
  // `file` is the name used in mistakes. Syntax mistakes and duplicates are recorded, not thrown. A line is
  // `[section]`, `key = value` or a comment (`;` or `#`, also after white space behind a value); a value in double
  // quotes may hold these signs. Names are case-sensitive. At most 4096 bytes a line, UTF-8.
  static std::unique_ptr<Ini> parse(std::string_view text, std::string file);

  const std::string& file() const { return file_; }

  // The section, marked as known; one without entries when the file does not have it. References stay valid.
  IniSection& section(std::string_view name);
  // All sections named "prefix:label", in the file's order, marked as known.
  std::vector<IniSection*> sections(std::string_view prefix);

  // Line 0 (what is missing altogether) is reported at line 1.
  void mistake(int line, std::string_view section, std::string_view key, const std::string& what);

  // Call when everything has been asked for: unknown sections and keys become mistakes (with "did you mean"); throws
  // ConfigurationError, ordered by line, when there is any mistake.
  void finish();

 private:
  // One line; returns the section that the next line belongs to.
  IniSection* parse_line(int line, std::string_view content, IniSection* current);
  IniSection* parse_section(int line, std::string_view text);
  IniSection& add_section(std::string_view name, int line);
  // What is wrong with a section that nobody asked for; empty for one that somebody did.
  std::optional<std::string> unknown_section(std::string_view name) const;

  std::string file_;
  std::vector<std::unique_ptr<IniSection>> sections_;
  std::vector<std::string> asked_;  // section names and "prefix:" that were asked for
  struct Mistake {
    int line;
    std::string text;
  };
  std::vector<Mistake> mistakes_;
};

// The forms that the configuration contract names. Empty when the text is not one.
std::optional<std::chrono::microseconds> parse_duration(std::string_view text);
// The same for command lines, where a number needs its unit: "90" may be meant as days.
std::optional<std::chrono::microseconds> parse_duration_with_unit(std::string_view text);
std::optional<std::int64_t> parse_size(std::string_view text);

// The nearest of `candidates` by edit distance, when near enough to be a slip of the finger.
std::optional<std::string> did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace webmacs
