#include "hardware/scaling.h"

#include "hardware/exact_sum.h"
#include "hardware/half_float.h"
#include "unit/random_seed.h"

#include <doctest/doctest.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>

using namespace webmacs;

namespace {

Decimal decimal(const std::string& text) {
  const auto number = parse_decimal(text);
  REQUIRE_MESSAGE(number, text);
  return *number;
}

Scaling scaling(const std::string& scale, const std::string& offset = "0") {
  return Scaling(decimal(scale), decimal(offset));
}

}  // namespace

TEST_CASE("decimal texts are kept digit for digit") {
  CHECK(decimal("0.1") == Decimal{1, -1});
  CHECK(decimal("-40") == Decimal{-4, 1});
  CHECK(decimal("0") == Decimal{0, 0});
  CHECK(decimal("-0.000e5") == Decimal{0, 0});
  CHECK(decimal("2.50e-3") == Decimal{25, -4});
  CHECK(decimal(".5") == Decimal{5, -1});
  CHECK(decimal("5.") == Decimal{5, 0});
  CHECK(decimal("100E+2") == Decimal{1, 4});
  CHECK(decimal("0.0000000000000000000000123456789012345678") == Decimal{123456789012345678, -40});
  CHECK(decimal("123456789012345678000000") == Decimal{123456789012345678, 6});
  for (const char* wrong : {"", "-", ".", "e5", "1e", "1e+", "1e+-5", "1.2.3", "0x10", "inf", "nan", " 1", "1 ", "1,5",
                            "+1", "1234567890123456789", "1e99999", "1e12345678901"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_decimal(wrong));
  }
}

TEST_CASE("the example of the contract") {
  CHECK(scaling("0.1").apply(std::int64_t{348}) == 34.8);
  CHECK(348 * 0.1 != 34.8);  // what a product of doubles is
  CHECK(scaling("1").apply(shortest_decimal(3.14F)) == 3.14);
  CHECK(scaling("0.1", "-40").apply(std::int64_t{655}) == 25.5);
}

TEST_CASE("values look as the display of the instrument shows them") {
  // Not one of the raws of an int16 with a scale of a tenth has more than one decimal.
  const Scaling tenth = scaling("0.1");
  for (std::int64_t raw = -32768; raw <= 32767; ++raw) {
    const std::string text = to_text(shortest_decimal(tenth.apply(raw)));
    const auto point = text.find('.');
    REQUIRE_MESSAGE((point == std::string::npos || text.size() - point == 2), text);
  }
}

TEST_CASE("where 64 bits end, and beyond") {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  CHECK(scaling("1").apply(least) == -9223372036854775808.0);
  CHECK(scaling("0.1").apply(least) == -922337203685477580.8);
  CHECK(scaling("-1").apply(least) == 9223372036854775808.0);
  CHECK(scaling("1").apply(std::numeric_limits<std::uint64_t>::max()) == 18446744073709551615.0);
  CHECK(scaling("0.001").apply(std::numeric_limits<std::uint64_t>::max()) == 18446744073709551.615);
  CHECK(scaling("1", "-18446744073709551.6e3").apply(std::numeric_limits<std::uint64_t>::max()) == 15.0);
  // 2^53 and its neighbours, where the exact quotient ends.
  for (const std::int64_t raw : {9007199254740991, 9007199254740992, 9007199254740993, 9007199254740995}) {
    CHECK(scaling("1").apply(raw) == static_cast<double>(raw));
    CHECK(scaling("0.1").apply(raw) == std::strtod((std::to_string(raw) + "e-1").c_str(), nullptr));
  }
}

TEST_CASE("what cancels leaves nothing but the difference, and never minus zero") {
  CHECK(scaling("0.1", "-34.8").apply(std::int64_t{348}) == 0);
  CHECK_FALSE(std::signbit(scaling("-0.1", "34.8").apply(std::int64_t{348})));
  CHECK_FALSE(std::signbit(scaling("-1").apply(std::int64_t{0})));
  CHECK(scaling("123456789.123456789", "-123456789.123456788").apply(std::int64_t{1}) == 1e-9);
  CHECK(scaling("1e300", "-1e300").apply(std::int64_t{1}) == 0);
  CHECK(scaling("1e300", "1e-300").apply(std::int64_t{1}) == 1e300);
}

TEST_CASE("beyond a double's range") {
  CHECK(scaling("1e306").apply(std::int64_t{65535}) == HUGE_VAL);
  CHECK(scaling("-1e306").apply(std::int64_t{65535}) == -HUGE_VAL);
  CHECK(scaling("1e-320").apply(std::int64_t{1}) == 1e-320);
  CHECK(scaling("1e-400").apply(std::int64_t{1}) == 0);
  CHECK(scaling("1e400").apply(std::int64_t{1}) == HUGE_VAL);
}

TEST_CASE("random raws, scales and offsets are rounded as glibc rounds the exact decimal") {
  std::mt19937_64 random(testing::random_seed());
  const auto some = [&](std::uint64_t below) { return static_cast<std::int64_t>(random() % below); };
  for (int round = 0; round < 20000; ++round) {
    // One power of ten for all, so that the exact sum can be written down as an integer.
    const std::int64_t raw = some(2000001) - 1000000;
    const std::int64_t scale = some(2000000001) + 1;
    const std::int64_t offset = some(2000000000000001) - 1000000000000000;
    const int exponent = static_cast<int>(some(40)) - 30;
    const std::string power = "e" + std::to_string(exponent);
    const double value = scaling(std::to_string(scale) + power, std::to_string(offset) + power).apply(raw);
    const std::string exact = std::to_string(raw * scale + offset) + power;
    CAPTURE(exact);
    REQUIRE(value == std::strtod(exact.c_str(), nullptr));
  }
}

