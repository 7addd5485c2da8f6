// The values of whole types under awkward scales, against what Python's decimal module makes of them.

#include "hardware/register_codec.h"

#include <doctest/doctest.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

using namespace webmacs;

namespace {

std::uint64_t splitmix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// As of decimal_golden.py.
std::uint64_t digest_of(const Register& where) {
  std::uint64_t state = 0xCBF29CE484222325u;
  const int count = where.count();
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const std::uint64_t pattern = count == 1 ? i : splitmix64(i);
    std::uint16_t words[4];
    for (int word = 0; word < count; ++word)
      words[word] = static_cast<std::uint16_t>(pattern >> 16 * (count - 1 - word));
    std::uint64_t bits = std::uint64_t{1} << 63;
    if (const auto value = decode_value(where, words)) std::memcpy(&bits, &*value, sizeof bits);
    state = (state ^ bits) * 0x100000001B3u;
    state ^= state >> 29;
  }
  return state;
}

ValueType type_of(const std::string& word) {
  for (int i = 0;; ++i) {
    const auto type = static_cast<ValueType>(i);
    REQUIRE(to_text(type) != "");
    if (to_text(type) == word) return type;
  }
}

}  // namespace

TEST_CASE("65,536 raws of each type and every awkward scale are the doubles nearest to the exact decimals") {
  std::ifstream file(WEBMACS_GOLDEN_DECIMALS);
  int rows = 0;
  for (std::string line; std::getline(file, line); ++rows) {
    CAPTURE(line);
    std::istringstream words(line);
    std::string type;
    std::string scale;
    std::string offset;
    std::uint64_t digest = 0;
    words >> type >> scale >> offset >> std::hex >> digest;
    REQUIRE(words);
    Register where;
    where.type = type_of(type);
    where.scaling = Scaling(parse_decimal(scale).value(), parse_decimal(offset).value());
    CHECK(digest_of(where) == digest);
  }
  CHECK(rows >= 60);
}
