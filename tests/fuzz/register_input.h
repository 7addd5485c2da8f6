#pragma once
// A register that a rig file may describe, out of four bytes.

#include "hardware/register.h"

#include <cstdint>

namespace webmacs {

inline Register register_of(const std::uint8_t* data) {
  Register where;
  where.kind = static_cast<RegisterKind>(data[0] % 4);
  where.type = where.is_bit_kind() ? ValueType::boolean : static_cast<ValueType>(data[1] % 10);
  where.order = static_cast<ByteOrder>(data[0] / 4 % 4);
  if (where.type == ValueType::boolean && !where.is_bit_kind()) where.bit = data[1] / 10 % 16;
  const int address = data[2] << 8 | data[3];
  where.address = static_cast<std::uint16_t>(address + where.count() <= 65536 ? address : 65536 - where.count());
  return where;
}

}  // namespace webmacs
