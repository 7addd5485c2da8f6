#pragma once
// A sum of products of decimals, however long its exact value is. Slow beside a double (a microsecond): for what does
// not fit one, or where the last digit decides. Pure.

#include "hardware/decimal.h"

#include <cstdint>
#include <vector>

namespace webmacs {

class ExactSum {
 public:
  void add(const Decimal& a, const Decimal& b = {1, 0});  // a × b
  int sign() const;                                       // -1, 0 or 1
  double nearest() const;                                 // as nearest_double

 private:
  using Digits = std::vector<std::uint32_t>;  // nine decimal digits each, the lowest first; no zero at the end

  static Digits product(std::uint64_t a, std::uint64_t b);
  static void multiply(Digits& digits, std::uint32_t factor);
  static void raise(Digits& digits, int power);  // times 10^power
  static void increase(Digits& digits, const Digits& by);
  static Digits difference(Digits greater, const Digits& less);
  static int compare(const Digits& a, const Digits& b);
  static std::string to_text(const Digits& digits);

  Digits positive_;
  Digits negative_;
  int exponent_ = 0;  // of both
};

// Whether the decimals that two values stand for are at least that far apart: 34.7 and 34.8 are 0.1 apart, the doubles
// nearest to them are not.
bool apart(double a, double b, double least);

}  // namespace webmacs
