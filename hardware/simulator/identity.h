#pragma once
// Values that say what they are, for tests: a number that carries the unit, kind and address of its own register, how
// often it was read, and whether its reply was spoilt on purpose. Whoever takes such a number for another register's,
// for an older one's or from a spoilt reply can be told. Each field is cut to the bits that the type has room for.

#include "hardware/register.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace webmacs {

struct Identity {
  int unit = 0;
  bool spoilt = false;
  std::uint64_t count = 0;  // greater with each read: next_count()
};

// The count of a register's next read, now. It is a time where the type has room for one (64 bits), in tenths of a
// millisecond of the machine's steady clock, and the number of reads where it has not.
std::uint64_t next_count(ValueType type, std::uint64_t last, std::chrono::steady_clock::time_point now);

// When this raw value was read in its device, if that was in the last 50 minutes and not more than 0.1 ms before the
// time that is told; empty for a type without room for a time.
std::optional<std::chrono::steady_clock::time_point> read_at(const Register& where, double raw,
                                                             std::chrono::steady_clock::time_point now);

// Raw, before scale and offset. A boolean has no room: it is `spoilt`.
double identity_value(const Register& where, const Identity& identity);

// Why this raw value cannot be what a right reply for that register of that unit holds; empty when it can. With `last`,
// the count that came before, it must be newer; it is brought up to date.
std::optional<const char*> identity_mistake(const Register& where, int unit, double raw,
                                            std::optional<std::uint64_t>& last);

}  // namespace webmacs