TEST_CASE("an exact sum forgets no digit") {
  ExactSum sum;
  CHECK(sum.sign() == 0);
  CHECK(sum.nearest() == 0);
  sum.add(decimal("1e40"));
  sum.add(decimal("123456789012345678"), decimal("987654321098765432"));
  sum.add(decimal("1e-40"));
  sum.add(decimal("-1e40"));
  sum.add(decimal("-123456789012345678"), decimal("987654321098765432"));
  CHECK(sum.sign() == 1);
  CHECK(sum.nearest() == 1e-40);
  sum.add(decimal("-2"), decimal("5e-41"));
  CHECK(sum.sign() == 0);
  sum.add(decimal("-1e-300"));
  CHECK(sum.sign() == -1);
  CHECK(sum.nearest() == -1e-300);
}

TEST_CASE("two values are as far apart as their decimals") {
  CHECK(apart(34.8, 34.7, 0.1));  // the doubles are 0.09999999999999432 apart
  CHECK(apart(34.7, 34.8, 0.1));
  CHECK_FALSE(apart(34.8, 34.7, 0.1000000000000001));
  CHECK(apart(0.3, 0.2, 0.1));
  CHECK(apart(-0.1, 0.2, 0.3));
  CHECK_FALSE(apart(-0.1, 0.2, 0.30000000000000004));
  CHECK(apart(5, 5, 0));
  CHECK_FALSE(apart(5, 5, 5e-324));
  CHECK(apart(-1e308, 1e308, 1e308));
  const Scaling tenth = scaling("0.1");
  for (std::int64_t raw = -3000; raw < 3000; ++raw) CHECK(apart(tenth.apply(raw), tenth.apply(raw + 1), 0.1));
}

TEST_CASE("the shortest decimal of a float is the one that the standard library writes") {
  const auto check = [](std::uint32_t bits) {
    float number = 0;
    std::memcpy(&number, &bits, sizeof number);
    if (!std::isfinite(number)) return;
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::scientific).ptr;
    const auto written = parse_decimal(std::string(text, end));
    const Decimal found = shortest_decimal(number);
    if (written && nearest_double(found) == nearest_double(*written)) return;
    FAIL(std::string(text, end), " and not ", found.coefficient, "e", found.exponent);
  };
  std::mt19937 random(testing::random_seed());
  for (int round = 0; round < 300000; ++round) check(static_cast<std::uint32_t>(random()));
  // Where it is found quickly: each power of two with its neighbours, and what sensors show.
  for (std::uint32_t exponent = 110; exponent < 155; ++exponent) {
    for (std::uint32_t step = 0; step < 2000; ++step) check((exponent << 23) - 1000 + step);
    for (int round = 0; round < 5000; ++round)
      check(exponent << 23 | (static_cast<std::uint32_t>(random()) & 0x7FFFFF));
  }
  for (int hundredths = -100000; hundredths < 100000; ++hundredths) {
    const auto shown = static_cast<float>(hundredths / 100.0);
    REQUIRE(nearest_double(shortest_decimal(shown)) == hundredths / 100.0);
  }
}

TEST_CASE("every half precision number survives being written in decimal, and none has a needless digit") {
  for (int half = 0; half < 0x7C00; ++half) {
    const Decimal shown = shortest_half_decimal(static_cast<std::uint16_t>(half));
    const double value = nearest_double(shown);
    REQUIRE(nearest_half(value) == half);
    REQUIRE(nearest_half(-value) == (half | 0x8000));
    REQUIRE(shown.coefficient < 100000);
    // One digit less, rounded down or up, is another number.
    if (shown.coefficient < 10) continue;
    const Decimal down{shown.coefficient / 10, shown.exponent + 1};
    const Decimal up{shown.coefficient / 10 + 1, shown.exponent + 1};
    REQUIRE(nearest_half(nearest_double(down)) != half);
    if (half != 0x7BFF) REQUIRE(nearest_half(nearest_double(up)) != half);
  }
}

TEST_CASE("half precision at its ends") {
  CHECK(nearest_half(0.0) == 0);
  CHECK(nearest_half(-0.0) == 0x8000);
  CHECK(nearest_half(0x1p-25) == 0);  // half way to the smallest: the even one
  CHECK(nearest_half(0x1.00001p-25) == 1);
  CHECK(nearest_half(0x1.ff8p-15) == 0x3FF);  // the greatest without a leading one
  CHECK(nearest_half(0x1.ffcp-15) == 0x400);  // half way to the smallest with it
  CHECK(nearest_half(2049) == 0x6800);        // 2048
  CHECK(nearest_half(2051) == 0x6802);        // 2052
  CHECK(nearest_half(65519) == 0x7BFF);
  CHECK(nearest_half(HUGE_VAL) == 0x7C00);
  CHECK(nearest_half(-HUGE_VAL) == 0xFC00);
  CHECK_FALSE(is_finite_half(nearest_half(std::nan(""))));
  CHECK(nearest_half(std::nan("")) != 0x7C00);
}
