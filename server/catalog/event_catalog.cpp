#include "server/catalog/event_catalog.h"

#include <algorithm>
#include <utility>

namespace webmacs {
namespace {

// One that nobody named is called by its id.
void name(EventRecord& event) {
  if (!event.described && event.description.name.empty()) event.description.name = event.description.event_public_id;
}

}  // namespace

void EventCatalog::load(const std::vector<EventRecord>& events) {
  owned_.clear();
  events_.clear();
  for (const EventRecord& event : events) name(events_[event.description.event_public_id] = event);
  std::erase_if(places_, [this](const auto& known) { return !events_.contains(known.first); });
  std::vector<const EventRecord*> unplaced;
  for (const auto& event : events) {
    if (!places_.contains(event.description.event_public_id)) unplaced.push_back(&event);
  }
  std::sort(unplaced.begin(), unplaced.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
  for (const EventRecord* event : unplaced) places_[event->description.event_public_id] = next_place_++;
}

void EventCatalog::put(EventRecord event) {
  owned_.erase(event.description.event_public_id);  // it may have lost its owner
  if (places_.try_emplace(event.description.event_public_id, next_place_).second) ++next_place_;
  name(event);
  auto& known = events_[event.description.event_public_id];
  known = std::move(event);
}

void EventCatalog::remove(const std::string& event_public_id) {
  owned_.erase(event_public_id);
  places_.erase(event_public_id);
  events_.erase(event_public_id);
}

void EventCatalog::described(const std::string& controller, const std::vector<EventDescription>& events,
                             const std::vector<DescribeResult>& refused) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool foreign = std::any_of(refused.begin(), refused.end(), [i](const auto& r) { return r.index == i; });
    if (foreign) continue;
    EventRecord& record = events_[events[i].event_public_id];
    record.controller = controller;
    record.described = true;
    record.description = events[i];
    ids.push_back(events[i].event_public_id);
  }
  place(ids);
}

void EventCatalog::pushed(const std::string& event_public_id, const std::string& controller) {
  if (owned_.contains(event_public_id)) return;
  const auto found = events_.try_emplace(event_public_id).first;
  if (!places_.contains(event_public_id)) places_[event_public_id] = next_place_++;
  owned_.insert(found->first);
  if (!found->second.controller.empty()) return;
  found->second.controller = controller;
  found->second.description.event_public_id = event_public_id;
  name(found->second);
}

std::vector<const EventRecord*> EventCatalog::listed() const {
  std::vector<std::pair<std::uint64_t, const EventRecord*>> placed;
  placed.reserve(events_.size());
  for (const auto& [id, event] : events_) placed.emplace_back(places_.at(id), &event);
  std::sort(placed.begin(), placed.end());
  std::vector<const EventRecord*> events;
  events.reserve(placed.size());
  for (const auto& [place, event] : placed) events.push_back(event);
  return events;
}

// Where they stand in this order already, they stay: a reader that is between two pages misses nothing.
void EventCatalog::place(const std::vector<std::string>& ids) {
  std::uint64_t before = 0;
  bool in_order = true;
  for (const std::string& id : ids) {
    const auto known = places_.find(id);
    in_order = in_order && known != places_.end() && known->second + 1 > before;
    if (in_order) before = known->second + 1;
  }
  if (in_order) return;
  for (const std::string& id : ids) places_[id] = next_place_++;
}

}  // namespace webmacs
