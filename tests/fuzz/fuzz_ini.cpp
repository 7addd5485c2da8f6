// Whatever stands in a configuration file: each mistake is one readable line with its place, every getter keeps its
// bounds, and nothing is found twice or not at all.

#include "common/ini.h"
#include "common/utf8.h"
#include "property.h"

#include <algorithm>
#include <cmath>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

void ask(IniSection& section) {
  const double number = section.number("number", 1, 0, 10);
  WEBMACS_PROPERTY(number >= 0 && number <= 10);
  const auto integer = section.integer("integer", 1, -5, 5);
  WEBMACS_PROPERTY(integer >= -5 && integer <= 5);
  const auto duration = section.duration("duration", 1s, 1ms, 24h);
  WEBMACS_PROPERTY(duration >= 1ms && duration <= 24h);
  const auto size = section.size("size", 1, 1, 1 << 30);
  WEBMACS_PROPERTY(size >= 1 && size <= 1 << 30);
  const std::string choice = section.choice("choice", "tcp", {"tcp", "rtu"});
  WEBMACS_PROPERTY(choice == "tcp" || choice == "rtu");
  section.boolean("boolean", true);
  for (const std::string& item : section.list("list")) WEBMACS_PROPERTY(!item.empty() && valid_utf8(item));
  WEBMACS_PROPERTY(section.has("text") == !section.text("text").empty());
}

void check_mistake(const std::string& mistake, std::size_t lines) {
  constexpr std::string_view file = "f.ini:";
  WEBMACS_PROPERTY(mistake.compare(0, file.size(), file) == 0);
  const int line = std::atoi(mistake.c_str() + file.size());
  WEBMACS_PROPERTY(line >= 1 && static_cast<std::size_t>(line) <= std::max<std::size_t>(lines, 1));
  WEBMACS_PROPERTY(mistake.find(": ", file.size()) != std::string::npos);
  WEBMACS_PROPERTY(valid_utf8(mistake));
  WEBMACS_PROPERTY(std::none_of(mistake.begin(), mistake.end(), [](unsigned char c) { return c < 0x20 && c != '\t'; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto ini = Ini::parse(text, "f.ini");
  ask(ini->section("agent"));
  for (IniSection* device : ini->sections("device")) {
    WEBMACS_PROPERTY(device->present());
    ask(*device);
  }
  try {
    ini->finish();
  } catch (const ConfigurationError& error) {
    WEBMACS_PROPERTY(!error.mistakes().empty());
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    for (const std::string& mistake : error.mistakes()) check_mistake(mistake, lines);
  }
  if (const auto duration = parse_duration(text)) WEBMACS_PROPERTY(duration->count() >= 0);
  if (const auto bytes = parse_size(text)) WEBMACS_PROPERTY(*bytes >= 0);
  return 0;
}
