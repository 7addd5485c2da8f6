#pragma once
// Which events a frontend asked for with `events=evt_a,evt_b`; none named means all.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

class EventFilter {
 public:
  EventFilter() = default;
  explicit EventFilter(std::vector<std::string> events) : events_(std::move(events)) {
    std::sort(events_.begin(), events_.end());
    events_.erase(std::unique(events_.begin(), events_.end()), events_.end());
  }

  bool matches(std::string_view event_public_id) const {
    return events_.empty() || std::binary_search(events_.begin(), events_.end(), event_public_id);
  }
  // Equal filters have equal keys: they share a topic.
  std::string key() const {
    std::string key;
    for (const auto& event : events_) key += event + ",";
    return key;
  }

 private:
  std::vector<std::string> events_;  // sorted, each once
};

}  // namespace webmacs
