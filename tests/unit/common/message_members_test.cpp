#include "common/message_members.h"

#include <doctest/doctest.h>

#include <functional>

using namespace webmacs;
using nlohmann::json;

namespace {

// The mistake that reading a member brings; empty when there is none.
std::string mistake_of(const char* text, const std::function<void(Members&)>& read) {
  const json object = json::parse(text);
  std::string error;
  Members members(object, "events[3].", error);
  read(members);
  return error;
}

std::string mistake_of_text(const std::string& value) {
  return mistake_of(json{{"unit", value}}.dump().c_str(), [](Members& members) { members.text("unit"); });
}

}  // namespace

TEST_CASE("an absent member and null are the same: nothing") {
  for (const char* text : {"{}", R"({"m":null})"}) {
    CHECK(mistake_of(text, [](Members& members) {
            CHECK(members.text("m").empty());
            CHECK(members.long_text("m", 10).empty());
            CHECK_FALSE(members.number("m"));
            CHECK_FALSE(members.positive_seconds("m"));
            CHECK_FALSE(members.count("m"));
            CHECK_FALSE(members.timestamp("m"));
            CHECK(members.array("m") == nullptr);
          }).empty());
    CHECK(mistake_of(text, [](Members& members) { members.required_text("m"); }) == "events[3].m: missing");
  }
}

TEST_CASE("only `has` tells a null from what is not there") {
  mistake_of(R"({"m":null})", [](Members& members) {
    CHECK(members.has("m"));
    CHECK_FALSE(members.has("n"));
  });
}

TEST_CASE("each kind of member names what it is not") {
  const auto read = [](auto method) { return [method](Members& members) { (members.*method)("m"); }; };
  CHECK(mistake_of(R"({"m":1})", read(&Members::text)) == "events[3].m: not a string");
  CHECK(mistake_of(R"({"m":"1"})", read(&Members::number)) == "events[3].m: not a number");
  CHECK(mistake_of(R"({"m":0})", read(&Members::positive_seconds)) == "events[3].m: not a positive number of seconds");
  CHECK(mistake_of(R"({"m":1.1e9})", read(&Members::positive_seconds)) ==
        "events[3].m: not a positive number of seconds");
  for (const char* no_count : {R"({"m":-1})", R"({"m":1.0})", R"({"m":9007199254740993})", R"({"m":"1"})"}) {
    CHECK(mistake_of(no_count, read(&Members::count)) == "events[3].m: not an integer from 0 to 9007199254740992");
  }
  CHECK(mistake_of(R"({"m":1736951530})", read(&Members::timestamp)) ==
        "events[3].m: not an RFC 3339 time from 1970 to 2199");
  CHECK(mistake_of(R"({"m":{}})", read(&Members::array)) == "events[3].m: not an array");
}

TEST_CASE("members that fit are read") {
  const std::string error = mistake_of(
      R"({"t":"°C","n":-0.5,"s":1e9,"c":9007199254740992,"w":"1970-01-01T00:00:01Z","a":[1]})", [](Members& members) {
        CHECK(members.text("t") == "°C");
        CHECK(members.number("n") == -0.5);
        CHECK(members.positive_seconds("s") == 1e9);
        CHECK(members.count("c") == std::int64_t{1} << 53);
        CHECK(members.timestamp("w") == from_microseconds(1'000'000));
        CHECK(members.array("a")->size() == 1);
      });
  CHECK(error.empty());
}

TEST_CASE("a text is one line of at most 200 bytes") {
  CHECK(mistake_of_text(std::string(200, 'x')).empty());
  CHECK(mistake_of_text(std::string(201, 'x')) == "events[3].unit: longer than 200 bytes");
  CHECK(mistake_of_text("a\nb") == "events[3].unit: holds a control character");
  CHECK(mistake_of_text("a\x7F") == "events[3].unit: holds a control character");
}

TEST_CASE("what people write may have lines and tabs, up to its own bound") {
  const auto read = [](const std::string& value) {
    return mistake_of(json{{"m", value}}.dump().c_str(), [](Members& members) { members.long_text("m", 12); });
  };
  CHECK(read("two\r\n\tlines").empty());
  CHECK(read("one too many.") == "events[3].m: longer than 12 bytes");
  CHECK(read("bell \a") == "events[3].m: holds a control character");
}

TEST_CASE("the first mistake stands, whatever comes after it") {
  CHECK(mistake_of(R"({"a":1,"b":2})", [](Members& members) {
          members.text("b");
          members.text("a");
          members.fail("c", "wrong");
        }) == "events[3].b: not a string");
}

TEST_CASE("what is no object says so, at its own place, and has no members") {
  const json item = 5;
  std::string error;
  Members members(item, "events[3].", error);
  CHECK(error == "events[3]: not an object");
  CHECK_FALSE(members.has("m"));
  CHECK(members.text("m").empty());
  std::string of_frame;
  const Members frame(item, "", of_frame);
  CHECK(of_frame == "not an object");
}
