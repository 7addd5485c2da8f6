#pragma once
// JSON as it goes over the wire where speed does not matter; what is hot is encoded by messages.h. Pure, any thread.

#include <nlohmann/json.hpp>

#include <string>

namespace webmacs {

// Members stay in the order in which they were set.
using Json = nlohmann::ordered_json;

// Returns `value` without white space, U+FFFD in place of what is no UTF-8.
inline std::string json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace webmacs
