#include "hardware/scaling.h"

#include "hardware/exact_sum.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace webmacs {
namespace {

std::optional<std::int64_t> product(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

// The coefficient that the same number has with a lower exponent; empty when it does not fit.
std::optional<std::int64_t> with_exponent(const Decimal& number, int exponent) {
  if (number.coefficient == 0) return 0;
  std::optional<std::int64_t> coefficient = number.coefficient;
  for (int i = exponent; coefficient && i < number.exponent; ++i) coefficient = product(*coefficient, 10);
  return coefficient;
}

}  // namespace

Scaling::Scaling(const Decimal& scale, const Decimal& offset) : scale_(scale), offset_(offset) {
  const int exponent = std::min({scale.exponent, offset.exponent, 0});
  if (exponent < -most_exact_power) return;
  const auto factor = with_exponent(scale, exponent);
  const auto addend = with_exponent(offset, exponent);
  if (!factor || !addend || std::abs(*addend) > exact_integers) return;
  factor_ = *factor;
  addend_ = *addend;
  divisor_ = nearest_double(Decimal{1, -exponent});
  if (factor_ != 0) most_raw_ = (exact_integers - std::abs(addend_)) / std::abs(factor_);
}

double Scaling::apply(std::uint64_t raw) const {
  if (raw <= INT64_MAX) return apply(static_cast<std::int64_t>(raw));
  ExactSum sum;
  sum.add({static_cast<std::int64_t>(raw / 10), 1}, scale_);
  sum.add({static_cast<std::int64_t>(raw % 10), 0}, scale_);
  sum.add(offset_);
  return sum.nearest();
}

double Scaling::apply(const Decimal& raw) const {
  const auto scaled = product(raw.coefficient, scale_.coefficient);
  if (scaled) {
    const Decimal term{*scaled, raw.exponent + scale_.exponent};
    if (offset_.coefficient == 0) return nearest_double(term);
    const int exponent = std::min(term.exponent, offset_.exponent);
    const auto first = with_exponent(term, exponent);
    const auto second = with_exponent(offset_, exponent);
    std::int64_t sum = 0;
    if (first && second && !__builtin_add_overflow(*first, *second, &sum)) return nearest_double({sum, exponent});
  }
  ExactSum sum;
  sum.add(raw, scale_);
  sum.add(offset_);
  return sum.nearest();
}

}  // namespace webmacs
