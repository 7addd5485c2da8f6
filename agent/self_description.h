#pragma once
// What the agent tells the hub of itself beside readings: what its events are, and how it is. Pure.

#include "agent/outbox.h"
#include "common/messages.h"
#include "hardware/rig_settings.h"

#include <string>
#include <vector>

namespace webmacs {

std::vector<EventDescription> describe_events(const RigSettings& rig);

// `now` is the agent's clock, which the hub compares with its own. Trouble with the buffer is told as a device that is
// offline: the wire has no other place for it, and whoever looks at the hub should know that readings lie in memory
// only.
StatusFrame describe_agent(const std::string& name, const std::vector<DeviceStatus>& devices,
                           const OutboxStatus& buffer, Timestamp now);

}  // namespace webmacs
