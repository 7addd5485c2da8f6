#include "hardware/simulator/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

namespace webmacs {
namespace {

struct Named {
  std::string_view name;
  Fault fault;
  int exception = 0;
};
constexpr Named named[] = {{"late", Fault::late},
                           {"drop", Fault::drop},
                           {"truncate", Fault::truncate},
                           {"short", Fault::short_read},
                           {"extra", Fault::extra},
                           {"leading", Fault::leading},
                           {"trailing", Fault::trailing},
                           {"wrong_transaction", Fault::wrong_transaction},
                           {"wrong_unit", Fault::wrong_unit},
                           {"wrong_function", Fault::wrong_function},
                           {"wrong_checksum", Fault::wrong_checksum},
                           {"exception1", Fault::exception, 1},
                           {"exception2", Fault::exception, 2},
                           {"exception3", Fault::exception, 3},
                           {"exception4", Fault::exception, 4},
                           {"exception5", Fault::exception, 5},
                           {"busy", Fault::exception, 6},
                           {"exception10", Fault::exception, 10},
                           {"exception11", Fault::exception, 11},
                           {"disconnect", Fault::disconnect},
                           {"dribble", Fault::dribble},
                           {"holes", Fault::holes}};

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || parsed != end || error != std::errc() || !std::isfinite(number)) return std::nullopt;
  return number;
}

// "0.5-10" or "3", in timeouts.
bool read_lateness(std::string_view text, FaultChance& chance) {
  const std::size_t dash = text.find('-');
  const auto least = parse_number(text.substr(0, dash));
  const auto most = dash == std::string_view::npos ? least : parse_number(text.substr(dash + 1));
  if (!least || !most || *least < 0 || *most < *least || *most > 1000) return false;
  chance.least_late = *least;
  chance.most_late = *most;
  return true;
}

}  // namespace

std::string fault_names() {
  std::vector<std::string_view> names;
  for (const Named& each : named) names.push_back(each.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::optional<FaultChance> parse_fault(std::string_view text, std::string& mistake) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  std::string_view number = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  for (const Named& each : named) {
    if (each.name != name) continue;
    FaultChance chance{each.fault, 0, each.exception};
    const std::size_t second = number.find(':');
    if (second != std::string_view::npos) {
      if (each.fault != Fault::late || !read_lateness(number.substr(second + 1), chance)) {
        mistake = fmt::format("--fault {}: only late says how late, in timeouts (e.g. late:0.01:0.5-10)", text);
        return std::nullopt;
      }
      number = number.substr(0, second);
    }
    const auto probability = parse_number(number);
    if (probability && *probability >= 0 && *probability <= 1) {
      chance.probability = *probability;
      return chance;
    }
    mistake = fmt::format("--fault {}: \"{}\" is not a probability (0 to 1, e.g. {}:0.01)", text, number, name);
    return std::nullopt;
  }
  mistake = fmt::format("--fault {}: unknown kind \"{}\" (KIND:PROBABILITY; kinds: {})", text, name, fault_names());
  return std::nullopt;
}

void FaultDice::set(const FaultChance& chance) {
  if (chance.fault == Fault::holes) {
    holes_ = chance.probability;
    return;
  }
  chances_.erase(std::remove_if(chances_.begin(), chances_.end(),
                                [&](const FaultChance& known) {
                                  return known.fault == chance.fault && known.exception == chance.exception;
                                }),
                 chances_.end());
  if (chance.probability > 0) chances_.push_back(chance);
}

void FaultDice::clear() {
  chances_.clear();
  holes_ = 0;
}

std::optional<FaultDice::Thrown> FaultDice::roll() {
  std::uniform_real_distribution<double> from_0_to_1(0, 1);
  for (const FaultChance& chance : chances_) {
    if (from_0_to_1(random_) >= chance.probability) continue;
    const double late = chance.least_late + (chance.most_late - chance.least_late) * from_0_to_1(random_);
    return Thrown{chance.fault, chance.exception, late};
  }
  return std::nullopt;
}

bool FaultDice::hole_in(int unit, int kind, int first, int end) const {
  if (holes_ <= 0) return false;
  for (int address = first; address < end; ++address) {
    // Seeded by the register itself, and the first number that follows.
    const auto seed = static_cast<std::uint64_t>(unit) << 32 | static_cast<std::uint64_t>(kind) << 24 |
                      static_cast<std::uint64_t>(address);
    std::uint64_t mixed = (seed + 1) * 0x9E3779B97F4A7C15ULL;  // splitmix64
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    if (static_cast<double>((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53 < holes_) return true;
  }
  return false;
}

}  // namespace webmacs
