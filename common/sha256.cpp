#include "common/sha256.h"

#include "common/hex.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace webmacs {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 is not available");
  }
  std::string hex;
  hex.reserve(std::size_t{2} * length);
  for (unsigned int i = 0; i < length; ++i) append_hex(hex, digest[i]);
  return hex;
}

}  // namespace webmacs
