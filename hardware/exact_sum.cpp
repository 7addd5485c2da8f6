#include "hardware/exact_sum.h"

#include <algorithm>
#include <cmath>

namespace webmacs {
namespace {

constexpr std::uint32_t base = 1'000'000'000;
constexpr int base_digits = 9;

std::uint64_t size_of(std::int64_t number) {
  return number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
}

}  // namespace

void ExactSum::add(const Decimal& a, const Decimal& b) {
  if (a.coefficient == 0 || b.coefficient == 0) return;
  Digits term = product(size_of(a.coefficient), size_of(b.coefficient));
  const int exponent = a.exponent + b.exponent;
  if (positive_.empty() && negative_.empty()) exponent_ = exponent;
  if (exponent < exponent_) {
    raise(positive_, exponent_ - exponent);
    raise(negative_, exponent_ - exponent);
    exponent_ = exponent;
  }
  raise(term, exponent - exponent_);
  increase((a.coefficient < 0) == (b.coefficient < 0) ? positive_ : negative_, term);
}

int ExactSum::sign() const {
  return compare(positive_, negative_);
}

double ExactSum::nearest() const {
  switch (sign()) {
    case 1:
      return nearest_double(to_text(difference(positive_, negative_)), exponent_);
    case -1:
      return nearest_double('-' + to_text(difference(negative_, positive_)), exponent_);
    default:
      return 0;
  }
}

ExactSum::Digits ExactSum::product(std::uint64_t a, std::uint64_t b) {
  Digits sum;
  Digits part;  // a times what is left of b, digit group by digit group
  for (; a > 0; a /= base) part.push_back(static_cast<std::uint32_t>(a % base));
  for (; b > 0; b /= base) {
    Digits times = part;
    multiply(times, static_cast<std::uint32_t>(b % base));
    increase(sum, times);
    part.insert(part.begin(), 0);
  }
  return sum;
}

void ExactSum::multiply(Digits& digits, std::uint32_t factor) {
  std::uint64_t carry = 0;
  for (std::uint32_t& each : digits) {
    carry += std::uint64_t{each} * factor;
    each = static_cast<std::uint32_t>(carry % base);
    carry /= base;
  }
  if (carry > 0) digits.push_back(static_cast<std::uint32_t>(carry));
  while (!digits.empty() && digits.back() == 0) digits.pop_back();
}

void ExactSum::raise(Digits& digits, int power) {
  if (digits.empty() || power == 0) return;
  std::uint32_t factor = 1;
  for (int i = 0; i < power % base_digits; ++i) factor *= 10;
  multiply(digits, factor);
  digits.insert(digits.begin(), static_cast<std::size_t>(power / base_digits), 0);
}

void ExactSum::increase(Digits& digits, const Digits& by) {
  digits.resize(std::max(digits.size(), by.size()));
  std::uint32_t carry = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::uint32_t sum = digits[i] + (i < by.size() ? by[i] : 0) + carry;
    carry = sum >= base ? 1 : 0;
    digits[i] = sum - carry * base;
  }
  if (carry > 0) digits.push_back(carry);
}

ExactSum::Digits ExactSum::difference(Digits greater, const Digits& less) {
  std::uint32_t borrow = 0;
  for (std::size_t i = 0; i < greater.size(); ++i) {
    const std::uint32_t taken = (i < less.size() ? less[i] : 0) + borrow;
    borrow = greater[i] < taken ? 1 : 0;
    greater[i] = greater[i] + borrow * base - taken;
  }
  while (!greater.empty() && greater.back() == 0) greater.pop_back();
  return greater;
}

int ExactSum::compare(const Digits& a, const Digits& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (std::size_t i = a.size(); i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

std::string ExactSum::to_text(const Digits& digits) {
  std::string text = std::to_string(digits.back());
  for (std::size_t i = digits.size() - 1; i-- > 0;) {
    const std::string group = std::to_string(digits[i]);
    text.append(base_digits - group.size(), '0');
    text += group;
  }
  return text;
}

bool apart(double a, double b, double least) {
  const double distance = std::abs(a - b);
  const double doubt = (std::abs(a) + std::abs(b) + least) * 0x1p-50;  // more than all that was rounded
  if (std::abs(distance - least) > doubt) return distance > least;
  const Decimal minus_one{-1, 0};
  ExactSum excess;
  excess.add(shortest_decimal(std::max(a, b)));
  excess.add(shortest_decimal(std::min(a, b)), minus_one);
  excess.add(shortest_decimal(least), minus_one);
  return excess.sign() >= 0;
}

}  // namespace webmacs
