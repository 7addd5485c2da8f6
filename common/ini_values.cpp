#include "common/ini.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace webmacs {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

// A decimal number that is not negative and one of the units, nothing between or after them, as a count of the
// smallest part.
template <typename Units>
std::optional<std::int64_t> parse_with_unit(std::string_view text, const Units& units) {
  constexpr double beyond = 9.2e18;  // just inside std::int64_t
  if (text.empty() || !((text.front() >= '0' && text.front() <= '9') || text.front() == '.')) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (text != unit.name) continue;
    const double count = number * unit.factor;
    if (count > beyond) return std::nullopt;
    return std::llround(count);
  }
  return std::nullopt;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
  static constexpr Unit units[] = {{"", 1e6}, {"ms", 1e3}, {"s", 1e6}, {"min", 60e6}, {"h", 3600e6}, {"d", 86'400e6}};
  const auto count = parse_with_unit(text, units);
  if (!count) return std::nullopt;
  return std::chrono::microseconds(*count);
}

std::optional<std::chrono::microseconds> parse_duration_with_unit(std::string_view text) {
  const bool has_unit = !text.empty() && text.back() >= 'a' && text.back() <= 'z';
  return has_unit ? parse_duration(text) : std::nullopt;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  static constexpr Unit units[] = {{"", 1},         {"B", 1},       {"KiB", 1024.0}, {"MiB", 1048576.0},
                                   {"GiB", 0x1p30}, {"TiB", 0x1p40}};
  return parse_with_unit(text, units);
}

std::optional<std::string> did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t longest_compared = 120;
  if (word.empty() || word.size() > longest_compared) return std::nullopt;
  const std::size_t near_enough = word.size() <= 3 ? 1 : word.size() <= 6 ? 2 : 3;
  const std::string lower_word = lower(word);
  std::optional<std::string> best;
  std::size_t best_distance = near_enough + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t longer = std::max(candidate.size(), word.size());
    const std::size_t shorter = std::min(candidate.size(), word.size());
    if (longer - shorter >= best_distance) continue;
    const std::size_t distance = edit_distance(lower_word, lower(candidate));
    if (distance >= best_distance || distance >= candidate.size()) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace webmacs
