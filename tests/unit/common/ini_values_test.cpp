#include "common/ini.h"

#include <doctest/doctest.h>

#include <functional>
#include <limits>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

// What is recorded when `read` asks a section for `key`, which has this value; "" when nothing is.
std::string mistake_with(const std::string& value, const std::function<void(IniSection&)>& read) {
  const auto ini = Ini::parse("[s]\nkey = " + value + "\n", "f");
  read(ini->section("s"));
  try {
    ini->finish();
  } catch (const ConfigurationError& error) {
    REQUIRE(error.mistakes().size() == 1);
    const std::string place = "f:2: [s] key: ";
    REQUIRE(error.mistakes()[0].compare(0, place.size(), place) == 0);
    return error.mistakes()[0].substr(place.size());
  }
  return "";
}

template <typename Read>
auto value_with(const std::string& value, Read read) {
  const auto ini = Ini::parse("[s]\nkey = " + value + "\n", "f");
  const auto result = read(ini->section("s"));
  CHECK_NOTHROW(ini->finish());
  return result;
}

}  // namespace

TEST_CASE("numbers") {
  const auto read = [](IniSection& s) { return s.number("key", 7, 0.01, 86400); };
  CHECK(value_with("0.5", read) == 0.5);
  CHECK(value_with("1e2", read) == 100);
  CHECK(value_with("", read) == 7);
  CHECK(mistake_with("0.001", read) == "\"0.001\" is out of range (0.01 … 86400)");
  CHECK(mistake_with("1e999", read) == "\"1e999\" is out of range (0.01 … 86400)");
  for (const std::string text : {"abc", "1,5", "1.5x", "nan", "inf", "-inf", "-", "+1", "0x10", "1 2"}) {
    CHECK(mistake_with(text, read) == "\"" + text + "\" is not a number (0.01 … 86400)");
  }
  const auto any = [](IniSection& s) {
    return s.optional_number("key", std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max());
  };
  CHECK(value_with("-1.5", any) == -1.5);
  CHECK_FALSE(value_with("", any));
  CHECK(mistake_with("x", any) == "\"x\" is not a number (a number such as 0.5)");
}

TEST_CASE("a wrong value gives the default, so that reading goes on") {
  const auto ini = Ini::parse("[s]\nkey = x\n", "f");
  CHECK(ini->section("s").number("key", 7, 0, 9) == 7);
  CHECK(ini->section("s").integer("key", 8, 0, 9) == 8);
  CHECK(ini->section("s").boolean("key", true));
  CHECK(ini->section("s").duration("key", 3s, 0s, 9s) == 3s);
  CHECK(ini->section("s").size("key", 5, 0, 9) == 5);
  CHECK(ini->section("s").choice("key", "b", {"a", "b"}) == "b");
}

TEST_CASE("whole numbers") {
  const auto read = [](IniSection& s) { return s.integer("key", 502, 1, 65535); };
  CHECK(value_with("502", read) == 502);
  CHECK(value_with("65535", read) == 65535);
  CHECK(mistake_with("65536", read) == "\"65536\" is out of range (1 … 65535)");
  CHECK(mistake_with("-1", read) == "\"-1\" is out of range (1 … 65535)");
  CHECK(mistake_with("99999999999999999999", read) == "\"99999999999999999999\" is out of range (1 … 65535)");
  CHECK(mistake_with("1.5", read) == "\"1.5\" is not a whole number (1 … 65535)");
  CHECK(mistake_with("502 503", read) == "\"502 503\" is not a whole number (1 … 65535)");
}

TEST_CASE("booleans") {
  const auto read = [](IniSection& s) { return s.boolean("key", false); };
  for (const char* yes : {"true", "yes", "on", "1", "True", "ON"}) CHECK(value_with(yes, read));
  for (const char* no : {"false", "no", "off", "0", ""}) CHECK_FALSE(value_with(no, read));
  CHECK(mistake_with("maybe", read) == "\"maybe\" is neither true nor false (true, false)");
}

