#include "common/hex.h"

#include <doctest/doctest.h>

using namespace webmacs;

TEST_CASE("every byte is two digits, and they read back to it") {
  for (int byte = 0; byte < 256; ++byte) {
    for (const std::string_view digits : {lower_hex_digits, upper_hex_digits}) {
      std::string text;
      append_hex(text, static_cast<unsigned char>(byte), digits);
      REQUIRE(text.size() == 2);
      CHECK(hex_digit_value(text[0]) * 16 + hex_digit_value(text[1]) == byte);
    }
  }
}

TEST_CASE("hex digits are in lower case unless asked otherwise, behind what is there") {
  std::string text = "0x";
  append_hex(text, 0x0A);
  append_hex(text, 0xFE, upper_hex_digits);
  CHECK(text == "0x0aFE");
}

TEST_CASE("what borders on the hex digits is none") {
  for (const char c : {'/', ':', '@', 'G', '`', 'g', ' ', '\0', '\xFF'}) CHECK(hex_digit_value(c) == -1);
}
