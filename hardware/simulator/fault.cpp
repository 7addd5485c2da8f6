#include "hardware/simulator/fault.h"

#include <spdlog/fmt/fmt.h>

#include <charconv>

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
                           {"dribble", Fault::dribble}};

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

std::optional<Fault> FaultDice::roll() {
  for (const FaultChance& chance : chances_) {
    if (std::uniform_real_distribution<double>(0, 1)(random_) < chance.probability) return chance.fault;
  }
  return std::nullopt;
}

}  // namespace webmacs
