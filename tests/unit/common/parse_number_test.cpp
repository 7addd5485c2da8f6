// Numbers in texts: the whole text, or none.
#include "common/parse_number.h"

#include <doctest/doctest.h>

#include <cstdint>

using namespace webmacs;

TEST_CASE("a text is a number as a whole or not at all") {
  CHECK(parse_number<int>("0") == 0);
  CHECK(parse_number<int>("-17") == -17);
  CHECK(parse_number<int>("007") == 7);
  for (const char* text : {"", " 1", "1 ", "+1", "1.0", "1e3", "0x10", "-", "--1", "one"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number<int>(text));
  }
  CHECK_FALSE(parse_number<int>(std::string_view("1\0", 2)));
}

TEST_CASE("a number that the type does not hold is none") {
  CHECK(parse_number<std::uint16_t>("65535") == 65535);
  CHECK_FALSE(parse_number<std::uint16_t>("65536"));
  CHECK_FALSE(parse_number<std::uint16_t>("-1"));
  CHECK(parse_number<std::int64_t>("-9223372036854775808") == INT64_MIN);
  CHECK_FALSE(parse_number<std::int64_t>("9223372036854775808"));
}

TEST_CASE("the base decides what a digit is") {
  CHECK(parse_number<std::uint16_t>("fFfF", 16) == 0xFFFF);
  CHECK_FALSE(parse_number<std::uint16_t>("g", 16));
  CHECK_FALSE(parse_number<std::uint16_t>("f"));
}
