#include "server/store/point_merge.h"

#include <algorithm>

namespace webmacs {
namespace {

constexpr std::size_t largest_piece = 8192;
constexpr std::size_t smallest_piece = 32;
constexpr std::chrono::microseconds one{1};

}  // namespace

PointMerge::PointMerge(Store& store, std::vector<EventRecord> events, Timestamp from, Timestamp to,
                       std::size_t most_points_held, TryAgain try_again)
    : store_(store), events_(std::move(events)), streams_(events_.size()), to_(to), try_again_(std::move(try_again)) {
  std::sort(events_.begin(), events_.end(), [](const EventRecord& a, const EventRecord& b) {
    return a.description.event_public_id < b.description.event_public_id;
  });
  for (Stream& stream : streams_) stream.from = from;
  piece_ = std::clamp(most_points_held / std::max<std::size_t>(1, events_.size()), smallest_piece, largest_piece);
}

void PointMerge::skip_until_after(Timestamp time, const std::string& event_public_id) {
  for (std::size_t i = 0; i < events_.size(); ++i) {
    const bool seen = events_[i].description.event_public_id <= event_public_id;
    streams_[i].from = std::max(streams_[i].from, seen ? time + one : time);
  }
}

void PointMerge::read(std::size_t event) {
  Stream& stream = streams_[event];
  for (;;) {
    try {
      return store_.read(events_[event].key, stream.from, to_, piece_, stream.points);
    } catch (const StoreDamaged&) {
      throw;
    } catch (const StoreError&) {
      if (!try_again_ || !try_again_()) throw;
    }
  }
}

bool PointMerge::fill(std::size_t event) {
  Stream& stream = streams_[event];
  stream.position = 0;
  stream.points.clear();
  if (stream.ended || stream.from >= to_) return false;
  read(event);
  stream.ended = stream.points.size() < piece_;
  if (stream.points.empty()) return false;
  stream.from = stream.points.back().time + one;
  return true;
}

PointMerge::Head PointMerge::head_of(std::size_t event) const {
  return {streams_[event].points[streams_[event].position].time, event};
}

void PointMerge::begin() {
  begun_ = true;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (fill(i)) heap_.push_back(head_of(i));
  }
  std::make_heap(heap_.begin(), heap_.end(), [](const Head& a, const Head& b) { return b.before(a); });
}

// The front has a later datapoint than before. Mostly it stays near: cheaper than taking it out and putting it in
// again.
void PointMerge::sink_front() {
  const Head sinking = heap_.front();
  std::size_t hole = 0;
  for (;;) {
    std::size_t child = 2 * hole + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) ++child;
    if (!heap_[child].before(sinking)) break;
    heap_[hole] = heap_[child];
    hole = child;
  }
  heap_[hole] = sinking;
}

// Past the datapoint that was given last.
void PointMerge::advance() {
  const std::size_t event = heap_.front().event;
  Stream& stream = streams_[event];
  ++stream.position;
  if (stream.position < stream.points.size() || fill(event)) {
    heap_.front() = head_of(event);
  } else {
    heap_.front() = heap_.back();
    heap_.pop_back();
    if (heap_.empty()) return;
  }
  sink_front();
}

bool PointMerge::next(Item& item) {
  if (!begun_) {
    begin();
  } else if (!heap_.empty()) {
    advance();
  }
  if (heap_.empty()) return false;
  item.event = heap_.front().event;
  item.point = &streams_[item.event].points[streams_[item.event].position];
  return true;
}

}  // namespace webmacs
