#pragma once
// The events the hub knows, as the store has them: names and units for people, keys for public ids.
// Network thread only.

#include "server/store/store.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace webmacs {

class EventCatalog {
 public:
  // At start: all that the store has.
  void load(const std::vector<EventRecord>& events);
  // What a person has done to one event, once it is stored.
  void put(EventRecord event);
  void remove(const std::string& event_public_id);
  // What an agent described, once it is stored; `refused` belong to another controller.
  void described(const std::string& controller, const std::vector<EventDescription>& events,
                 const std::vector<DescribeResult>& refused);
  // A reading of the event was stored: whoever pushes first owns it.
  void pushed(const std::string& event_public_id, const std::string& controller);

  const std::map<std::string, EventRecord>& all() const { return events_; }
  // All events as people list them: each rig's in the order in which its agent described them last, which is its rig
  // file's. What no agent has described since the hub started stands in the order in which it became known.
  std::vector<const EventRecord*> listed() const;

 private:
  void place(const std::vector<std::string>& ids);

  std::map<std::string, EventRecord> events_;    // by event_public_id
  std::unordered_set<std::string_view> owned_;   // of those that have a controller: pushing them changes nothing
  std::map<std::string, std::uint64_t> places_;  // in the list, by event_public_id
  std::uint64_t next_place_ = 0;
};

}  // namespace webmacs
