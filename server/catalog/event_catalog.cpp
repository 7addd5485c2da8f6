#include "server/catalog/event_catalog.h"

#include <algorithm>

namespace webmacs {

void EventCatalog::load(const std::vector<EventRecord>& events) {
  owned_.clear();
  events_.clear();
  for (const auto& event : events) events_[event.description.event_public_id] = event;
}

void EventCatalog::described(const std::string& controller, const std::vector<EventDescription>& events,
                             const std::vector<DescribeResult>& refused) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool foreign = std::any_of(refused.begin(), refused.end(), [i](const auto& r) { return r.index == i; });
    if (foreign) continue;
    EventRecord& record = events_[events[i].event_public_id];
    record.controller = controller;
    record.described = true;
    record.description = events[i];
  }
}

void EventCatalog::pushed(const std::string& event_public_id, const std::string& controller) {
  if (owned_.count(event_public_id) > 0) return;
  const auto found = events_.try_emplace(event_public_id).first;
  owned_.insert(found->first);
  if (!found->second.controller.empty()) return;
  found->second.controller = controller;
  found->second.description.event_public_id = event_public_id;
  if (found->second.description.name.empty()) found->second.description.name = event_public_id;
}

}  // namespace webmacs
