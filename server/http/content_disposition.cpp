#include "server/http/content_disposition.h"

#include "common/hex.h"
#include "common/utf8.h"

namespace webmacs {
namespace {

constexpr std::size_t most_name_bytes = 150;  // file systems take 255

// U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: "fdp.exe" could be shown as "exe.pdf".
bool sets_direction(std::string_view character) {
  if (character.size() != 3 || character[0] != '\xE2') return false;
  const auto last = static_cast<unsigned char>(character[2]);
  if (character[1] == '\x80') return last == 0x8E || last == 0x8F || (last >= 0xAA && last <= 0xAE);
  return character[1] == '\x81' && last >= 0xA6 && last <= 0xA9;
}

bool is_c1(std::string_view character) {
  return character.size() == 2 && character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
}

bool fit_for_a_file(std::string_view character) {
  if (character.size() == 1) {
    const char c = character[0];
    return c >= ' ' && c != '\x7F' && std::string_view("/\\:*?\"<>|").find(c) == std::string_view::npos;
  }
  return !sets_direction(character) && !is_c1(character);
}

std::string file_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::size_t size = utf8_character_size(name);
    const std::string_view character = name.substr(0, size == 0 ? 1 : size);
    if (out.size() + character.size() > most_name_bytes) break;
    out += size > 0 && fit_for_a_file(character) ? character : "_";
    name.remove_prefix(character.size());
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '.')) out.pop_back();  // Windows drops them
  const std::size_t first = out.find_first_not_of(' ');
  out.erase(0, first);
  if (!out.empty() && out[0] == '.') out[0] = '_';
  return out.find_first_not_of('_') == std::string::npos ? "" : out;
}

std::string ascii(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::size_t size = utf8_character_size(name);
    out += size == 1 ? name[0] : '_';
    name.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

// RFC 8187's value-chars.
std::string percent_encode(std::string_view text) {
  constexpr std::string_view plain = "!#$&+-.^_`|~";
  std::string out;
  for (const char c : text) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (alphanumeric || plain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    out += '%';
    append_hex(out, static_cast<unsigned char>(c), upper_hex_digits);
  }
  return out;
}

}  // namespace

std::string content_disposition(std::string_view name, std::string_view extension, std::string_view fallback) {
  std::string file = file_name(name);
  if (file.empty()) file = fallback;
  file += extension;
  // A percent sign would be decoded by some.
  std::string plain = ascii(file);
  for (char& c : plain) {
    if (c == '%') c = '_';
  }
  return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + percent_encode(file);
}

}  // namespace webmacs
