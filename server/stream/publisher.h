#pragma once
// From the commit to the frontends: each committed datapoint gets its public id and the experiment that it belongs to,
// and goes to the live feed. Network thread only.

#include "server/catalog/event_catalog.h"
#include "server/catalog/experiments.h"
#include "server/ingest/ingest.h"
#include "server/stream/live_feed.h"

#include <vector>

namespace webmacs {

class Publisher {
 public:
  // All of it outlives the publisher. From here on the latest values are labelled anew whenever the experiments change.
  Publisher(LiveFeed& feed, EventCatalog& events, Experiments& experiments);
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // At start: what the store has as each event's latest. The events and the experiments are loaded already.
  void preload(std::vector<StoredPoint> latest);
  // What one transaction has newly stored; called after its commit. Moves from the points.
  void publish(std::vector<CommittedPoint>& committed);

 private:
  void label_latest();

  LiveFeed& feed_;
  EventCatalog& events_;
  Experiments& experiments_;
  std::vector<LiveFeed::Point> published_;  // of the last commit; kept for its room
};

}  // namespace webmacs
