#include "common/ini.h"
#include "common/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace webmacs {
namespace {

bool equal_without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string shown(std::string_view value) {
  constexpr std::size_t longest_shown = 60;
  const std::string_view start = utf8_prefix(value, longest_shown);
  return fmt::format("\"{}{}\"", start, start.size() < value.size() ? "…" : "");
}

// "0.01 … 86400", "at least 0", "at most 5" or `any`, where a bound is out of any user's reach.
template <typename T, typename Format>
std::string range(T least, T most, T lowest, T highest, const char* any, Format format) {
  if (least <= lowest && most >= highest) return any;
  if (most >= highest) return fmt::format("at least {}", format(least));
  if (least <= lowest) return fmt::format("at most {}", format(most));
  return fmt::format("{} … {}", format(least), format(most));
}

std::string number_range(double least, double most) {
  constexpr double highest = std::numeric_limits<double>::max();
  return range(least, most, -highest, highest, "a number such as 0.5", [](double x) { return fmt::format("{}", x); });
}

std::string duration_text(std::chrono::microseconds duration) {
  struct Unit {
    std::int64_t microseconds;
    const char* name;
  };
  for (const Unit unit : {Unit{86'400'000'000, "d"}, {3'600'000'000, "h"}, {60'000'000, "min"}, {1'000'000, "s"}}) {
    if (duration.count() != 0 && duration.count() % unit.microseconds == 0) {
      return fmt::format("{}{}", duration.count() / unit.microseconds, unit.name);
    }
  }
  if (duration.count() % 1000 == 0 && duration.count() != 0) return fmt::format("{}ms", duration.count() / 1000);
  return fmt::format("{}s", static_cast<double>(duration.count()) / 1e6);
}

std::string size_text(std::int64_t size) {
  struct Unit {
    int shift;
    const char* name;
  };
  for (const Unit unit : {Unit{40, "TiB"}, {30, "GiB"}, {20, "MiB"}, {10, "KiB"}}) {
    if (size != 0 && size % (std::int64_t{1} << unit.shift) == 0) {
      return fmt::format("{}{}", size >> unit.shift, unit.name);
    }
  }
  return fmt::format("{}", size);
}

}  // namespace

std::string_view IniSection::label() const {
  const std::size_t colon = name_.find(':');
  return colon == std::string::npos ? std::string_view() : std::string_view(name_).substr(colon + 1);
}

const IniSection::Entry* IniSection::find(std::string_view key) const {
  const auto found = std::ranges::find(entries_, key, &Entry::key);
  return found == entries_.end() ? nullptr : &*found;
}

IniSection::Entry* IniSection::find(std::string_view key) {
  return const_cast<Entry*>(std::as_const(*this).find(key));
}

bool IniSection::has(std::string_view key) const {
  const Entry* entry = find(key);
  return entry != nullptr && !entry->value.empty();
}

int IniSection::line_of(std::string_view key) const {
  const Entry* entry = find(key);
  return entry != nullptr ? entry->line : line_;
}

void IniSection::mistake(std::string_view key, const std::string& what) {
  file_->mistake(line_of(key), name_, key, what);
}

std::string_view IniSection::ask(std::string_view key) {
  if (std::ranges::find(asked_, key) == asked_.end()) asked_.emplace_back(key);
  Entry* entry = find(key);
  if (entry == nullptr) return {};
  entry->known = true;
  return entry->value;
}

std::string IniSection::text(std::string_view key, std::string_view fallback) {
  const std::string_view value = ask(key);
  return std::string(value.empty() ? fallback : value);
}

std::string IniSection::required_text(std::string_view key) {
  std::string value = text(key);
  if (value.empty()) mistake(key, "missing (required)");
  return value;
}

std::optional<double> IniSection::optional_number(std::string_view key, double least, double most) {
  const std::string_view value = ask(key);
  if (value.empty()) return std::nullopt;
  const std::string allowed = number_range(least, most);
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  // from_chars reads "inf" and "nan" too.
  const char first = value.front() == '-' && value.size() > 1 ? value[1] : value.front();
  const bool digits = (first >= '0' && first <= '9') || first == '.';
  if (!digits || end != value.data() + value.size() || error == std::errc::invalid_argument) {
    mistake(key, fmt::format("{} is not a number ({})", shown(value), allowed));
    return std::nullopt;
  }
  if (error != std::errc() || number < least || number > most) {
    mistake(key, fmt::format("{} is out of range ({})", shown(value), allowed));
    return std::nullopt;
  }
  return number;
}

