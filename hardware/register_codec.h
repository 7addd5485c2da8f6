#pragma once
// Words <-> value, pure. `words` are registers as host integers (what the two bytes on the wire, high byte first,
// make); for a coil or discrete input it is one word that is 0 or not.

#include "hardware/register.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace webmacs {

// What the registers of one reply say of a value.
struct Decoded {
  std::optional<double> value;
  std::string_view reason;  // why there is none: "sensor fault", "not available", "not a number"
};

// `words` are all of [where.first(), where.end()).
Decoded decode_reading(const Register& where, const std::uint16_t* words);

// raw × scale + offset of the where.count() words of the value alone: the double nearest to the exact decimal result.
// Empty when that is not a number: NaN or infinity in the register, or beyond a double's range. 64-bit integers beyond
// 2^53 are rounded to the nearest double. What a float stands for is the shortest decimal that reads back to the same
// registers: 4048 F5C3 is 3.14, not 3.1400001049041748.
std::optional<double> decode_value(const Register& where, const std::uint16_t* words);

// The same of one finite raw number.
double scaled(const Register& where, double raw);

// The inverse: the raw value nearest to (value - offset) / scale, held inside the type's range, written to
// where.count() `words`. A NaN is kept by the float types and becomes 0 in the others. With a bit only that bit of the
// word changes.
void encode_value(const Register& where, double value, std::uint16_t* words);

}  // namespace webmacs
