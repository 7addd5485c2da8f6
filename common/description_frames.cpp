#include "common/message_json.h"
#include "common/messages.h"

#include <utility>

namespace webmacs {

std::vector<std::string> encode_events(const std::vector<EventDescription>& events) {
  const Json empty = {{"type", "events"}, {"events", Json::array()}};
  const std::size_t empty_bytes = json_text(empty).size();
  std::vector<std::string> frames;
  Json frame = empty;
  std::size_t bytes = empty_bytes;
  for (const EventDescription& event : events) {
    Json item = event_json(event);
    const std::size_t item_bytes = json_text(item).size() + 1;  // and a comma
    if (bytes + item_bytes > agent_frame_bytes) {
      frames.push_back(json_text(frame));
      frame = empty;
      bytes = empty_bytes;
    }
    frame["events"].push_back(std::move(item));
    bytes += item_bytes;
  }
  if (!frame["events"].empty()) frames.push_back(json_text(frame));
  return frames;
}

std::string encode_status(const StatusFrame& status) {
  Json frame = {
      {"type", "status"},          {"agent", text_or_null(status.agent)}, {"version", text_or_null(status.version)},
      {"backlog", status.backlog}, {"dropped", status.dropped},           {"clock", time_or_null(status.clock)},
      {"devices", Json::array()}};
  std::size_t bytes = json_text(frame).size();
  for (const DeviceStatus& device : status.devices) {
    Json item = device_json(device);
    bytes += json_text(item).size() + 1;  // and a comma
    if (bytes > agent_frame_bytes) break;
    frame["devices"].push_back(std::move(item));
  }
  return json_text(frame);
}

}  // namespace webmacs
