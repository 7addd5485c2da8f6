#pragma once
// The datapoints of several events in one sequence, ascending by (time, event's public id), in constant memory whatever
// the range: each event is read in short pieces, so nothing is held open in the store while nobody asks for more.

#include "server/store/store.h"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace webmacs {

class PointMerge {
 public:
  struct Item {
    std::size_t event = 0;         // into events()
    const Point* point = nullptr;  // until the next next()
  };
  static constexpr std::size_t usual_points_held = 100000;

  // Asked after a read has failed: waits, and says whether to read again.
  using TryAgain = std::function<bool()>;

  // Sorts `events` by public id. [from, to). `most_points_held`: of all events together; of many events it takes 32 of
  // each at least.
  PointMerge(Store& store, std::vector<EventRecord> events, Timestamp from, Timestamp to,
             std::size_t most_points_held = usual_points_held, TryAgain try_again = {});

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
  // The next datapoint of an event that has one.
  struct Head {
    Timestamp time;
    std::size_t event;
    bool before(const Head& other) const { return time != other.time ? time < other.time : event < other.event; }
  };
  bool fill(std::size_t event);
  void read(std::size_t event);
  Head head_of(std::size_t event) const;
  void begin();
  void advance();
  void sink_front();

  Store& store_;
  std::vector<EventRecord> events_;
  std::vector<Stream> streams_;
  std::vector<Head> heap_;  // the earliest at the front
  const Timestamp to_;
  const TryAgain try_again_;
  std::size_t piece_;
  bool begun_ = false;
};

}  // namespace webmacs
