#include "common/websocket/plain_text_frame.h"

#include "peers.h"
#include "unit/random_seed.h"

#include <doctest/doctest.h>

#include <random>

using namespace webmacs;
using namespace webmacs::test;

namespace {

constexpr int whole_text = 0x81;
constexpr std::size_t longest = 64 * 1024;

}  // namespace

TEST_CASE("a masked text of any length is read as it was sent, however its bytes come") {
  std::mt19937 random(testing::random_seed());
  for (const std::size_t size : {0, 1, 7, 8, 9, 125, 126, 127, 1000, 65535}) {
    std::string payload(size, '\0');
    for (char& c : payload) c = static_cast<char>(random());
    const std::string wire = wire_frame(whole_text, payload) + "the next frame";
    PlainTextFrame frame(longest);
    std::size_t at = frame.begin(wire);
    REQUIRE(at > 0);
    CHECK(frame.reading());
    while (!frame.done()) {
      const std::size_t piece = 1 + random() % 300;
      at += frame.feed(std::string_view(wire).substr(at, piece));
    }
    CHECK(wire.substr(at) == "the next frame");
    CHECK(frame.take() == payload);
    CHECK_FALSE(frame.reading());
  }
}

TEST_CASE("whatever is not a client's whole text is left to the engine, unchanged") {
  PlainTextFrame frame(longest);
  for (const int first_byte : {0x01, 0x80, 0x82, 0x88, 0x89, 0xC1, 0x91}) {
    CHECK(frame.begin(wire_frame(first_byte, "fragment, binary, control or reserved bit")) == 0);
  }
  CHECK(frame.begin(wire_frame(whole_text, "not masked", false)) == 0);
  CHECK(frame.begin(wire_frame(whole_text, std::string(longest, 'x'))) == 0);  // its length has 64 bits
  const std::string not_shortest = std::string("\x81\xFE\x00\x7D", 4) + std::string(4 + 125, '\0');
  CHECK(frame.begin(not_shortest) == 0);
  CHECK_FALSE(frame.reading());
}

TEST_CASE("a header that is not all there is not begun") {
  PlainTextFrame frame(longest);
  const std::string small = wire_frame(whole_text, "12");
  for (std::size_t size = 0; size < 6; ++size) CHECK(frame.begin(small.substr(0, size)) == 0);
  CHECK(frame.begin(small.substr(0, 6)) == 6);
  PlainTextFrame other(longest);
  const std::string large = wire_frame(whole_text, std::string(200, 'x'));
  for (std::size_t size = 0; size < 8; ++size) CHECK(other.begin(large.substr(0, size)) == 0);
  CHECK(other.begin(large.substr(0, 8)) == 8);
}

TEST_CASE("a message beyond the bound is not begun, one that reaches it is") {
  PlainTextFrame frame(300);
  CHECK(frame.begin(wire_frame(whole_text, std::string(301, 'x'))) == 0);
  CHECK(frame.begin(wire_frame(whole_text, std::string(300, 'x'))) == 8);
}
