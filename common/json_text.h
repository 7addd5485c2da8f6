#pragma once
// JSON as it goes over the wire where speed does not matter; what is hot is encoded by messages.h. Pure, any thread.

#include <nlohmann/json.hpp>

#include <string>

namespace webmacs {

// Returns `value` without white space, its members in the order in which they were put in, U+FFFD in place of what is
// no UTF-8.
inline std::string json_text(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace webmacs
