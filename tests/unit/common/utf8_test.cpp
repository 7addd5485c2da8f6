#include "common/utf8.h"

#include "common/reading.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

using namespace webmacs;

TEST_CASE("well-formed characters of every length are recognised") {
  CHECK(utf8_character_size("a") == 1);
  CHECK(utf8_character_size("\xC2\xB0") == 2);
  CHECK(utf8_character_size("\xE2\x82\xAC!") == 3);
  CHECK(utf8_character_size("\xF0\x9F\x8C\xA1") == 4);
  CHECK(utf8_character_size("\xF4\x8F\xBF\xBF") == 4);
  CHECK(valid_utf8("Düse 3: 21 °C, 10 µm"));
  CHECK(valid_utf8(""));
}

TEST_CASE("overlong forms, surrogates, cut and lone bytes are refused") {
  for (const std::string text : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                                 "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC2", "\xE2\x82", "\xF0\x9F\x8C"}) {
    CHECK(utf8_character_size(text) == 0);
    CHECK_FALSE(valid_utf8("ok" + text));
  }
  CHECK(utf8_character_size("") == 0);
}

TEST_CASE("a cut never splits a character") {
  CHECK(utf8_prefix("abc", 3) == "abc");
  CHECK(utf8_prefix("abc", 2) == "ab");
  CHECK(utf8_prefix("a\xC2\xB0", 2) == "a");
  CHECK(utf8_prefix("\xF0\x9F\x8C\xA1x", 3).empty());
  CHECK(utf8_prefix("\xF0\x9F\x8C\xA1x", 4) == "\xF0\x9F\x8C\xA1");
  CHECK(utf8_prefix("abc", 0).empty());
}

TEST_CASE("event ids are 1 to 100 of the contract's characters") {
  CHECK(valid_event_public_id("evt_temp01"));
  CHECK(valid_event_public_id("A-z:0.9_"));
  CHECK(valid_event_public_id(std::string(100, 'x')));
  CHECK_FALSE(valid_event_public_id(std::string(101, 'x')));
  CHECK_FALSE(valid_event_public_id(""));
  for (const std::string id : {"a b", "a/b", "a\"", "ä", "a\n", "a@b", "a,b"}) CHECK_FALSE(valid_event_public_id(id));
  CHECK_FALSE(valid_event_public_id(std::string_view("a\0b", 3)));
}

TEST_CASE("a value is finite and has no negative zero") {
  CHECK(measured_value(23.45) == 23.45);
  CHECK_FALSE(std::signbit(measured_value(-0.0).value()));
  CHECK_FALSE(measured_value(std::numeric_limits<double>::quiet_NaN()));
  CHECK_FALSE(measured_value(std::numeric_limits<double>::infinity()));
  CHECK_FALSE(measured_value(-std::numeric_limits<double>::infinity()));
  CHECK(measured_value(std::numeric_limits<double>::denorm_min()) == std::numeric_limits<double>::denorm_min());
}
