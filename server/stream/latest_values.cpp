#include "server/stream/latest_values.h"

namespace webmacs {
namespace {

constexpr std::chrono::seconds tolerated_ahead{60};
constexpr std::size_t most_ahead = 1000;

}  // namespace

void LatestValues::promote(Values& values, Timestamp now) {
  while (!values.ahead.empty() && values.ahead.begin()->first <= now + tolerated_ahead) {
    auto first = values.ahead.extract(values.ahead.begin());
    if (!values.latest || values.latest->reading.time < first.key()) values.latest = std::move(first.mapped());
  }
}

std::string_view LatestValues::add(const Datapoint& datapoint, Timestamp now) {
  auto found = by_name_.find(datapoint.reading.event_public_id);
  if (found == by_name_.end()) {
    const auto added = events_.try_emplace(datapoint.reading.event_public_id).first;
    found = by_name_.emplace(added->first, added).first;
  }
  auto& [event_public_id, values] = *found->second;
  promote(values, now);
  if (datapoint.reading.time > now + tolerated_ahead) {
    values.ahead.emplace(datapoint.reading.time, datapoint);
    if (values.ahead.size() > most_ahead) values.ahead.erase(std::prev(values.ahead.end()));
  } else if (!values.latest || values.latest->reading.time < datapoint.reading.time) {
    values.latest = datapoint;
  }
  return event_public_id;
}

std::string LatestValues::encode(const EventFilter& filter, Timestamp now) {
  std::string out;
  for (auto& [event_public_id, values] : events_) {
    promote(values, now);
    if (!values.latest || !filter.matches(event_public_id)) continue;
    if (!out.empty()) out += ',';
    append_datapoint(out, *values.latest);
  }
  return out;
}

std::optional<Timestamp> LatestValues::newest(Timestamp now) {
  std::optional<Timestamp> newest;
  for (auto& [event_public_id, values] : events_) {
    promote(values, now);
    if (values.latest && (!newest || *newest < values.latest->reading.time)) newest = values.latest->reading.time;
  }
  return newest;
}

}  // namespace webmacs
