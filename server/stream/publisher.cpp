#include "server/stream/publisher.h"

#include "server/store/datapoint_id.h"

#include <utility>

namespace webmacs {

Publisher::Publisher(LiveFeed& feed, EventCatalog& events, Experiments& experiments)
    : feed_(feed), events_(events), experiments_(experiments) {
  experiments_.when_changed([this] { label_latest(); });
}

void Publisher::preload(std::vector<StoredPoint> latest) {
  for (StoredPoint& point : latest) {
    feed_.preload({datapoint_public_id(point.event_key, point.reading.time), std::move(point.reading), std::nullopt});
  }
  label_latest();
}

void Publisher::publish(std::vector<CommittedPoint>& committed) {
  published_.clear();
  for (CommittedPoint& point : committed) {
    events_.pushed(point.reading.event_public_id, point.controller);
    auto experiment = experiments_.of(point.controller, point.reading.time);
    published_.push_back(
        {{datapoint_public_id(point.event_key, point.reading.time), std::move(point.reading), std::move(experiment)},
         point.backlog});
  }
  feed_.publish(published_);
}

// Which experiment a datapoint belongs to is asked anew whenever one begins, ends or is moved.
void Publisher::label_latest() {
  feed_.latest().relabel([this](const Reading& reading) {
    const auto event = events_.all().find(reading.event_public_id);
    return event == events_.all().end() ? std::nullopt : experiments_.of(event->second.controller, reading.time);
  });
}

}  // namespace webmacs
