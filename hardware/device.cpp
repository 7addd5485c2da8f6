#include "hardware/device.h"

namespace webmacs {

std::vector<PolledValue> poll_whole(Device& device, const std::vector<const EventSettings*>& events) {
  std::vector<PolledValue> values = device.poll(events);
  for (;;) {
    std::vector<std::size_t> missing;
    std::vector<const EventSettings*> asked;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!values[i].deferred) continue;
      missing.push_back(i);
      asked.push_back(events[i]);
    }
    if (missing.empty()) return values;
    std::vector<PolledValue> later = device.poll(asked);
    for (std::size_t i = 0; i < missing.size(); ++i) values[missing[i]] = std::move(later[i]);
  }
}

}  // namespace webmacs
