#pragma once
// The datapoints of several events in one sequence, ascending by (time, event's public id), in constant memory whatever
// the range: each event is read in short pieces, so nothing is held open in the store while nobody asks for more.

#include "server/store/store.h"

#include <cstddef>
#include <string>
#include <vector>

namespace webmacs {

class PointMerge {
 public:
  struct Item {
    std::size_t event = 0;  // into events()
    Point point;
  };

  // Sorts `events` by public id. [from, to).
  PointMerge(Store& store, std::vector<EventRecord> events, Timestamp from, Timestamp to);

  // Leaves out what is not after this place in the sequence; before the first next().
  void skip_until_after(Timestamp time, const std::string& event_public_id);
  // False at the end. Throws StoreError.
  bool next(Item& item);
  const std::vector<EventRecord>& events() const { return events_; }

 private:
  struct Stream {
    std::vector<Point> points;
    std::size_t position = 0;
    Timestamp from;
    bool ended = false;
  };
  bool fill(std::size_t event);
  bool later(std::size_t a, std::size_t b) const;
  void begin();

  Store& store_;
  std::vector<EventRecord> events_;
  std::vector<Stream> streams_;
  std::vector<std::size_t> heap_;  // events with a point ready, the earliest at the front
  const Timestamp to_;
  std::size_t piece_;
  bool begun_ = false;
};

}  // namespace webmacs
