#include "common/reading.h"

#include <algorithm>
#include <cmath>

namespace webmacs {

bool valid_event_public_id(std::string_view id) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == ':' || c == '-';
  };
  return !id.empty() && id.size() <= 100 && std::ranges::all_of(id, allowed);
}

std::optional<double> measured_value(double raw) {
  if (!std::isfinite(raw)) return std::nullopt;
  return raw == 0 ? 0.0 : raw;
}

}  // namespace webmacs
