#include "server/stream/live_feed.h"

#include "common/timestamp.h"

#include <random>
#include <unordered_map>

namespace webmacs {
namespace {

constexpr std::chrono::seconds backfill_notice_interval{1};
constexpr std::size_t largest_pending_bytes = 60 * 1024;
// The default format: a write to a socket takes some microseconds whatever it carries, so what follows closely goes
// along with it. The writes take a quarter of the time at most, until the longest spacing is reached.
constexpr std::size_t many_subscribers = 20;
constexpr std::chrono::microseconds spacing_per_subscriber{20};
constexpr std::chrono::microseconds longest_spacing{2000};
constexpr std::size_t most_kept_buffers = 32;  // of largest_pending_bytes and a datapoint

std::string new_epoch() {
  std::random_device random;
  return std::to_string(to_microseconds(utc_now()) / 1000000) + "-" + std::to_string(random() % 1000000);
}

std::vector<std::string> matching(const EventFilter& filter, const std::vector<std::string>& events) {
  std::vector<std::string> matching;
  for (const auto& event : events) {
    if (filter.matches(event)) matching.push_back(event);
  }
  return matching;
}

void append_backfilled(std::string& frames, const FeedCursor& cursor, const EventFilter& filter,
                       const FeedBackfill& backfill) {
  const auto events = matching(filter, backfill.event_public_ids);
  if (events.empty()) return;
  append_text_frame(frames, encode_backfilled(cursor, events, backfill.from, backfill.to));
}

void append_item(std::string& list, std::string_view item) {
  if (!list.empty()) list += ',';
  list += item;
}

}  // namespace

std::string Subscription::topic() const {
  return (format == StreamFormat::single ? "datapoints:" : "datapoints/batch:") + filter.key();
}

LiveFeed::LiveFeed(boost::asio::io_context& io, ConnectionManager& connections,
                   std::chrono::milliseconds stream_interval, std::size_t history_bytes)
    : connections_(connections),
      stream_interval_(stream_interval),
      epoch_(new_epoch()),
      history_(history_bytes),
      flush_timer_(io),
      backfill_timer_(io) {}

void LiveFeed::preload(const Datapoint& datapoint) {
  latest_.add(datapoint, utc_now());
}

void LiveFeed::publish(const std::vector<Point>& points) {
  const Timestamp now = utc_now();
  for (const auto& [datapoint, backlog] : points) {
    const std::string_view event_public_id = latest_.add(datapoint, now);
    if (backlog) {
      note_backfill(datapoint.reading);
      continue;
    }
    encoded_.clear();
    append_datapoint(encoded_, datapoint);
    add_to_groups(datapoint);
    history_.add(FeedPoint{event_public_id, encoded_});
    flush_large();
  }
  flush_due();
}

void LiveFeed::add_to_groups(const Datapoint& datapoint) {
  for (auto& [topic, group] : groups_) {
    if (!group.subscription.filter.matches(datapoint.reading.event_public_id)) continue;
    if (group.subscription.format == StreamFormat::batch) {
      append_item(group.pending, encoded_);
    } else if (datapoint.reading.good()) {
      append_text_frame(group.pending, encoded_);
      ++group.pending_frames;
    }
  }
}

void LiveFeed::flush(Group& group) {
  if (group.pending.empty()) return;
  SharedFrame frames;
  std::size_t count = 1;
  if (group.subscription.format == StreamFormat::batch) {
    frames = make_text_frame(encode_datapoints_batch(cursor(), group.pending));
  } else {
    frames = std::make_shared<const std::string>(group.pending);
    count = group.pending_frames;
  }
  // A copy: the buffer keeps its room for the next turn, unless there are so many that it adds up.
  group.pending.clear();
  if (groups_.size() > most_kept_buffers) group.pending.shrink_to_fit();
  group.pending_frames = 0;
  group.last_flush = Clock::now();
  broadcast(group.subscription.topic(), frames, count);
}

void LiveFeed::broadcast(const std::string& topic, const SharedFrame& frames, std::size_t count) {
  counters_.frames += count;
  counters_.bytes += frames->size();
  connections_.broadcast(topic, frames);
}

// One envelope never becomes larger than what a queue holds or a client's library takes.
void LiveFeed::flush_large() {
  for (auto& [topic, group] : groups_) {
    if (group.pending.size() >= largest_pending_bytes) flush(group);
  }
}

// A lone datapoint leaves at once, those that follow it closely wait for company.
LiveFeed::Clock::duration LiveFeed::spacing(const Group& group) const {
  if (group.subscription.format == StreamFormat::batch) return stream_interval_;
  const auto subscribers = connections_.subscribers(group.subscription.topic());
  if (subscribers < many_subscribers) return Clock::duration::zero();
  return std::min<Clock::duration>(subscribers * spacing_per_subscriber, longest_spacing);
}

void LiveFeed::flush_due() {
  const auto now = Clock::now();
  auto next = Clock::time_point::max();
  for (auto& [topic, group] : groups_) {
    if (group.pending.empty()) continue;
    const auto due = group.last_flush + spacing(group);
    if (due <= now) {
      flush(group);
    } else {
      next = std::min(next, due);
    }
  }
  if (next != Clock::time_point::max()) arm(next);
}

void LiveFeed::arm(Clock::time_point due) {
  if (flush_armed_for_ <= due) return;  // it re-arms itself for whatever is due later
  flush_armed_for_ = due;
  flush_timer_.expires_at(due);
  flush_timer_.async_wait([this](error_code ec) {
    if (ec) return;
    flush_armed_for_ = Clock::time_point::max();
    flush_due();
  });
}

void LiveFeed::note_backfill(const Reading& reading) {
  if (!backfill_) {
    backfill_ = FeedBackfill{{}, reading.time, reading.time};
    const auto due = std::max(Clock::now(), last_backfill_notice_ + backfill_notice_interval);
    backfill_timer_.expires_at(due);
    backfill_timer_.async_wait([this](error_code ec) {
      if (!ec) send_backfilled();
    });
  }
  backfilled_events_.insert(reading.event_public_id);
  backfill_->from = std::min(backfill_->from, reading.time);
  backfill_->to = std::max(backfill_->to, reading.time);
}

void LiveFeed::send_backfilled() {
  // What is pending has lower numbers than this entry: it goes first, so that no cursor covers what was not sent.
  for (auto& [topic, group] : groups_) flush(group);
  FeedBackfill backfill = std::move(*backfill_);
  backfill_.reset();
  backfill.event_public_ids.assign(backfilled_events_.begin(), backfilled_events_.end());
  backfilled_events_.clear();
  last_backfill_notice_ = Clock::now();
  history_.add(backfill);
  for (auto& [topic, group] : groups_) {
    if (group.subscription.format != StreamFormat::batch) continue;
    std::string frame;
    append_backfilled(frame, cursor(), group.subscription.filter, backfill);
    if (!frame.empty()) broadcast(topic, std::make_shared<const std::string>(std::move(frame)), 1);
  }
}

void LiveFeed::announce(const ControllerState& state) {
  const SharedFrame frame = make_text_frame(encode_status_notice(state));
  notices_[state.name] = {++announced_, frame};
  for (auto& [topic, group] : groups_) {
    if (group.subscription.format == StreamFormat::batch) broadcast(topic, frame, 1);
  }
}

void LiveFeed::append_notices(std::string& frames, std::uint64_t after) const {
  for (const auto& [controller, notice] : notices_) {
    if (notice.number > after) frames += *notice.frame;
  }
}

void LiveFeed::subscribe(const Subscription& subscription, std::shared_ptr<Subscriber> subscriber) {
  const auto topic = subscription.topic();
  // What waits for company was stored before it came.
  if (subscription.format == StreamFormat::single) flush_topic(subscription);
  connections_.connect(topic, std::move(subscriber));
  groups_.try_emplace(topic, Group{subscription, {}, 0, {}});
}

void LiveFeed::unsubscribe(const Subscription& subscription, const std::shared_ptr<Subscriber>& subscriber) {
  const auto topic = subscription.topic();
  connections_.disconnect(topic, subscriber);
  if (!connections_.has_subscribers(topic)) groups_.erase(topic);
}

void LiveFeed::stop() {
  flush_timer_.cancel();
  backfill_timer_.cancel();
}

void LiveFeed::flush_topic(const Subscription& subscription) {
  if (const auto group = groups_.find(subscription.topic()); group != groups_.end()) flush(group->second);
}

bool LiveFeed::recovers(const Subscription& subscription) const {
  const auto& since = subscription.since;
  return since && since->epoch == epoch_ && history_.reaches_back_to(since->number);
}

SharedFrame LiveFeed::welcome(const Subscription& subscription) {
  if (recovers(subscription)) return make_text_frame(encode_feed_connected(*subscription.since, true, ""));
  flush_topic(subscription);
  return make_text_frame(encode_feed_connected(cursor(), false, latest_.encode(subscription.filter, utc_now())));
}

std::optional<LiveFeed::Replay> LiveFeed::replay(const Subscription& subscription, Position from,
                                                 std::size_t limit_bytes) {
  auto number = from.number;
  if (!history_.reaches_back_to(number)) return std::nullopt;
  flush_topic(subscription);
  std::string frames;
  std::string datapoints;
  auto send_datapoints = [&] {
    if (!datapoints.empty()) append_text_frame(frames, encode_datapoints_batch({epoch_, number}, datapoints));
    datapoints.clear();
  };
  const bool whole = history_.visit_after(number, [&](const FeedEntry& entry) {
    if (const auto* point = std::get_if<FeedPoint>(&entry)) {
      if (datapoints.size() + point->encoded.size() > largest_pending_bytes) send_datapoints();
      if (frames.size() + largest_pending_bytes > limit_bytes) return false;
      ++number;
      if (subscription.filter.matches(point->event_public_id)) append_item(datapoints, point->encoded);
      return true;
    }
    send_datapoints();
    if (frames.size() + largest_pending_bytes > limit_bytes) return false;
    ++number;
    append_backfilled(frames, {epoch_, number}, subscription.filter, std::get<FeedBackfill>(entry));
    return true;
  });
  if (whole) {
    send_datapoints();
    append_notices(frames, from.announced);
    from.announced = announced_;
  }
  return Replay{std::make_shared<const std::string>(std::move(frames)), {number, from.announced}};
}

SharedFrame LiveFeed::catch_up(const Subscription& subscription, Position from) {
  const auto number = from.number;
  flush_topic(subscription);

  std::string frames;
  std::vector<const FeedPoint*> points;
  history_.visit_after(number, [&](const FeedEntry& entry) {
    if (const auto* point = std::get_if<FeedPoint>(&entry)) {
      if (subscription.filter.matches(point->event_public_id)) points.push_back(point);
    } else {
      // With the old cursor: should the connection end before the values below, they are still to come.
      append_backfilled(frames, {epoch_, number}, subscription.filter, std::get<FeedBackfill>(entry));
    }
    return true;
  });
  std::unordered_map<std::string_view, const FeedPoint*> newest;
  for (const auto* point : points) newest[point->event_public_id] = point;

  std::string datapoints;
  std::uint64_t skipped = 0;
  if (history_.reaches_back_to(number)) {
    for (const auto* point : points) {
      if (newest[point->event_public_id] == point) append_item(datapoints, point->encoded);
    }
    skipped = points.size() - newest.size();
  } else {
    // Of those that left the ring nobody knows which events they were of: they all count.
    datapoints = latest_.encode(subscription.filter, utc_now());
    skipped = history_.number() - number - newest.size();
  }
  append_text_frame(frames, encode_datapoints_batch(cursor(), datapoints, skipped));
  append_notices(frames, from.announced);
  ++counters_.conflations;
  counters_.skipped_datapoints += skipped;
  return std::make_shared<const std::string>(std::move(frames));
}

}  // namespace webmacs
