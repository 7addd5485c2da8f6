#pragma once
// Per event the datapoint with the greatest time stamp that is not over 60 s in the future, bad ones and backlog
// included (contract, "latest"). Network thread only.

#include "common/messages.h"
#include "server/stream/event_filter.h"

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace webmacs {

class LatestValues {
 public:
  // Returns the event's name, which stays where it is for as long as this object lives.
  std::string_view add(const Datapoint& datapoint, Timestamp now);
  // Encoded datapoints in the order of their events, with commas between them.
  std::string encode(const EventFilter& filter, Timestamp now);
  // Asks again which experiment each datapoint belongs to.
  template <typename ExperimentOf>
  void relabel(ExperimentOf experiment_of) {
    for (auto& [event, values] : events_) {
      if (values.latest) values.latest->experiment_public_id = experiment_of(values.latest->reading);
      for (auto& [time, datapoint] : values.ahead) datapoint.experiment_public_id = experiment_of(datapoint.reading);
    }
  }
  // The newest time stamp of all events; empty before the first datapoint.
  std::optional<Timestamp> newest(Timestamp now);

 private:
  struct Values {
    std::optional<Datapoint> latest;
    // From a controller whose clock is ahead: each becomes the latest when its time comes. Bounded; the farthest go.
    std::map<Timestamp, Datapoint> ahead;
  };
  static void promote(Values& values, Timestamp now);

  std::map<std::string, Values> events_;
  std::unordered_map<std::string_view, std::map<std::string, Values>::iterator> by_name_;  // the same, found sooner
};

}  // namespace webmacs
