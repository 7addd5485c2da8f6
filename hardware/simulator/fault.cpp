#include "hardware/simulator/fault.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace webmacs {
namespace {

struct Named {
  std::string_view name;
  Fault fault;
};
constexpr Named named[] = {{"late", Fault::late},
                           {"drop", Fault::drop},
                           {"truncate", Fault::truncate},
                           {"extra", Fault::extra},
                           {"wrong_transaction", Fault::wrong_transaction},
                           {"wrong_unit", Fault::wrong_unit},
                           {"wrong_function", Fault::wrong_function},
                           {"exception2", Fault::exception2},
                           {"busy", Fault::busy},
                           {"disconnect", Fault::disconnect},
                           {"dribble", Fault::dribble},
                           {"holes", Fault::holes}};

}  // namespace

std::string fault_names() {
  std::string names;
  for (const Named& each : named) {
    if (!names.empty()) names += ", ";
    names += each.name;
  }
  return names;
}

std::optional<FaultChance> parse_fault(std::string_view text, std::string& mistake) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::string_view number = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  for (const Named& each : named) {
    if (each.name != name) continue;
    double probability = -1;
    const char* end = number.data() + number.size();
    const auto [parsed, error] = std::from_chars(number.data(), end, probability);
    if (error == std::errc() && parsed == end && probability >= 0 && probability <= 1) {
      return FaultChance{each.fault, probability};
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
                                [&](const FaultChance& known) { return known.fault == chance.fault; }),
                 chances_.end());
  if (chance.probability > 0) chances_.push_back(chance);
}

void FaultDice::clear() {
  chances_.clear();
  holes_ = 0;
}

std::optional<Fault> FaultDice::roll() {
  for (const FaultChance& chance : chances_) {
    if (std::uniform_real_distribution<double>(0, 1)(random_) < chance.probability) return chance.fault;
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
