#pragma once
// Numbers as they are written in decimal, and the doubles nearest to them: the same on every processor. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace webmacs {

// coefficient × 10^exponent.
struct Decimal {
  std::int64_t coefficient = 0;
  int exponent = 0;
};
inline bool operator==(const Decimal& a, const Decimal& b) {
  return a.coefficient == b.coefficient && a.exponent == b.exponent;
}

constexpr int most_decimal_digits = 18;

// Whole numbers and powers of ten up to these are doubles; one operation on two of them is rounded once.
constexpr std::int64_t exact_integers = std::int64_t{1} << 53;
constexpr int most_exact_power = 22;

// "0.1", "-40", "2.5e-3", without zeros at the end of the coefficient. Empty when the text is no such number, or one of
// more than most_decimal_digits, or of an exponent beyond ±9999.
std::optional<Decimal> parse_decimal(std::string_view text);
std::string to_text(const Decimal& number);  // "0.1", "1e-09": the shortest way to write the nearest double

// The shortest decimal that reads back to the same number; of several the nearest. For finite numbers only.
Decimal shortest_decimal(float number);
Decimal shortest_decimal(double number);

// The double nearest to a decimal; infinite beyond a double's range.
double nearest_double(const Decimal& number);

// Of a whole number that is not empty, with or without a sign, times 10^exponent: however many digits it has.
double nearest_double(const std::string& digits, int exponent);

}  // namespace webmacs
