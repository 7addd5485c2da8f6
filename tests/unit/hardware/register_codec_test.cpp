#include "hardware/register_codec.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

using namespace webmacs;

namespace {

using Words = std::vector<std::uint16_t>;

constexpr ByteOrder all_orders[] = {ByteOrder::abcd, ByteOrder::cdab, ByteOrder::badc, ByteOrder::dcba};

struct Golden {
  ValueType type;
  double value;
  std::array<Words, 4> words;  // ABCD, CDAB, BADC, DCBA
};

// Written with Python's struct module and checked against pymodbus 3.0's BinaryPayloadBuilder, not with our encoder.
const Golden golden[] = {
    {ValueType::int16, -2, {Words{0xFFFE}, {0xFFFE}, {0xFEFF}, {0xFEFF}}},
    {ValueType::int16, -12345, {Words{0xCFC7}, {0xCFC7}, {0xC7CF}, {0xC7CF}}},
    {ValueType::uint16, 4660, {Words{0x1234}, {0x1234}, {0x3412}, {0x3412}}},
    {ValueType::uint16, 60000, {Words{0xEA60}, {0xEA60}, {0x60EA}, {0x60EA}}},
    {ValueType::int32, 123456789, {Words{0x075B, 0xCD15}, {0xCD15, 0x075B}, {0x5B07, 0x15CD}, {0x15CD, 0x5B07}}},
    {ValueType::int32, -123456789, {Words{0xF8A4, 0x32EB}, {0x32EB, 0xF8A4}, {0xA4F8, 0xEB32}, {0xEB32, 0xA4F8}}},
    {ValueType::uint32, 3000000000.0, {Words{0xB2D0, 0x5E00}, {0x5E00, 0xB2D0}, {0xD0B2, 0x005E}, {0x005E, 0xD0B2}}},
    {ValueType::float32, 23.45, {Words{0x41BB, 0x999A}, {0x999A, 0x41BB}, {0xBB41, 0x9A99}, {0x9A99, 0xBB41}}},
    {ValueType::float32, -1234.5, {Words{0xC49A, 0x5000}, {0x5000, 0xC49A}, {0x9AC4, 0x0050}, {0x0050, 0x9AC4}}},
    {ValueType::int64,
     -1234567890123456.0,
     {Words{0xFFFB, 0x9D2A, 0xC375, 0x4540},
      {0x4540, 0xC375, 0x9D2A, 0xFFFB},
      {0xFBFF, 0x2A9D, 0x75C3, 0x4045},
      {0x4045, 0x75C3, 0x2A9D, 0xFBFF}}},
    {ValueType::uint64,
     283686952306183.0,
     {Words{0x0001, 0x0203, 0x0405, 0x0607},
      {0x0607, 0x0405, 0x0203, 0x0001},
      {0x0100, 0x0302, 0x0504, 0x0706},
      {0x0706, 0x0504, 0x0302, 0x0100}}},
    {ValueType::float64,
     23.45,
     {Words{0x4037, 0x7333, 0x3333, 0x3333},
      {0x3333, 0x3333, 0x7333, 0x4037},
      {0x3740, 0x3373, 0x3333, 0x3333},
      {0x3333, 0x3333, 0x3373, 0x3740}}},
    {ValueType::float64,
     -6.02214076e23,
     {Words{0xC4DF, 0xE185, 0xCA57, 0xC517},
      {0xC517, 0xCA57, 0xE185, 0xC4DF},
      {0xDFC4, 0x85E1, 0x57CA, 0x17C5},
      {0x17C5, 0x57CA, 0x85E1, 0xDFC4}}},
};

Register make(ValueType type, ByteOrder order = ByteOrder::abcd, const std::string& scale = "1",
              const std::string& offset = "0") {
  Register where;
  where.type = type;
  where.order = order;
  where.scaling = Scaling(parse_decimal(scale).value(), parse_decimal(offset).value());
  return where;
}

std::optional<double> decode(const Register& where, const Words& words) {
  return decode_value(where, words.data());
}

Words encode(const Register& where, double value) {
  Words words(static_cast<std::size_t>(where.count()));
  encode_value(where, value, words.data());
  return words;
}

}  // namespace