TEST_CASE("durations") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("0.5s") == 500ms);
  CHECK(parse_duration("2min") == 2min);
  CHECK(parse_duration("3h") == 3h);
  CHECK(parse_duration("90d") == 90 * 24h);
  CHECK(parse_duration("25") == 25s);
  CHECK(parse_duration_with_unit("90d") == 90 * 24h);
  CHECK(parse_duration_with_unit("500ms") == 500ms);
  for (const char* text : {"90", "0.5", "", "d", "90 ", "90D"}) CHECK_MESSAGE(!parse_duration_with_unit(text), text);
  CHECK(parse_duration("0.01") == 10ms);
  CHECK(parse_duration("0") == 0s);
  for (const char* text :
       {"", "s", "-1", "-1s", "1 s", "1m", "5sec", "inf", "nan", "1s2", "1e400s", "1e300d", "0x5s"}) {
    CHECK_MESSAGE(!parse_duration(text), text);
  }
  const auto read = [](IniSection& s) { return s.duration("key", 1s, 10ms, 24h); };
  CHECK(value_with("250ms", read) == 250ms);
  CHECK(mistake_with("2d", read) == "\"2d\" is out of range (10ms … 1d)");
  CHECK(mistake_with("soon", read) == "\"soon\" is not a duration (500ms, 0.5s, 2min, 3h, 90d or seconds; 10ms … 1d)");
  const auto optional = [](IniSection& s) { return s.optional_duration("key", 0s, 90s); };
  CHECK_FALSE(value_with("", optional));
  CHECK(mistake_with("91", optional) == "\"91\" is out of range (0s … 90s)");
}

TEST_CASE("sizes") {
  CHECK(parse_size("64KiB") == 65536);
  CHECK(parse_size("512MiB") == std::int64_t{512} << 20);
  CHECK(parse_size("50GiB") == std::int64_t{50} << 30);
  CHECK(parse_size("1.5KiB") == 1536);
  CHECK(parse_size("1000") == 1000);
  CHECK(parse_size("0") == 0);
  for (const char* text : {"", "KiB", "64 KiB", "64kb", "64K", "-1", "99999999999TiB", "1e5"}) {
    CHECK_MESSAGE(!parse_size(text), text);
  }
  const auto read = [](IniSection& s) { return s.size("key", 4096, 4096, std::int64_t{1} << 40); };
  CHECK(value_with("1MiB", read) == 1 << 20);
  CHECK(mistake_with("1KiB", read) == "\"1KiB\" is out of range (4KiB … 1TiB)");
  CHECK(mistake_with("big", read) == "\"big\" is not a size (64KiB, 512MiB, 50GiB or bytes; 4KiB … 1TiB)");
}

TEST_CASE("choices come back as they are written in the contract") {
  const auto read = [](IniSection& s) { return s.choice("key", "tcp", {"tcp", "rtu", "rtu_over_tcp"}); };
  CHECK(value_with("RTU", read) == "rtu");
  CHECK(value_with("", read) == "tcp");
  CHECK(mistake_with("serial", read) == "\"serial\" is not known (tcp, rtu, rtu_over_tcp)");
  CHECK(mistake_with("rtu_overtcp", read) ==
        "\"rtu_overtcp\" is not known (tcp, rtu, rtu_over_tcp; did you mean rtu_over_tcp?)");
}

TEST_CASE("lists") {
  const auto read = [](IniSection& s) { return s.list("key"); };
  CHECK(value_with("127.0.0.1, ::1", read) == std::vector<std::string>{"127.0.0.1", "::1"});
  CHECK(value_with(" , a ,,b, ", read) == std::vector<std::string>{"a", "b"});
  CHECK(value_with("", read).empty());
}

TEST_CASE("a long value is not echoed whole") {
  const auto read = [](IniSection& s) { return s.integer("key", 1, 1, 2); };
  CHECK(mistake_with(std::string(3000, '9') + "x", read) ==
        "\"" + std::string(60, '9') + "…\" is not a whole number (1 … 2)");
}

TEST_CASE("did you mean: only slips of the finger") {
  const std::vector<std::string> keys = {"host", "port", "poll_interval", "unit"};
  CHECK(did_you_mean("hots", keys) == "host");
  CHECK(did_you_mean("Port", keys) == "port");
  CHECK(did_you_mean("poll_intervall", keys) == "poll_interval");
  CHECK(did_you_mean("pollinterval", keys) == "poll_interval");
  CHECK_FALSE(did_you_mean("temperature", keys));
  CHECK_FALSE(did_you_mean("x", keys));
  CHECK_FALSE(did_you_mean("", keys));
  CHECK_FALSE(did_you_mean(std::string(5000, 'h'), keys));
}
