#include "common/message_members.h"

#include "common/message_text.h"
#include "common/messages.h"

#include <algorithm>
#include <utility>

namespace webmacs {

Members::Members(const nlohmann::json& object, std::string path, std::string& error)
    : object_(object), path_(std::move(path)), error_(error) {
  if (!object_.is_object() && error_.empty()) {
    error_ = path_.empty() ? "not an object" : path_.substr(0, path_.size() - 1) + ": not an object";
  }
}

const nlohmann::json* Members::find(const char* name) const {
  if (!object_.is_object()) return nullptr;
  const auto member = object_.find(name);
  return member == object_.end() || member->is_null() ? nullptr : &*member;
}

void Members::fail(const char* name, const std::string& what) {
  if (error_.empty()) error_ = path_ + name + ": " + what;
}

bool Members::has(const char* name) const {
  return object_.is_object() && object_.contains(name);
}

std::string Members::long_text(const char* name, std::size_t most) {
  const nlohmann::json* member = find(name);
  if (member == nullptr) return {};
  const auto* text = member->get_ptr<const std::string*>();
  const auto unwanted = [](char c) { return is_control(c) && c != '\n' && c != '\r' && c != '\t'; };
  if (text == nullptr) {
    fail(name, "not a string");
  } else if (text->size() > most) {
    fail(name, "longer than " + std::to_string(most) + " bytes");
  } else if (std::ranges::any_of(*text, unwanted)) {
    fail(name, "holds a control character");
  } else {
    return *text;
  }
  return {};
}

std::string Members::text(const char* name) {
  const nlohmann::json* member = find(name);
  if (member == nullptr) return {};
  const auto* text = member->get_ptr<const std::string*>();
  if (text == nullptr) {
    fail(name, "not a string");
  } else if (text->size() > max_text_bytes) {
    fail(name, "longer than " + std::to_string(max_text_bytes) + " bytes");
  } else if (std::ranges::any_of(*text, is_control)) {
    fail(name, "holds a control character");
  } else {
    return *text;
  }
  return {};
}

std::string Members::required_text(const char* name) {
  std::string found = text(name);
  if (found.empty()) fail(name, "missing");
  return found;
}

std::optional<double> Members::number(const char* name) {
  const nlohmann::json* member = find(name);
  if (member == nullptr) return std::nullopt;
  if (!member->is_number()) {
    fail(name, "not a number");
    return std::nullopt;
  }
  return measured_value(member->get<double>());
}

std::optional<double> Members::positive_seconds(const char* name) {
  constexpr double longest = 1e9;  // 30 years: whatever is computed with it stays a number of microseconds
  const auto seconds = number(name);
  if (!seconds || (*seconds > 0 && *seconds <= longest)) return seconds;
  fail(name, "not a positive number of seconds");
  return std::nullopt;
}

std::optional<std::int64_t> Members::count(const char* name) {
  const nlohmann::json* member = find(name);
  if (member == nullptr) return std::nullopt;
  // The parser keeps every whole number that is not negative as unsigned.
  if (!member->is_number_unsigned() || member->get<std::uint64_t>() > std::uint64_t{max_batch_number}) {
    fail(name, "not an integer from 0 to 9007199254740992");
    return std::nullopt;
  }
  return member->get<std::int64_t>();
}

std::optional<Timestamp> Members::timestamp(const char* name) {
  const nlohmann::json* member = find(name);
  if (member == nullptr) return std::nullopt;
  const auto* text = member->get_ptr<const std::string*>();
  const auto time = text != nullptr ? parse_timestamp(*text) : std::nullopt;
  if (!time) fail(name, "not an RFC 3339 time from 1970 to 2199");
  return time;
}

const nlohmann::json* Members::array(const char* name) {
  const nlohmann::json* member = find(name);
  if (member == nullptr || member->is_array()) return member;
  fail(name, "not an array");
  return nullptr;
}

}  // namespace webmacs