TEST_CASE("golden vectors of every type in every order are decoded and encoded") {
  for (const Golden& each : golden) {
    for (std::size_t order = 0; order < 4; ++order) {
      const Register where = make(each.type, all_orders[order]);
      CAPTURE(std::string(to_text(each.type)));
      CAPTURE(std::string(to_text(where.order)));
      REQUIRE(each.words[order].size() == static_cast<std::size_t>(where.count()));
      CHECK(decode(where, each.words[order]) == each.value);
      CHECK(encode(where, each.value) == each.words[order]);
    }
  }
}

TEST_CASE("half precision in one register") {
  const Register where = make(ValueType::float16);
  CHECK(decode(where, {0x3C00}) == 1.0);
  CHECK(decode(where, {0xC000}) == -2.0);
  CHECK(decode(where, {0x7BFF}) == 65500.0);  // the shortest that reads back to 65504
  CHECK(decode(where, {0x3555}) == 0.3333);
  CHECK(decode(where, {0x0001}) == 6e-8);
  CHECK(decode(where, {0x8000}) == 0.0);
  CHECK(decode(make(ValueType::float16, ByteOrder::badc), {0x5535}) == 0.3333);
  CHECK_FALSE(decode(where, {0x7C00}));
  CHECK_FALSE(decode(where, {0xFE00}));
  CHECK(encode(where, 0.3333) == Words{0x3555});
  CHECK(encode(where, 1e6) == Words{0x7BFF});
}

TEST_CASE("integers beyond 2^53 are rounded to the nearest double") {
  CHECK(decode(make(ValueType::int64), {0xEEDD, 0xEF0B, 0x8216, 0x7EEB}) == -1234567890123456768.0);
  CHECK(decode(make(ValueType::uint64), {0xAB54, 0xA98C, 0xEB1F, 0x0AD2}) == 12345678901234567168.0);
  CHECK(decode(make(ValueType::uint64), {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}) == 18446744073709551616.0);
}

TEST_CASE("the ends of every integer type") {
  CHECK(decode(make(ValueType::int16), {0x8000}) == -32768.0);
  CHECK(decode(make(ValueType::int16), {0x7FFF}) == 32767.0);
  CHECK(decode(make(ValueType::uint16), {0xFFFF}) == 65535.0);
  CHECK(decode(make(ValueType::int32), {0x8000, 0}) == -2147483648.0);
  CHECK(decode(make(ValueType::uint32), {0xFFFF, 0xFFFF}) == 4294967295.0);
  CHECK(decode(make(ValueType::int64), {0x8000, 0, 0, 0}) == -9223372036854775808.0);
}

TEST_CASE("each bit of a register is a bool of its own, and swapped bytes move it") {
  Register where = make(ValueType::boolean);
  for (int bit = 0; bit < 16; ++bit) {
    where.bit = bit;
    const auto word = static_cast<std::uint16_t>(1u << bit);
    CHECK(decode(where, {word}) == 1.0);
    CHECK(decode(where, {static_cast<std::uint16_t>(~word)}) == 0.0);
  }
  where.bit = 3;
  for (const ByteOrder order : all_orders) {
    where.order = order;
    CAPTURE(std::string(to_text(order)));
    const bool swapped = order == ByteOrder::badc || order == ByteOrder::dcba;
    CHECK(decode(where, {0x0800}) == (swapped ? 1.0 : 0.0));
    CHECK(decode(where, {0x0008}) == (swapped ? 0.0 : 1.0));
  }
}

TEST_CASE("writing a bit leaves its neighbours alone") {
  Register where = make(ValueType::boolean);
  where.bit = 4;
  std::uint16_t word = 0xA0A5;
  encode_value(where, 1, &word);
  CHECK(word == 0xA0B5);
  encode_value(where, 0, &word);
  CHECK(word == 0xA0A5);
}

TEST_CASE("a coil is one for any word that is not zero") {
  Register where = make(ValueType::boolean);
  where.kind = RegisterKind::coil;
  CHECK(decode(where, {1}) == 1.0);
  CHECK(decode(where, {0}) == 0.0);
  CHECK(encode(where, 1) == Words{1});
}

TEST_CASE("value = raw * scale + offset") {
  CHECK(decode(make(ValueType::int16, ByteOrder::abcd, "0.1", "-40"), {655}) == 25.5);
  CHECK(decode(make(ValueType::uint16, ByteOrder::abcd, "-2"), {3}) == -6.0);
  CHECK(encode(make(ValueType::int16, ByteOrder::abcd, "0.1", "-40"), 25.5) == Words{655});
}

