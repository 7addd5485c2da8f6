#include "hardware/simulator/quirks.h"

#include "common/ini.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>

namespace webmacs {
namespace {

std::optional<int> parse_count(std::string_view text, int least, int most) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || parsed != end || error != std::errc() || number < least || number > most) return std::nullopt;
  return number;
}

// "holding:100" or "holding:100-101".
std::optional<SilentRange> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_register(text.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return SilentRange{first->kind, first->address, first->address};
  const auto last = parse_count(text.substr(dash + 1), first->address, 65535);
  if (!last) return std::nullopt;
  return SilentRange{first->kind, first->address, *last};
}

bool set(std::chrono::microseconds& to, std::string_view text) {
  const auto duration = parse_duration(text);
  if (duration) to = *duration;
  return duration.has_value();
}

bool set(int& to, std::string_view text, int least, int most) {
  const auto count = parse_count(text, least, most);
  if (count) to = *count;
  return count.has_value();
}

bool set_silent(UnitQuirks& unit, std::string_view text) {
  if (text == "none") {
    unit.silent.clear();
    return true;
  }
  const auto range = parse_range(text);
  if (range) unit.silent.push_back(*range);
  return range.has_value();
}

// "silence" is 0.
bool set_exception(int& to, std::string_view text) {
  constexpr std::string_view prefix = "exception";
  if (text == "silence") to = 0;
  if (text == "silence") return true;
  return text.substr(0, prefix.size()) == prefix && set(to, text.substr(prefix.size()), 1, 255);
}

bool set_refusal(UnitQuirks& unit, std::string_view text) {
  int exception = 0;
  if (!set_exception(exception, text)) return false;
  unit.refusal = exception;
  return true;
}

bool set_answers_as(UnitQuirks& unit, std::string_view text) {
  int number = 0;
  if (!set(number, text, 0, 255)) return false;
  unit.answers_as = number;
  return true;
}

bool set_flag(bool& to, std::string_view text) {
  if (text != "yes" && text != "no") return false;
  to = text == "yes";
  return true;
}

struct Key {
  std::string_view name;
  std::string_view example;
  std::string_view meaning;
  bool (*set)(UnitQuirks& unit, LineQuirks& line, std::string_view value);
};

constexpr Key keys[] = {
    {"silent", "holding:100-101", "a read that touches these gets no answer; none takes all back",
     [](UnitQuirks& unit, LineQuirks&, std::string_view value) { return set_silent(unit, value); }},
    {"refusal", "silence", "how it refuses what it does not serve: silence, exception1, exception4, ...",
     [](UnitQuirks& unit, LineQuirks&, std::string_view value) { return set_refusal(unit, value); }},
    {"longest", "16", "longer reads are refused",
     [](UnitQuirks& unit, LineQuirks&, std::string_view value) { return set(unit.longest, value, 1, 2000); }},
    {"shortens", "10", "answers at most so many, as a success",
     [](UnitQuirks& unit, LineQuirks&, std::string_view value) { return set(unit.shortens, value, 1, 2000); }},
    {"answers_as", "255", "the unit in its replies",
     [](UnitQuirks& unit, LineQuirks&, std::string_view value) { return set_answers_as(unit, value); }},
    {"sleeps", "5s", "after so long without a request the next one only wakes it; 0: never",
     [](UnitQuirks& unit, LineQuirks&, std::string_view value) { return set(unit.sleeps, value); }},
    {"reply_time", "30ms", "how long each reply takes",
     [](UnitQuirks& unit, LineQuirks&, std::string_view value) { return set(unit.reply_time, value); }},
    {"warmup", "500ms", "requests so soon after the connection are ignored",
     [](UnitQuirks&, LineQuirks& line, std::string_view value) { return set(line.warmup, value); }},
    {"sockets", "1", "connections at once; 0: any number",
     [](UnitQuirks&, LineQuirks& line, std::string_view value) { return set(line.sockets, value, 0, 1000); }},
    {"frees", "30s", "so long after its end a connection's socket can be used again",
     [](UnitQuirks&, LineQuirks& line, std::string_view value) { return set(line.frees, value); }},
    {"gateway_wait", "3s", "for a unit that is off or not there; nobody else is served meanwhile",
     [](UnitQuirks&, LineQuirks& line, std::string_view value) { return set(line.gateway_wait, value); }},
    {"gateway_says", "exception11", "after it; silence: nothing",
     [](UnitQuirks&, LineQuirks& line, std::string_view value) { return set_exception(line.gateway_says, value); }},
    {"echo", "yes", "each request comes back before its reply",
     [](UnitQuirks&, LineQuirks& line, std::string_view value) { return set_flag(line.echo, value); }},
    {"leading", "1", "zero bytes before each RTU reply",
     [](UnitQuirks&, LineQuirks& line, std::string_view value) { return set(line.leading, value, 0, 100); }},
    {"trailing", "1", "zero bytes behind each RTU reply",
     [](UnitQuirks&, LineQuirks& line, std::string_view value) { return set(line.trailing, value, 0, 100); }}};

}  // namespace

bool set_quirk(std::string_view text, UnitQuirks& unit, LineQuirks& line, std::string& mistake) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? "" : text.substr(equals + 1);
  for (const Key& key : keys) {
    if (key.name != name) continue;
    if (key.set(unit, line, value)) return true;
    mistake = fmt::format("\"{}\" does not fit {} (e.g. {}={})", value, name, name, key.example);
    return false;
  }
  std::string names;
  for (const Key& key : keys) names += fmt::format("{}{}", names.empty() ? "" : ", ", key.name);
  mistake = fmt::format("unknown option \"{}\" ({})", name, names);
  return false;
}

std::string quirk_help() {
  std::string help;
  for (const Key& key : keys) help += fmt::format("\n{}={}: {}", key.name, key.example, key.meaning);
  return help;
}

}  // namespace webmacs
