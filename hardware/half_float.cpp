#include "hardware/half_float.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace webmacs {
namespace {

constexpr std::uint16_t sign_bit = 0x8000;
constexpr std::uint16_t infinity = 0x7C00;
constexpr std::uint16_t not_a_number = 0x7E00;
constexpr std::uint16_t greatest = 0x7BFF;
constexpr int least_exponent = -24;  // of the last bit of the smallest ones

// Between the middles to both neighbours everything reads as this half, and the middles themselves where it is even.
// All of it in units of 2^-26, in which every half and every middle is whole.
struct Interval {
  std::int64_t below, number, above;
  bool closed;
};

Interval interval_of(std::uint16_t half) {
  const int biased = half >> 10 & 0x1F;
  const std::int64_t fraction = half & 0x3FF;
  const std::int64_t digits = biased == 0 ? fraction : fraction | 0x400;
  const int shift = 2 + (biased == 0 ? 0 : biased - 1);  // the last bit's, above 2^-26
  const std::int64_t step = std::int64_t{1} << shift;
  const std::int64_t step_below = fraction == 0 && biased > 1 ? step / 2 : step;
  const std::int64_t number = digits * step;
  return {number - step_below / 2, number, number + step / 2, digits % 2 == 0};
}

bool contains(const Interval& interval, std::int64_t number) {
  return interval.closed ? number >= interval.below && number <= interval.above
                         : number > interval.below && number < interval.above;
}

}  // namespace

bool is_finite_half(std::uint16_t half) {
  return (half & infinity) != infinity;
}

Decimal shortest_half_decimal(std::uint16_t half) {
  const Interval interval = interval_of(half);
  if (interval.number == 0) return {};
  // The coarsest power of ten of which a multiple lies in the interval gives the fewest digits. Five of them tell all
  // halves apart, so that what is reckoned with here stays below 10^5 × 2^26.
  constexpr std::int64_t unit = std::int64_t{1} << 26;
  for (int exponent = 4;; --exponent) {
    std::int64_t power = 1;
    for (int i = 0; i < std::abs(exponent); ++i) power *= 10;
    const std::int64_t step = exponent >= 0 ? unit * power : unit;
    const std::int64_t factor = exponent >= 0 ? 1 : power;
    const Interval scaled{interval.below * factor, interval.number * factor, interval.above * factor, interval.closed};
    const std::int64_t down = scaled.number / step;
    const std::int64_t up_distance = (down + 1) * step - scaled.number;
    const std::int64_t down_distance = scaled.number - down * step;
    const bool prefer_up = up_distance < down_distance || (up_distance == down_distance && down % 2 != 0);
    for (const std::int64_t multiple : {prefer_up ? down + 1 : down, prefer_up ? down : down + 1}) {
      if (multiple == 0 || !contains(scaled, multiple * step)) continue;
      return {(half & sign_bit) != 0 ? -multiple : multiple, exponent};
    }
  }
}

std::uint16_t nearest_half(double number) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(number) ? sign_bit : 0);
  const double size = std::abs(number);
  if (std::isnan(number)) return not_a_number;
  if (std::isinf(number)) return sign | infinity;
  if (size >= 65504) return sign | greatest;
  if (size == 0) return sign;
  int exponent = 0;
  std::frexp(size, &exponent);
  // The last bit's exponent. One that is rounded up to the next power of two carries into the exponent's bits.
  const int last = std::max(exponent - 11, least_exponent);
  const auto digits = static_cast<std::uint16_t>(std::nearbyint(std::ldexp(size, -last)));
  const int biased = last - least_exponent;
  return static_cast<std::uint16_t>(sign | (biased * 0x400 + digits));
}

}  // namespace webmacs
