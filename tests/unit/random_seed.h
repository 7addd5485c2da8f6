#pragma once
// The seed of a test that draws by chance: printed, and taken from WEBMACS_SEED where that is set, so that a failure
// can be had again.

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>
#include <string>

namespace webmacs::testing {

// Returns WEBMACS_SEED; without it `usual`, and without that another one at each call.
inline std::uint32_t random_seed(std::optional<std::uint32_t> usual = std::nullopt) {
  const char* given = std::getenv("WEBMACS_SEED");
  const std::uint32_t seed = given != nullptr ? static_cast<std::uint32_t>(std::stoul(given))
                             : usual          ? *usual
                                              : std::random_device{}();
  std::cerr << "WEBMACS_SEED=" << seed << '\n';
  return seed;
}

}  // namespace webmacs::testing
