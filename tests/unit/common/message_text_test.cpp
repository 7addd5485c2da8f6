// Texts of a peer, made fit to be stored and shown.
#include "common/message_text.h"

#include <doctest/doctest.h>

using namespace webmacs;

TEST_CASE("control characters become spaces, and what is no UTF-8 the sign for it") {
  CHECK(clean_text("Ofen 3 °C", 100) == "Ofen 3 °C");
  CHECK(clean_text("a\nb\tc\x7F", 100) == "a b c ");
  CHECK(clean_text("a\xFF\xC3", 100) == "a\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(clean_text(std::string_view("a\0b", 3), 100) == "a b");
}

TEST_CASE("a text is cut between characters, never within one") {
  CHECK(clean_text("°°°", 6) == "°°°");
  CHECK(clean_text("°°°", 5) == "°°");
  CHECK(clean_text("\xFF\xFF", 5) == "\xEF\xBF\xBD");
  CHECK(clean_text("a", 0).empty());
}

TEST_CASE("a quoted text says whether it went on") {
  CHECK(quote_shortly("short") == "\"short\"");
  CHECK(quote_shortly(std::string(40, 'x')) == '"' + std::string(40, 'x') + '"');
  CHECK(quote_shortly(std::string(41, 'x')) == '"' + std::string(40, 'x') + "…\"");
}
