#include "hardware/simulator/identity.h"

namespace webmacs {
namespace {

struct Widths {  // in bits, from the highest: unit, kind (2), address, spoilt (1), count
  int unit;
  int address;
  int count;
};

Widths widths_of(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return {0, 0, 0};
    case ValueType::int16:
    case ValueType::uint16:
      return {2, 6, 4};
    case ValueType::float16:
      return {1, 4, 3};
    case ValueType::float32:
      return {2, 10, 9};
    case ValueType::int32:
    case ValueType::uint32:
      return {3, 14, 11};
    case ValueType::int64:
    case ValueType::uint64:
    case ValueType::float64:
      return {8, 16, 26};
  }
  return {0, 0, 0};
}

std::uint64_t low(std::uint64_t value, int bits) {
  return value & ((std::uint64_t{1} << bits) - 1);
}

}  // namespace

double identity_value(const Register& where, const Identity& identity) {
  if (where.type == ValueType::boolean) return identity.spoilt ? 1 : 0;
  const Widths widths = widths_of(where.type);
  std::uint64_t packed = low(static_cast<std::uint64_t>(identity.unit), widths.unit);
  packed = packed << 2 | static_cast<std::uint64_t>(where.kind);
  packed = packed << widths.address | low(where.address, widths.address);
  packed = packed << 1 | (identity.spoilt ? 1 : 0);
  packed = packed << widths.count | low(identity.count, widths.count);
  return static_cast<double>(packed);
}

std::optional<const char*> identity_mistake(const Register& where, int unit, double raw,
                                            std::optional<std::uint64_t>& last) {
  if (where.type == ValueType::boolean) return raw == 0 ? std::nullopt : std::optional("of a spoilt reply");
  const Widths widths = widths_of(where.type);
  const auto packed = static_cast<std::uint64_t>(raw);
  const std::uint64_t count = low(packed, widths.count);
  const auto expected = static_cast<std::uint64_t>(identity_value(where, {unit, false, count}));
  const std::uint64_t spoilt = std::uint64_t{1} << widths.count;
  if (raw < 0 || static_cast<double>(packed) != raw || ((packed ^ expected) & ~spoilt) != 0) {
    return "of another register or unit";
  }
  if (packed != expected) return "of a spoilt reply";
  const std::uint64_t ahead = low(count - last.value_or(count - 1), widths.count);
  last = count;
  // Not the same again and not one from before; the count wraps.
  if (ahead == 0 || ahead > std::uint64_t{1} << (widths.count - 1)) return "older than the one before";
  return std::nullopt;
}

}  // namespace webmacs