TEST_CASE("NaN and infinity in a register are not numbers, and neither is a scale that overflows") {
  CHECK_FALSE(decode(make(ValueType::float32), {0x7FC0, 0x0000}));
  CHECK_FALSE(decode(make(ValueType::float32), {0x7F80, 0x0000}));
  CHECK_FALSE(decode(make(ValueType::float32), {0xFF80, 0x0000}));
  CHECK_FALSE(decode(make(ValueType::float64), {0x7FF8, 0, 0, 1}));
  CHECK_FALSE(decode(make(ValueType::float64), {0xFFF0, 0, 0, 0}));
  CHECK_FALSE(decode(make(ValueType::uint16, ByteOrder::abcd, "1e306"), {0xFFFF}));
}

TEST_CASE("a raw value that means \"none\" is bad, in every type and order") {
  Register where = make(ValueType::int16);
  where.invalid = {0x8000, 0x7FFF};
  for (const std::uint16_t word : {0x8000, 0x7FFF}) {
    const Decoded none = decode_reading(where, &word);
    CHECK_FALSE(none.value);
    CHECK(none.reason == "not available");
  }
  const std::uint16_t below = 0x7FFE;
  CHECK(decode_reading(where, &below).value == 32766.0);

  for (const Golden& each : golden) {
    for (std::size_t order = 0; order < 4; ++order) {
      Register sentinel = make(each.type, all_orders[order]);
      std::uint64_t bits = 0;
      for (const std::uint16_t word : each.words[0]) bits = bits << 16 | word;
      CHECK(decode_reading(sentinel, each.words[order].data()).value == each.value);
      sentinel.invalid = {bits};
      CHECK(decode_reading(sentinel, each.words[order].data()).reason == "not available");
    }
  }
}

TEST_CASE("a register beside the value says that its sensor is broken, before or behind it") {
  Register where = make(ValueType::float32);
  where.address = 100;
  where.invalid = {0x40490FDB};
  where.bad_when = StatusRegister{98, 5, {1}};
  REQUIRE(where.first() == 98);
  REQUIRE(where.end() == 102);
  Words words = {0xFFDF, 0, 0x4048, 0xF5C3};  // every bit but the fifth
  CHECK(decode_reading(where, words.data()).value);
  words[0] = 0x0020;
  CHECK(decode_reading(where, words.data()).reason == "sensor fault");
  words[2] = 0x4049;  // what the register says goes before what the value looks like
  words[3] = 0x0FDB;
  CHECK(decode_reading(where, words.data()).reason == "sensor fault");
  words[0] = 0;
  CHECK(decode_reading(where, words.data()).reason == "not available");

  where.bad_when = StatusRegister{103, -1, {2, 3}};
  REQUIRE(where.end() == 104);
  words = {0x41BB, 0x999A, 7, 3};
  CHECK(decode_reading(where, words.data()).reason == "sensor fault");
  words[3] = 1;
  CHECK(decode_reading(where, words.data()).value);
  words = {0x7FC0, 0, 7, 0};
  CHECK(decode_reading(where, words.data()).reason == "not a number");
  words[3] = 2;
  CHECK(decode_reading(where, words.data()).reason == "sensor fault");
}

TEST_CASE("a discrete input may say that another one is not valid") {
  Register where = make(ValueType::boolean);
  where.kind = RegisterKind::discrete;
  where.address = 4;
  where.bad_when = StatusRegister{6, -1, {0}};
  Words bits = {1, 1, 1};
  CHECK(decode_reading(where, bits.data()).value == 1.0);
  bits[2] = 0;
  CHECK(decode_reading(where, bits.data()).reason == "sensor fault");
}

TEST_CASE("minus zero is zero") {
  const auto value = decode(make(ValueType::float32), {0x8000, 0});
  REQUIRE(value);
  CHECK_FALSE(std::signbit(*value));
}

TEST_CASE("what a type cannot hold is held at its ends") {
  CHECK(encode(make(ValueType::uint16), -5) == Words{0});
  CHECK(encode(make(ValueType::uint16), 1e9) == Words{0xFFFF});
  CHECK(encode(make(ValueType::int16), -1e9) == Words{0x8000});
  CHECK(encode(make(ValueType::int64), 1e30) == Words{0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF});
  CHECK(encode(make(ValueType::uint64), 1e30) == Words{0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF});
  CHECK(encode(make(ValueType::uint32), std::numeric_limits<double>::quiet_NaN()) == Words{0, 0});
  CHECK(decode(make(ValueType::float32), encode(make(ValueType::float32), 1e300)) == 3.4028235e38);
}
