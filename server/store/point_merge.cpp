#include "server/store/point_merge.h"

#include <algorithm>

namespace webmacs {
namespace {

constexpr std::size_t most_points_held = 100000;  // of all events together
constexpr std::size_t largest_piece = 8192;
constexpr std::size_t smallest_piece = 32;
constexpr std::chrono::microseconds one{1};

}  // namespace

PointMerge::PointMerge(Store& store, std::vector<EventRecord> events, Timestamp from, Timestamp to)
    : store_(store), events_(std::move(events)), streams_(events_.size()), to_(to) {
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

bool PointMerge::fill(std::size_t event) {
  Stream& stream = streams_[event];
  stream.position = 0;
  stream.points.clear();
  if (stream.ended || stream.from >= to_) return false;
  store_.read(events_[event].key, stream.from, to_, piece_, stream.points);
  stream.ended = stream.points.size() < piece_;
  if (stream.points.empty()) return false;
  stream.from = stream.points.back().time + one;
  return true;
}

// Whether a's next point comes after b's: the heap keeps the earliest at its front.
bool PointMerge::later(std::size_t a, std::size_t b) const {
  const Timestamp time_a = streams_[a].points[streams_[a].position].time;
  const Timestamp time_b = streams_[b].points[streams_[b].position].time;
  return time_a != time_b ? time_a > time_b : a > b;
}

void PointMerge::begin() {
  begun_ = true;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (fill(i)) heap_.push_back(i);
  }
  std::make_heap(heap_.begin(), heap_.end(), [this](auto a, auto b) { return later(a, b); });
}

bool PointMerge::next(Item& item) {
  if (!begun_) begin();
  if (heap_.empty()) return false;
  const auto order = [this](auto a, auto b) { return later(a, b); };
  std::pop_heap(heap_.begin(), heap_.end(), order);
  const std::size_t event = heap_.back();
  Stream& stream = streams_[event];
  item.event = event;
  item.point = std::move(stream.points[stream.position]);
  ++stream.position;
  if (stream.position < stream.points.size() || fill(event)) {
    std::push_heap(heap_.begin(), heap_.end(), order);
  } else {
    heap_.pop_back();
  }
  return true;
}

}  // namespace webmacs
