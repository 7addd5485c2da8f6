#include "common/ini.h"

#include "unit/temporary_folder.h"

#include <doctest/doctest.h>

#include <fstream>

using namespace webmacs;
using Mistakes = std::vector<std::string>;

namespace {

Mistakes finish(Ini& ini) {
  try {
    ini.finish();
  } catch (const ConfigurationError& error) {
    return error.mistakes();
  }
  return {};
}

// The mistakes of a text whose section [a] may hold `key` and `other`, and which may have [device:NAME].
Mistakes mistakes_of(std::string_view text) {
  const auto ini = Ini::parse(text, "rig.ini");
  IniSection& a = ini->section("a");
  a.text("key");
  a.text("other");
  for (IniSection* device : ini->sections("device")) device->text("host");
  return finish(*ini);
}

std::string value_of(std::string_view text) {
  const auto ini = Ini::parse(text, "rig.ini");
  const std::string value = ini->section("a").text("key", "fallback");
  CHECK(finish(*ini) == Mistakes{});
  return value;
}

}  // namespace

TEST_CASE("values are trimmed, and comments left out") {
  CHECK(value_of("[a]\nkey = value\n") == "value");
  CHECK(value_of("  [a] ; section\n\n# whole line\n ; another\n\tkey=a b  ; comment\n") == "a b");
  CHECK(value_of("[a]\nkey = a;b#c # comment") == "a;b#c");
  CHECK(value_of("[a]\nkey = x=y=z") == "x=y=z");
  CHECK(value_of("[a]\nkey = \"a ; b # c \"  ; comment") == "a ; b # c ");
  CHECK(value_of("[a]\nkey = 5\" pipe ; inch") == "5\" pipe");
  CHECK(value_of("[a]\nkey = °C") == "°C");
}

TEST_CASE("an empty value counts as not given") {
  for (const char* text : {"[a]\nkey =", "[a]\nkey = ; comment", "[a]\nkey = \"\"", "[a]", ""}) {
    CHECK_MESSAGE(value_of(text) == "fallback", text);
  }
  const auto ini = Ini::parse("[a]\nkey =\n", "f");
  CHECK_FALSE(ini->section("a").has("key"));
  CHECK(ini->section("a").line_of("key") == 2);
}

TEST_CASE("a byte order mark and Windows line ends are fine") {
  CHECK(value_of("\xEF\xBB\xBF[a]\r\nkey = value\r\n") == "value");
}

TEST_CASE("every mistake of a file is found at once, in the order of its lines") {
  CHECK(mistakes_of("stray = 1\n"
                    "[a]\n"
                    "kye = 1\n"
                    "key = 1\n"
                    "just words\n"
                    "key = 2\n"
                    "= 3\n"
                    "[devcie:plc]\n"
                    "anything = goes\n"
                    "[a]\n"
                    "other = \"open\n"
                    "[device:x]\n"
                    "host = 1\n"
                    "nothing_like_it = 1\n"
                    "[zzz]\n"
                    "[device:]\n"
                    "[]\n") == Mistakes{"rig.ini:1: stray: stands before the first section ([section] comes first)",
                                        "rig.ini:3: [a] kye: unknown key (did you mean key?)",
                                        "rig.ini:5: [a]: cannot be understood ([section], key = value, or a comment)",
                                        "rig.ini:6: [a] key: duplicate key (first in line 4)",
                                        "rig.ini:7: [a]: cannot be understood ([section], key = value, or a comment)",
                                        "rig.ini:8: [devcie:plc]: unknown section (did you mean [device:plc]?)",
                                        "rig.ini:10: [a]: duplicate section (first in line 2)",
                                        "rig.ini:11: [a] other: the closing quote is missing",
                                        "rig.ini:14: [device:x] nothing_like_it: unknown key (allowed: host)",
                                        "rig.ini:15: [zzz]: unknown section (allowed: [a], [device:NAME])",
                                        "rig.ini:16: [device:]: a name is missing after the colon ([device:NAME])",
                                        "rig.ini:17: a section without a name ([section])"});
}

TEST_CASE("names are case-sensitive, and the near one is offered") {
  CHECK(mistakes_of("[a]\nKEY = 1\n") == Mistakes{"rig.ini:2: [a] KEY: unknown key (did you mean key?)"});
  CHECK(mistakes_of("[A]\n") == Mistakes{"rig.ini:1: [A]: unknown section (did you mean [a]?)"});
}

TEST_CASE("damaged lines") {
  CHECK(mistakes_of("[a\nkey = 1\nky = 2") == Mistakes{"rig.ini:1: [a]: the closing bracket is missing ([section])",
                                                       "rig.ini:3: [a] ky: unknown key (did you mean key?)"});
  CHECK(mistakes_of("[a] x") == Mistakes{"rig.ini:1: [a]: text after the section's name (only a comment may follow)"});
  CHECK(mistakes_of("[a]\nkey = \"x\" y") ==
        Mistakes{"rig.ini:2: [a] key: text after the closing quote (only a comment may follow)"});
  CHECK(mistakes_of("[a]\nkey = D\xFCse") ==
        Mistakes{"rig.ini:2: [a]: not valid UTF-8: byte 0xfc (save the file as UTF-8)"});
  CHECK(mistakes_of(std::string_view("[a]\nkey = a\0b", 13)) ==
        Mistakes{"rig.ini:2: [a]: control character 0x00 (only text is allowed)"});
  CHECK(mistakes_of("[a]\nkey = a\rb") == Mistakes{"rig.ini:2: [a]: control character 0x0d (only text is allowed)"});
  CHECK(mistakes_of("[a]\nkey = " + std::string(4091, 'x')) ==
        Mistakes{"rig.ini:2: [a]: the line is too long: 4097 bytes (at most 4096)"});
  CHECK(mistakes_of("[a]\nkey = " + std::string(4090, 'x')).empty());
}

TEST_CASE("what is missing is reported where it belongs") {
  const auto ini = Ini::parse("\n[a]\nkey =\n", "rig.ini");
  ini->section("a").required_text("key");
  ini->section("a").required_text("url");
  ini->section("hub").required_text("url");
  CHECK(finish(*ini) == Mistakes{"rig.ini:1: [hub] url: missing (required)", "rig.ini:2: [a] url: missing (required)",
                                 "rig.ini:3: [a] key: missing (required)"});
}

TEST_CASE("sections of one kind keep the file's order") {
  const auto ini = Ini::parse("[device:b]\n[other]\n[device:a:1]\nhost=x\n", "f");
  const auto devices = ini->sections("device");
  REQUIRE(devices.size() == 2);
  CHECK(devices[0]->label() == "b");
  CHECK(devices[1]->label() == "a:1");
  CHECK(devices[1]->line() == 3);
  CHECK(devices[1]->text("host") == "x");
  CHECK_FALSE(ini->section("absent").present());
}

TEST_CASE("a file that cannot be read says why") {
  const TemporaryFolder folder;
  const std::string path = folder.file("rig.ini");
  const auto message = [](const std::string& file) -> std::string {
    try {
      Ini::load(file);
    } catch (const ConfigurationError& error) {
      return error.what();
    }
    return "loaded";
  };
  CHECK(message(path) == path + ": cannot be read: No such file or directory");
  CHECK(message("/") == "/: cannot be read: Is a directory");
  std::ofstream(path) << "[a]\nkey = from file\n";
  CHECK(Ini::load(path)->section("a").text("key") == "from file");
  CHECK(Ini::load(path)->file() == path);
}
