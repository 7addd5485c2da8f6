#include "agent/self_description.h"

#include "common/seconds.h"

#include <chrono>

namespace webmacs {
namespace {

EventDescription describe(const EventSettings& event) {
  EventDescription description{.event_public_id = event.event_public_id,
                               .name = event.name,
                               .type = event.where.type == ValueType::boolean ? "digital" : "analog",
                               .unit = event.unit,
                               .min_value = event.min_value,
                               .max_value = event.max_value,
                               .poll_interval = in_seconds(event.poll_interval),
                               .max_silence = std::nullopt,
                               .device = event.device};
  if (event.deadband && event.max_silence) description.max_silence = in_seconds(*event.max_silence);
  return description;
}

}  // namespace

std::vector<EventDescription> describe_events(const RigSettings& rig) {
  std::vector<EventDescription> descriptions;
  for (const EventSettings& event : rig.events) descriptions.push_back(describe(event));
  return descriptions;
}

StatusFrame describe_agent(const std::string& name, const std::vector<DeviceStatus>& devices,
                           const OutboxStatus& buffer, Timestamp now) {
  StatusFrame frame{.agent = name,
                    .version = WEBMACS_VERSION,
                    .backlog = buffer.backlog,
                    .dropped = buffer.dropped,
                    .clock = now,
                    .devices = devices};
  if (!buffer.trouble.empty()) {
    frame.devices.push_back({"buffer file", false, buffer.trouble});
  } else if (buffer.recovering) {
    frame.devices.push_back({"buffer file", false, "it was damaged: what can be read of it is read back"});
  }
  return frame;
}

}  // namespace webmacs
