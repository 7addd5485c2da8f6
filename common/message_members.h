#pragma once
// Members of a parsed JSON object, checked. Private to the decoders of messages.h and of REST bodies: the first member
// that does not fit is named ("events[3].unit: not a string"), and what comes later is not looked at.

#include "common/timestamp.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace webmacs {

class Members {
 public:
  // `path` goes before the names in errors: "" or "events[3].". `error` takes the first mistake. Both must outlive it.
  Members(const nlohmann::json& object, std::string path, std::string& error);

  // Whether it is there at all, be it null.
  bool has(const char* name) const;
  // What people write: at most so many bytes, with line ends and tabs.
  std::string long_text(const char* name, std::size_t most);

  // Absent and null are the same: empty, or the fallback. Strings: at most max_text_bytes, no control characters.
  std::string text(const char* name);
  std::string required_text(const char* name);
  std::optional<double> number(const char* name);
  std::optional<double> positive_seconds(const char* name);
  // A whole number from 0 to 2^53.
  std::optional<std::int64_t> count(const char* name);
  std::optional<Timestamp> timestamp(const char* name);
  // The array itself; nullptr when absent.
  const nlohmann::json* array(const char* name);

  void fail(const char* name, const std::string& what);

 private:
  const nlohmann::json* find(const char* name) const;

  const nlohmann::json& object_;
  const std::string path_;
  std::string& error_;
};

}  // namespace webmacs
