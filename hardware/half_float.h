#pragma once
// IEEE 754 half precision, as some devices keep it in one register: 11 bits of precision, up to 65504. Pure.

#include "hardware/decimal.h"

#include <cstdint>

namespace webmacs {

bool is_finite_half(std::uint16_t half);

// As of the wider types: the shortest decimal that reads back to the same half; of several the nearest. For finite
// ones.
Decimal shortest_half_decimal(std::uint16_t half);

// Half way between two, the even one. What is finite stays finite: beyond ±65504 it is that; a NaN stays one.
std::uint16_t nearest_half(double number);

}  // namespace webmacs
