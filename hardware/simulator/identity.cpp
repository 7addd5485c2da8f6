#include "hardware/simulator/identity.h"

#include <algorithm>
#include <ratio>

namespace webmacs {
namespace {

using Clock = std::chrono::steady_clock;
using Ticks = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;

constexpr int bits_of_a_time = 26;

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
      return {8, 16, bits_of_a_time};
  }
  return {0, 0, 0};
}

std::uint64_t low(std::uint64_t value, int bits) {
  return value & ((std::uint64_t{1} << bits) - 1);
}

}  // namespace

std::uint64_t next_count(ValueType type, std::uint64_t last, Clock::time_point now) {
  if (widths_of(type).count < bits_of_a_time) return last + 1;
  const auto ticks = std::chrono::duration_cast<Ticks>(now.time_since_epoch()).count();
  return std::max(last + 1, static_cast<std::uint64_t>(ticks));
}

std::optional<Clock::time_point> read_at(const Register& where, double raw, Clock::time_point now) {
  if (widths_of(where.type).count < bits_of_a_time) return std::nullopt;
  const std::uint64_t count = low(static_cast<std::uint64_t>(raw), bits_of_a_time);
  const auto ticks = std::chrono::duration_cast<Ticks>(now.time_since_epoch());
  const std::uint64_t age = low(static_cast<std::uint64_t>(ticks.count()) - count, bits_of_a_time);
  if (age > std::uint64_t{1} << (bits_of_a_time - 1)) return now;  // read twice within one tick
  return Clock::time_point(ticks - Ticks(static_cast<std::int64_t>(age)));
}

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
