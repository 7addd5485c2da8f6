#pragma once
// What the encoders and decoders of messages.h agree on about texts. Private to them.

#include "common/utf8.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace webmacs {

constexpr std::size_t max_text_bytes = 200;         // names, units, errors in descriptions and status
constexpr std::string_view default_reason = "bad";  // of a bad reading that gives none

inline bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20) || c == 0x7F;
}

// Fit to be stored and shown: valid UTF-8 (U+FFFD for what is not), control characters as spaces, at most `most` bytes.
inline std::string clean_text(std::string_view text, std::size_t most) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t size = utf8_character_size(text);
    std::string_view character = size == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, size);
    if (size == 1 && is_control(text[0])) character = " ";
    if (clean.size() + character.size() > most) break;
    clean += character;
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return clean;
}

// A part of the peer's text, fit for an answer or a log line.
inline std::string quote_shortly(std::string_view text) {
  constexpr std::size_t longest_echo = 40;
  const std::string start = clean_text(text, longest_echo);
  return "\"" + start + (start.size() < text.size() ? "…\"" : "\"");
}

}  // namespace webmacs
