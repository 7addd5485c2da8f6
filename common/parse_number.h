#pragma once
// Numbers written as text.

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace webmacs {

// Returns the number that the whole text is: digits of the base, a minus where the type has a sign, no blank and no
// plus. Nothing for any other text, the empty one and a number that the type does not hold.
template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number, base);
  if (parsed != end || error != std::errc()) return std::nullopt;
  return number;
}

}  // namespace webmacs
