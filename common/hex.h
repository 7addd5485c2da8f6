#pragma once
// Bytes as two hex digits each, and back. Any thread.

#include <string>
#include <string_view>

namespace webmacs {

constexpr std::string_view lower_hex_digits = "0123456789abcdef";
constexpr std::string_view upper_hex_digits = "0123456789ABCDEF";

inline void append_hex(std::string& out, unsigned char byte, std::string_view digits = lower_hex_digits) {
  out += digits[byte >> 4U];
  out += digits[byte & 15U];
}

// Returns what a digit of either case stands for; -1 for any other character.
constexpr int hex_digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace webmacs
