#pragma once
// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing beyond U+10FFFF.

#include <cstddef>
#include <string_view>

namespace webmacs {

// The bytes of the well-formed character that `text` starts with (1-4); 0 when it starts with none, or is empty.
std::size_t utf8_character_size(std::string_view text);

bool valid_utf8(std::string_view text);

// The longest prefix of at most `most` bytes that does not end inside a character.
std::string_view utf8_prefix(std::string_view text, std::size_t most);

}  // namespace webmacs
