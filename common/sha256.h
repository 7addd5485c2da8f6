#pragma once
// SHA-256 (FIPS 180-4) as text. Any thread.

#include <string>
#include <string_view>

namespace webmacs {

// Returns the digest as 64 lower-case hex digits. Throws std::runtime_error where OpenSSL has no SHA-256.
std::string sha256_hex(std::string_view bytes);

}  // namespace webmacs
