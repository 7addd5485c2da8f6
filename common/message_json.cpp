#include "common/message_json.h"

#include "common/message_text.h"
#include "common/timestamp.h"

#include <cmath>

namespace webmacs {

Json number_or_null(std::optional<double> number) {
  constexpr double exact_to = 9007199254740992.0;  // 2^53
  if (!number || !std::isfinite(*number)) return nullptr;
  if (std::trunc(*number) == *number && std::fabs(*number) <= exact_to) return static_cast<std::int64_t>(*number);
  return *number;
}

Json time_or_null(std::optional<Timestamp> time) {
  if (!time) return nullptr;
  return format_timestamp(*time);
}

Json text_or_null(std::string_view text) {
  if (text.empty()) return nullptr;
  return clean_text(text, max_text_bytes);
}

Json event_json(const EventDescription& event) {
  return {{"event_public_id", event.event_public_id},
          {"name", text_or_null(event.name)},
          {"type", event.type},
          {"unit", text_or_null(event.unit)},
          {"min_value", number_or_null(event.min_value)},
          {"max_value", number_or_null(event.max_value)},
          {"poll_interval", number_or_null(event.poll_interval)},
          {"max_silence", number_or_null(event.max_silence)},
          {"device", text_or_null(event.device)}};
}

Json device_json(const DeviceStatus& device) {
  Json out = {{"name", clean_text(device.name, max_text_bytes)},
              {"state", device.online ? "online" : "offline"},
              {"error", text_or_null(device.online ? std::string_view() : device.error)}};
  if (device.online && !device.error.empty()) out["advice"] = text_or_null(device.error);
  return out;
}

Json owned_event_json(const EventDescription& event, const std::string& controller) {
  Json out = event_json(event);
  out["controller"] = controller.empty() ? Json() : Json(controller);
  return out;
}

Json controller_json(const ControllerState& state) {
  const auto& status = state.status;
  Json out = {{"name", state.name}, {"online", state.online}, {"last_seen", time_or_null(state.last_seen)}};
  out["agent"] = status ? Json(status->agent) : Json();
  out["version"] = status ? Json(status->version) : Json();
  out["backlog"] = status ? Json(status->backlog) : Json();
  out["dropped"] = status ? Json(status->dropped) : Json();
  out["clock_offset"] = status ? number_or_null(state.clock_offset) : Json();
  Json& devices = out["devices"] = Json::array();
  if (!status) return out;
  for (const DeviceStatus& device : status->devices) devices.push_back(device_json(device));
  return out;
}

}  // namespace webmacs
