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
  return {{"name", clean_text(device.name, max_text_bytes)},
          {"state", device.online ? "online" : "offline"},
          {"error", text_or_null(device.online ? std::string_view() : device.error)}};
}

}  // namespace webmacs
