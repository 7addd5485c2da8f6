#include "hardware/register_codec.h"

#include "common/reading.h"
#include "hardware/half_float.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace webmacs {
namespace {

std::uint16_t swap_bytes(std::uint16_t word) {
  return static_cast<std::uint16_t>((word >> 8) | (word << 8));
}

bool words_reversed(ByteOrder order) {
  return order == ByteOrder::cdab || order == ByteOrder::dcba;
}
bool bytes_swapped(ByteOrder order) {
  return order == ByteOrder::badc || order == ByteOrder::dcba;
}

// The value's bits, most significant first, whatever the order they were laid out in.
std::uint64_t gather(const Register& where, const std::uint16_t* words) {
  const int count = where.count();
  std::uint64_t bits = 0;
  for (int i = 0; i < count; ++i) {
    const std::uint16_t word = words[words_reversed(where.order) ? count - 1 - i : i];
    bits = (bits << 16) | (bytes_swapped(where.order) ? swap_bytes(word) : word);
  }
  return bits;
}

void scatter(const Register& where, std::uint64_t bits, std::uint16_t* words) {
  const int count = where.count();
  for (int i = count - 1; i >= 0; --i) {
    const auto word = static_cast<std::uint16_t>(bits);
    words[words_reversed(where.order) ? count - 1 - i : i] = bytes_swapped(where.order) ? swap_bytes(word) : word;
    bits >>= 16;
  }
}

template <typename To, typename From>
To bit_cast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

template <typename Float>
double scaled_float(const Scaling& scaling, Float raw) {
  if (!std::isfinite(raw)) return std::numeric_limits<double>::quiet_NaN();
  return scaling.apply(shortest_decimal(raw));
}

// Not finite when the registers hold no number, or the value is beyond a double's range.
double scaled_value(const Register& where, std::uint64_t bits) {
  const Scaling& scaling = where.scaling;
  switch (where.type) {
    case ValueType::boolean:
      return scaling.apply(static_cast<std::int64_t>(bits >> where.bit & 1));
    case ValueType::int16:
      return scaling.apply(std::int64_t{bit_cast<std::int16_t>(static_cast<std::uint16_t>(bits))});
    case ValueType::int32:
      return scaling.apply(std::int64_t{bit_cast<std::int32_t>(static_cast<std::uint32_t>(bits))});
    case ValueType::int64:
      return scaling.apply(bit_cast<std::int64_t>(bits));
    case ValueType::uint16:
    case ValueType::uint32:
    case ValueType::uint64:
      return scaling.apply(bits);
    case ValueType::float16:
      if (!is_finite_half(static_cast<std::uint16_t>(bits))) break;
      return scaling.apply(shortest_half_decimal(static_cast<std::uint16_t>(bits)));
    case ValueType::float32:
      return scaled_float(scaling, bit_cast<float>(static_cast<std::uint32_t>(bits)));
    case ValueType::float64:
      if (scaling.changes_nothing()) return bit_cast<double>(bits);
      return scaled_float(scaling, bit_cast<double>(bits));
  }
  return std::numeric_limits<double>::quiet_NaN();
}

// Rounds and holds inside the integer's range; the comparison is done before the cast, which would be undefined.
template <typename Integer>
std::uint64_t nearest(double raw) {
  using Limits = std::numeric_limits<Integer>;
  if (std::isnan(raw)) return 0;
  const double rounded = std::nearbyint(raw);
  // For 64 bits the double of max() is max() + 1, so "not below it" must already be held.
  if (rounded >= static_cast<double>(Limits::max())) return static_cast<std::uint64_t>(Limits::max());
  if (rounded <= static_cast<double>(Limits::min())) return static_cast<std::uint64_t>(Limits::min());
  return static_cast<std::uint64_t>(static_cast<Integer>(rounded));
}

// Of the decimal that the double stands for: rounded once, not twice.
float nearest_float(double raw) {
  constexpr double most = std::numeric_limits<float>::max();
  if (!std::isfinite(raw)) return static_cast<float>(raw);
  if (std::fabs(raw) >= most) return static_cast<float>(std::copysign(most, raw));
  char text[32];
  const auto [end, written] = std::to_chars(text, text + sizeof text, raw);
  float nearest = 0;
  const auto [parsed, error] = std::from_chars(text, end, nearest);
  return written == std::errc() && parsed == end && error == std::errc() ? nearest : 0.0F;  // too small for a float
}

std::uint64_t raw_bits(ValueType type, double raw) {
  switch (type) {
    case ValueType::boolean:
      return raw != 0 ? 1 : 0;
    case ValueType::int16:
      return nearest<std::int16_t>(raw);
    case ValueType::uint16:
      return nearest<std::uint16_t>(raw);
    case ValueType::int32:
      return nearest<std::int32_t>(raw);
    case ValueType::uint32:
      return nearest<std::uint32_t>(raw);
    case ValueType::int64:
      return nearest<std::int64_t>(raw);
    case ValueType::uint64:
      return nearest<std::uint64_t>(raw);
    case ValueType::float32:
      return bit_cast<std::uint32_t>(nearest_float(raw));
    case ValueType::float64:
      return bit_cast<std::uint64_t>(raw);
    case ValueType::float16:
      return nearest_half(raw);
  }
  return 0;
}

template <typename Container, typename Value>
bool contains(const Container& values, Value value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool says_bad(const StatusRegister& status, std::uint16_t word) {
  return contains(status.bad, status.bit < 0 ? word : static_cast<std::uint16_t>(word >> status.bit & 1));
}

double unscaled(const Register& where, double value) {
  return (value - nearest_double(where.scaling.offset())) / nearest_double(where.scaling.scale());
}

}  // namespace

Decoded decode_reading(const Register& where, const std::uint16_t* words) {
  const int first = where.first();
  if (where.bad_when && says_bad(*where.bad_when, words[where.bad_when->address - first]))
    return {std::nullopt, "sensor fault"};
  const std::uint16_t* own = words + (where.address - first);
  if (!where.invalid.empty() && contains(where.invalid, gather(where, own))) return {std::nullopt, "not available"};
  const auto value = decode_value(where, own);
  return {value, value ? "" : "not a number"};
}

std::optional<double> decode_value(const Register& where, const std::uint16_t* words) {
  if (where.is_bit_kind()) return measured_value(where.scaling.apply(std::int64_t{words[0] != 0 ? 1 : 0}));
  return measured_value(scaled_value(where, gather(where, words)));
}

double scaled(const Register& where, double raw) {
  return where.scaling.apply(shortest_decimal(raw));
}

void encode_value(const Register& where, double value, std::uint16_t* words) {
  const double raw = unscaled(where, value);
  if (where.is_bit_kind()) {
    words[0] = raw != 0 ? 1 : 0;
    return;
  }
  if (where.type != ValueType::boolean) {
    scatter(where, raw_bits(where.type, raw), words);
    return;
  }
  const std::uint64_t mask = std::uint64_t{1} << where.bit;
  const std::uint64_t others = gather(where, words) & ~mask;
  scatter(where, raw != 0 ? others | mask : others, words);
}

}  // namespace webmacs
