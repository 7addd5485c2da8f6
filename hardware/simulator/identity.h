#pragma once
// Values that say what they are, for tests: a number that carries the unit, kind and address of its own register, how
// often it was read, and whether its reply was spoilt on purpose. Whoever takes such a number for another register's,
// for an older one's or from a spoilt reply can be told. Each field is cut to the bits that the type has room for.

#include "hardware/register.h"

#include <cstdint>
#include <optional>

namespace webmacs {

struct Identity {
  int unit = 0;
  bool spoilt = false;
  std::uint64_t count = 0;  // of this register's reads
};

// Raw, before scale and offset. A boolean has no room: it is `spoilt`.
double identity_value(const Register& where, const Identity& identity);

// Why this raw value cannot be what a right reply for that register of that unit holds; empty when it can. With `last`,
// the count that came before, it must be newer; it is brought up to date.
std::optional<const char*> identity_mistake(const Register& where, int unit, double raw,
                                            std::optional<std::uint64_t>& last);

}  // namespace webmacs
