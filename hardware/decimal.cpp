#include "hardware/decimal.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace webmacs {
namespace {

constexpr int most_exponent = 9999;
constexpr double power_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
static_assert(std::size(power_of_ten) == most_exact_power + 1);

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// What to_chars wrote: "-d.ddde-xx".
Decimal read_scientific(const char* at, const char* end) {
  Decimal number;
  const bool negative = *at == '-';
  if (negative) ++at;
  for (; *at != 'e'; ++at) {
    if (*at == '.') continue;
    number.coefficient = 10 * number.coefficient + (*at - '0');
    --number.exponent;
  }
  ++number.exponent;  // the digit before the point
  int written = 0;
  std::from_chars(at[1] == '+' ? at + 2 : at + 1, end, written);
  number.exponent += written;
  if (negative) number.coefficient = -number.coefficient;
  return number;
}

template <typename Float>
Decimal shortest(Float number) {
  char text[32];
  return read_scientific(text, std::to_chars(text, text + sizeof text, number, std::chars_format::scientific).ptr);
}

// What sensors mostly show, found without writing digits; empty where it takes more. The first decimal place at which
// the nearest decimal lies between the middles to the float's neighbours gives the fewest digits: those middles are
// equally far away, so that where any decimal lies between them, the nearest does. The product of a float and a power
// of ten up to 10^7 is exact in a double, and so is all that is reckoned from it here.
std::optional<Decimal> short_decimal(float number) {
  constexpr int most_places = 7;
  constexpr float least_size = 0x1p-10F;
  constexpr float end_of_sizes = 0x1p23F;
  const float size = std::abs(number);
  if (!(size >= least_size && size < end_of_sizes)) return std::nullopt;
  std::uint32_t bits = 0;
  std::memcpy(&bits, &size, sizeof bits);
  const std::uint32_t step_bits = (bits & 0x7F800000u) - (24u << 23);  // of half the last bit's value
  float half_step = 0;
  std::memcpy(&half_step, &step_bits, sizeof half_step);
  // Below a power of two the neighbour is nearer: there only the number itself will do.
  const double reach = (bits & 0x007FFFFFu) == 0 ? 0 : half_step;
  const bool even = (bits & 1) == 0;  // reads back from the middles themselves
  for (int places = 0; places <= most_places; ++places) {
    const double power = power_of_ten[places];
    const double exact = size * power;
    const auto nearest = static_cast<std::int64_t>(exact + 0.5);  // NOLINT(bugprone-incorrect-roundings): checked below
    const double distance = std::abs(static_cast<double>(nearest) - exact);
    if (distance > reach * power || (distance == reach * power && !even && distance != 0)) continue;
    if (distance == 0.5) break;  // two are equally near
    return Decimal{number < 0 ? -nearest : nearest, -places};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  Decimal number;
  int digits = 0;  // significant ones, up to the last that is not zero
  int zeros = 0;   // behind it
  bool point = false;
  bool any = false;
  std::size_t at = 0;
  for (; at < text.size() && (is_digit(text[at]) || (text[at] == '.' && !point)); ++at) {
    if (text[at] == '.') {
      point = true;
      continue;
    }
    any = true;
    if (point) --number.exponent;
    if (text[at] == '0') {
      if (digits > 0) ++zeros;
      continue;
    }
    digits += zeros + 1;
    if (digits > most_decimal_digits) return std::nullopt;
    for (; zeros > 0; --zeros) number.coefficient *= 10;
    number.coefficient = 10 * number.coefficient + (text[at] - '0');
  }
  if (!any) return std::nullopt;
  number.exponent += zeros;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    ++at;
    if (at + 1 < text.size() && text[at] == '+' && is_digit(text[at + 1])) ++at;
    int written = 0;
    const char* end = text.data() + text.size();
    const auto [parsed, error] = std::from_chars(text.data() + at, end, written);
    if (parsed != end || error != std::errc() || std::abs(written) > most_exponent) return std::nullopt;
    number.exponent += written;
  }
  if (number.coefficient == 0) return Decimal{};
  if (std::abs(number.exponent) > most_exponent) return std::nullopt;
  if (negative) number.coefficient = -number.coefficient;
  return number;
}

std::string to_text(const Decimal& number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, nearest_double(number)).ptr};
}

Decimal shortest_decimal(float number) {
  const auto quick = short_decimal(number);
  return quick ? *quick : shortest(number);
}
Decimal shortest_decimal(double number) {
  return shortest(number);
}

double nearest_double(const Decimal& number) {
  const auto [coefficient, exponent] = number;
  // One operation on two exact numbers is rounded once.
  if (coefficient >= -exact_integers && coefficient <= exact_integers && std::abs(exponent) <= most_exact_power) {
    const auto whole = static_cast<double>(coefficient);
    return exponent < 0 ? whole / power_of_ten[-exponent] : whole * power_of_ten[exponent];
  }
  return nearest_double(std::to_string(coefficient), exponent);
}

double nearest_double(const std::string& digits, int exponent) {
  const std::string text = digits + 'e' + std::to_string(exponent);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  (void)end;
  if (error == std::errc()) return number;
  // Out of range, above or below.
  if (static_cast<int>(digits.size()) + exponent <= 0) return 0;
  return digits.front() == '-' ? -HUGE_VAL : HUGE_VAL;
}

}  // namespace webmacs