double IniSection::number(std::string_view key, double fallback, double least, double most) {
  return optional_number(key, least, most).value_or(fallback);
}

std::int64_t IniSection::integer(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most) {
  const std::string_view value = ask(key);
  if (value.empty()) return fallback;
  using Limits = std::numeric_limits<std::int64_t>;
  const std::string allowed = range(least, most, Limits::min(), Limits::max(), "a whole number",
                                    [](std::int64_t x) { return fmt::format("{}", x); });
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (end != value.data() + value.size() || error == std::errc::invalid_argument) {
    mistake(key, fmt::format("{} is not a whole number ({})", shown(value), allowed));
    return fallback;
  }
  if (error != std::errc() || number < least || number > most) {
    mistake(key, fmt::format("{} is out of range ({})", shown(value), allowed));
    return fallback;
  }
  return number;
}

bool IniSection::boolean(std::string_view key, bool fallback) {
  const std::string_view value = ask(key);
  if (value.empty()) return fallback;
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (equal_without_case(value, yes)) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (equal_without_case(value, no)) return false;
  }
  mistake(key, fmt::format("{} is neither true nor false (true, false)", shown(value)));
  return fallback;
}

std::optional<std::chrono::microseconds> IniSection::optional_duration(std::string_view key,
                                                                       std::chrono::microseconds least,
                                                                       std::chrono::microseconds most) {
  const std::string_view value = ask(key);
  if (value.empty()) return std::nullopt;
  const auto duration = parse_duration(value);
  const std::string allowed =
      range(least, most, std::chrono::microseconds::min(), std::chrono::microseconds::max(), "any", duration_text);
  if (!duration) {
    mistake(key,
            fmt::format("{} is not a duration (500ms, 0.5s, 2min, 3h, 90d or seconds; {})", shown(value), allowed));
    return std::nullopt;
  }
  if (*duration < least || *duration > most) {
    mistake(key, fmt::format("{} is out of range ({})", shown(value), allowed));
    return std::nullopt;
  }
  return duration;
}

std::chrono::microseconds IniSection::duration(std::string_view key, std::chrono::microseconds fallback,
                                               std::chrono::microseconds least, std::chrono::microseconds most) {
  return optional_duration(key, least, most).value_or(fallback);
}

std::int64_t IniSection::size(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most) {
  const std::string_view value = ask(key);
  if (value.empty()) return fallback;
  using Limits = std::numeric_limits<std::int64_t>;
  const std::string allowed = range(least, most, Limits::min(), Limits::max(), "any", size_text);
  const auto size = parse_size(value);
  if (!size) {
    mistake(key, fmt::format("{} is not a size (64KiB, 512MiB, 50GiB or bytes; {})", shown(value), allowed));
    return fallback;
  }
  if (*size < least || *size > most) {
    mistake(key, fmt::format("{} is out of range ({})", shown(value), allowed));
    return fallback;
  }
  return *size;
}

std::string IniSection::choice(std::string_view key, std::string_view fallback,
                               const std::vector<std::string_view>& allowed) {
  const std::string_view value = ask(key);
  if (value.empty()) return std::string(fallback);
  for (const std::string_view word : allowed) {
    if (equal_without_case(value, word)) return std::string(word);
  }
  const auto near = did_you_mean(value, {allowed.begin(), allowed.end()});
  const std::string hint = near ? fmt::format("; did you mean {}?", *near) : "";
  mistake(key, fmt::format("{} is not known ({}{})", shown(value), fmt::join(allowed, ", "), hint));
  return std::string(fallback);
}

std::vector<std::string> IniSection::list(std::string_view key) {
  std::vector<std::string> items;
  std::string_view rest = ask(key);
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    std::string_view item = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
    item = item.substr(0, item.find_last_not_of(" \t") + 1);
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

}  // namespace webmacs
