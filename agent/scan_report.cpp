#include "agent/scan.h"
#include "agent/table.h"
#include "common/program.h"
#include "common/progress_line.h"
#include "common/signals.h"
#include "hardware/register_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <span>

namespace webmacs {

namespace {

constexpr std::array<ByteOrder, 4> orders = {ByteOrder::abcd, ByteOrder::cdab, ByteOrder::badc, ByteOrder::dcba};
constexpr std::size_t most_guesses = 60;  // printed of a unit
constexpr std::size_t most_units = 8;     // mapped when the device answers to every unit

std::optional<double> plausible_float(std::span<const std::uint16_t, 2> words, ByteOrder order) {
  Register where;
  where.type = ValueType::float32;
  where.order = order;
  const auto value = decode_value(where, words.data());
  if (!value || std::fabs(*value) < 1e-4 || std::fabs(*value) > 1e7) return std::nullopt;
  return value;
}

bool is_words(RegisterKind kind) {
  return kind == RegisterKind::holding || kind == RegisterKind::input;
}

// "1-4, 17"
std::string join_units(const std::vector<int>& units) {
  std::vector<std::string> ranges;
  for (std::size_t i = 0; i < units.size();) {
    std::size_t last = i;
    while (last + 1 < units.size() && units[last + 1] == units[last] + 1) ++last;
    ranges.push_back(last > i ? fmt::format("{}-{}", units[i], units[last]) : std::to_string(units[i]));
    i = last + 1;
  }
  return fmt::format("{}", fmt::join(ranges, ", "));
}

void print_ranges(const ScannedUnit& found) {
  std::vector<Row> rows = {{"  kind", "addresses", "count", "first values"}};
  for (const RegisterRange& range : found.ranges) {
    const auto shown = range.words.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(range.words.size(), 6));
    std::string values = is_words(range.kind) ? fmt::format("{:04x}", fmt::join(range.words.begin(), shown, " "))
                                              : fmt::format("{:x}", fmt::join(range.words.begin(), shown, " "));
    if (shown != range.words.end()) values += " …";
    rows.push_back({fmt::format("  {}", to_text(range.kind)), fmt::format("{}-{}", range.first, range.end() - 1),
                    std::to_string(range.words.size()), values});
  }
  print_table(std::cout, rows);
}

void print_floats(const ScannedUnit& found) {
  std::vector<Row> rows;
  std::size_t left_out = 0;
  std::array<int, 4> votes{};
  for (const RegisterRange& range : found.ranges) {
    for (const FloatGuess& guess : guess_floats(range)) {
      Row row = {fmt::format("  {}:{}", to_text(range.kind), guess.address)};
      const std::size_t at = static_cast<std::size_t>(guess.address - range.first);
      row.push_back(fmt::format("{:04x} {:04x}", range.words[at], range.words[at + 1]));
      for (std::size_t order = 0; order < orders.size(); ++order) {
        votes[order] += guess.values[order] ? 1 : 0;
        row.push_back(guess.values[order] ? fmt::format("{:.6g}", *guess.values[order]) : "-");
      }
      if (rows.size() < most_guesses) {
        rows.push_back(std::move(row));
      } else {
        ++left_out;
      }
    }
  }
  if (rows.empty()) return;
  std::cout << "\n  as float32, where that gives a plausible value (0.0001 to 10000000):\n";
  rows.insert(rows.begin(), {"  register", "raw", "ABCD", "CDAB", "BADC", "DCBA"});
  print_table(std::cout, rows);
  if (left_out > 0) std::cout << fmt::format("  … and {} more pairs\n", left_out);
  const int most = std::ranges::max(votes);
  std::vector<std::string_view> likely;
  for (std::size_t order = 0; order < orders.size(); ++order) {
    if (votes[order] == most) likely.push_back(to_text(orders[order]));
  }
  std::cout << fmt::format("  most often plausible: order = {} ({} of {} pairs); compare with the device's display\n",
                           fmt::join(likely, " or "), most, rows.size() - 1 + left_out);
}

void print_unit(const ScannedUnit& found) {
  std::cout << fmt::format(
      "\nunit {}: {}\n", found.unit,
      found.ranges.empty() ? "answers, but no register that was asked for can be read" : "these registers can be read");
  if (!found.ranges.empty()) print_ranges(found);
  for (const std::string& note : found.notes) std::cout << "  " << note << '\n';
  print_floats(found);
  std::cout << std::flush;
}

void print_nobody(const ScanTarget& target) {
  std::cout << fmt::format("no unit from {} to {} answered on {}\n", target.first_unit, target.last_unit,
                           target.device.line());
  if (target.device.transport == Transport::tcp) {
    std::cout << "The connection stands, so something listens there: is it Modbus TCP, and does the gateway's own line "
                 "work?\nA slow gateway may need a longer --timeout.\n";
  } else {
    std::cout << fmt::format(
        "Looked with {} baud, 8{}{}: compare with the device's settings. Are A and B swapped, is the line terminated, "
        "does the device have power?\n",
        target.device.baud, "NEO"[static_cast<int>(target.device.parity)], target.device.stop_bits);
  }
}

}  // namespace

std::vector<FloatGuess> guess_floats(const RegisterRange& range) {
  std::array<std::vector<FloatGuess>, 2> guesses;  // pairs from the first register on, from the second on
  if (!is_words(range.kind)) return {};
  for (std::size_t at = 0; at + 1 < range.words.size(); ++at) {
    const auto pair = std::span(range.words).subspan(at).first<2>();
    FloatGuess guess;
    guess.address = range.first + static_cast<int>(at);
    bool any = false;
    for (std::size_t order = 0; order < orders.size(); ++order) {
      guess.values[order] = plausible_float(pair, orders[order]);
      any = any || guess.values[order].has_value();
    }
    if (any) guesses[at % 2].push_back(guess);
  }
  return guesses[1].size() > guesses[0].size() ? guesses[1] : guesses[0];
}

int scan_line(const ScanTarget& target) {
  ProgressLine progress;
  bool stopped = false;
  ScanWatch watch;
  watch.progress = [&](const std::string& line) { progress.show(line); };
  watch.stopped = [&stopped] {
    stopped = stopped || stop_signal_within(std::chrono::microseconds(0));
    return stopped;
  };

  Scanner scanner(target, watch);
  std::vector<int> units = scanner.find_units();
  progress.clear();
  if (units.empty() && !stopped) {
    print_nobody(target);
    return exit_failure;
  }
  const auto asked = static_cast<std::size_t>(target.last_unit - target.first_unit) + 1;
  std::cout << fmt::format("{}: unit(s) {} answer\n", target.device.line(),
                           units.empty() ? "none yet" : join_units(units))
            << std::flush;
  if (units.size() == asked && units.size() > most_units) {
    std::cout << fmt::format(
        "Every unit answers: the device most likely does not look at it. Only unit {} is looked at "
        "closer; --units names others.\n",
        units.front());
    units.resize(1);
  }
  for (const int unit : units) {
    if (scanner.stopped()) break;
    const ScannedUnit found = scanner.map_unit(unit);
    progress.clear();
    print_unit(found);
  }
  std::cout << fmt::format(
      "\n{}addresses as they go over the wire, counted from 0; all below {}, round ones and their "
      "neighbours above\n",
      stopped ? "interrupted: not everything was looked at; " : "", Scanner::dense_end);
  return exit_ok;
}

}  // namespace webmacs
