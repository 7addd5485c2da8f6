#include "common/message_json.h"
#include "common/message_members.h"
#include "common/message_text.h"
#include "common/messages.h"
#include "common/timestamp.h"

#include <algorithm>
#include <utility>

namespace webmacs {
namespace {

using nlohmann::json;

// What a hub says in words is stored and logged by the agent: cut and cleaned.
std::string words(const json& object, const char* name) {
  constexpr std::size_t longest = 1000;
  const auto member = object.find(name);
  const auto* text = member == object.end() ? nullptr : member->get_ptr<const std::string*>();
  return text == nullptr ? std::string() : clean_text(*text, longest);
}

HubMessage decode_connected(const json& object, Members& members) {
  ConnectedMessage message;
  message.controller = words(object, "controller");
  const auto max_batch = members.count("max_batch").value_or(message.max_batch);
  const auto credit = members.count("credit").value_or(message.credit);
  message.max_batch = std::clamp<std::size_t>(static_cast<std::size_t>(max_batch), 1, max_batch_readings);
  message.credit = std::max<std::size_t>(static_cast<std::size_t>(credit), 1);
  message.time = members.timestamp("time");
  return message;
}

HubMessage decode_ack(Members& members, std::string& error) {
  AckMessage message;
  const auto batch = members.count("batch");
  if (!batch) return UnknownMessage{};
  message.batch = *batch;
  message.stored = static_cast<std::size_t>(members.count("stored").value_or(0));
  message.duplicates = static_cast<std::size_t>(members.count("duplicates").value_or(0));
  const json* rejected = members.array("rejected");
  if (rejected == nullptr) return message;
  for (const json& item : *rejected) {
    Members of_item(item, "rejected.", error);
    const auto index = of_item.count("index");
    if (!index) return UnknownMessage{};
    message.rejected.push_back({static_cast<std::size_t>(*index), words(item, "reason")});
  }
  return message;
}

HubMessage decode_busy(Members& members) {
  constexpr double longest_wait = 3600;
  BusyMessage message;
  const auto batch = members.count("batch");
  if (!batch) return UnknownMessage{};
  message.batch = *batch;
  message.retry_after = std::clamp(members.number("retry_after").value_or(message.retry_after), 0.0, longest_wait);
  return message;
}

}  // namespace

HubMessage decode_hub_message(std::string_view text) {
  const json object = json::parse(text.begin(), text.end(), nullptr, false);
  if (!object.is_object()) return UnknownMessage{};
  std::string error;
  Members members(object, "", error);
  const std::string type = members.text("type");
  HubMessage message;
  if (type == "connected") message = decode_connected(object, members);
  if (type == "ack") message = decode_ack(members, error);
  if (type == "busy") message = decode_busy(members);
  if (type == "error") message = ErrorMessage{members.count("batch"), words(object, "message")};
  if (type == "pong") message = PongMessage{};
  // An answer whose members do not fit says nothing that could be trusted.
  if (!error.empty()) return UnknownMessage{};
  return message;
}

std::string encode(const ConnectedMessage& message) {
  Json object = {{"type", "connected"},
                 {"controller", message.controller},
                 {"max_batch", message.max_batch},
                 {"credit", message.credit}};
  if (message.time) object["time"] = format_timestamp(*message.time);
  return json_text(object);
}

std::string encode(const BusyMessage& message) {
  return json_text({{"type", "busy"}, {"batch", message.batch}, {"retry_after", number_or_null(message.retry_after)}});
}

std::string encode(const ErrorMessage& message) {
  Json out = {{"type", "error"}};
  if (message.batch) out["batch"] = *message.batch;
  out["message"] = message.message;
  return json_text(out);
}

std::string encode(const PongMessage&) {
  return R"({"type":"pong"})";
}

}  // namespace webmacs
