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

// Takes the first item off a list that is separated by commas (RFC 9110, section 5.6.1) and returns it, trimmed. It may
// be empty. For a list that is not.
constexpr std::string_view take_item(std::string_view& list) {
  const auto comma = list.find(',');
  const std::string_view item = trimmed(list.substr(0, comma));
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return item;
}

}  // namespace webmacs
