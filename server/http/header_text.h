#pragma once
// The text of a header field's value. Pure functions, any thread.

#include <string_view>

namespace webmacs {

// Returns `text` without the optional white space (RFC 9110, section 5.6.3) around it.
constexpr std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace webmacs
