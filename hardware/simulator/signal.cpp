#include "hardware/simulator/signal.h"

#include "hardware/register_codec.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace webmacs {
namespace {

constexpr double turn = 6.283185307179586;

std::uint64_t hash_text(std::string_view text) {  // FNV-1a
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// Uniform in [0, 1), the same for the same arguments.
double chance(std::uint64_t seed, std::uint64_t index) {
  return static_cast<double>(mix(seed ^ mix(index)) >> 11) * 0x1.0p-53;
}

struct Range {
  double least;
  double most;
};

// Of the raw number, before scale and offset.
Range raw_range(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return {0, 1};
    case ValueType::int16:
      return {-32768, 32767};
    case ValueType::uint16:
      return {0, 65535};
    case ValueType::int32:
      return {-2147483648.0, 2147483647.0};
    case ValueType::uint32:
      return {0, 4294967295.0};
    case ValueType::int64:
      return {-0x1p63, 0x1p63};
    case ValueType::uint64:
      return {0, 0x1p64};
    case ValueType::float32:
      return {-std::numeric_limits<float>::max(), std::numeric_limits<float>::max()};
    case ValueType::float16:
      return {-65504, 65504};
    case ValueType::float64:
      return {-std::numeric_limits<double>::max(), std::numeric_limits<double>::max()};
  }
  return {0, 0};
}

}  // namespace

Signal::Signal(const EventSettings& event)
    : seed_(hash_text(event.event_public_id)),
      digital_(event.where.type == ValueType::boolean),
      alarm_(event.where.kind == RegisterKind::discrete || event.where.kind == RegisterKind::input) {
  least_ = event.min_value ? *event.min_value : event.max_value ? *event.max_value - 100 : 0;
  most_ = event.max_value ? *event.max_value : least_ + 100;
  const Range raw = raw_range(event.where.type);
  const double a = scaled(event.where, raw.least);
  const double b = scaled(event.where, raw.most);
  // A wish that the register cannot hold at all ends at the nearest thing that it can.
  least_ = std::clamp(least_, std::min(a, b), std::max(a, b));
  most_ = std::clamp(most_, std::min(a, b), std::max(a, b));
}

double Signal::at(double seconds) const {
  if (digital_) return switch_at(seconds) ? 1 : 0;
  return analog_at(seconds);
}

double Signal::analog_at(double seconds) const {
  const double slow_period = 120 + 280 * chance(seed_, 1);
  const double fast_period = 15 + 35 * chance(seed_, 2);
  const double slow = std::sin(turn * (seconds / slow_period + chance(seed_, 3)));
  const double fast = std::sin(turn * (seconds / fast_period + chance(seed_, 4)));
  const auto tick = static_cast<std::uint64_t>(std::floor(seconds * 20));
  const double noise = chance(seed_, tick) - 0.5;
  const double share = 0.5 + 0.3 * slow + 0.1 * fast + 0.01 * noise;
  // Written so that no intermediate overflows for the widest range there is.
  return std::clamp(least_ * (1 - share) + most_ * share, least_, most_);
}

bool Signal::switch_at(double seconds) const {
  const double period = alarm_ ? 90 + 150 * chance(seed_, 1) : 20 + 40 * chance(seed_, 1);
  const double phase = seconds / period + chance(seed_, 2);
  const double into_period = (phase - std::floor(phase)) * period;
  return into_period < (alarm_ ? 4 : period / 2);
}

double counter_value(const Register& where, std::uint64_t count) {
  const auto wrap = [&](std::uint64_t values) { return static_cast<double>(count % values); };
  double raw = 0;
  switch (where.type) {
    case ValueType::boolean:
      raw = wrap(2);
      break;
    case ValueType::int16:
      raw = wrap(std::uint64_t{1} << 15);
      break;
    case ValueType::uint16:
      raw = wrap(std::uint64_t{1} << 16);
      break;
    case ValueType::int32:
      raw = wrap(std::uint64_t{1} << 31);
      break;
    case ValueType::uint32:
      raw = wrap(std::uint64_t{1} << 32);
      break;
    case ValueType::float16:
      raw = wrap(std::uint64_t{1} << 11);
      break;
    case ValueType::float32:
      raw = wrap(std::uint64_t{1} << 24);
      break;
    case ValueType::int64:
    case ValueType::uint64:
    case ValueType::float64:
      raw = wrap(std::uint64_t{1} << 53);
      break;
  }
  return scaled(where, raw);
}

}  // namespace webmacs
