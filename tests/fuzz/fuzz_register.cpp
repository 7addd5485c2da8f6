// Any registers decode to a finite value or to none, and the value that they decode to is written back as itself.

#include "common/reading.h"
#include "hardware/register_codec.h"
#include "property.h"
#include "register_input.h"

#include <cmath>
#include <cstring>

using namespace webmacs;

namespace {

void check_codec(const Register& where, const std::uint8_t* data) {
  std::uint16_t words[4];
  std::memcpy(words, data, sizeof words);
  const auto value = decode_value(where, words);
  if (!value) {
    WEBMACS_PROPERTY(where.type == ValueType::float16 || where.type == ValueType::float32 ||
                     where.type == ValueType::float64);
    return;
  }
  WEBMACS_PROPERTY(std::isfinite(*value));
  std::uint16_t written[4];
  std::memcpy(written, words, sizeof words);
  encode_value(where, *value, written);
  WEBMACS_PROPERTY(decode_value(where, written) == value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 12) return 0;
  check_codec(register_of(data), data + 4);
  return 0;
}
