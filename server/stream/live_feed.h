#pragma once
// What has just been stored, on its way to the frontends: latest values, history ring, and one encoding per broadcast,
// shared by all who asked for the same (contract, "Hub -> frontend"). Network thread only.

#include "server/stream/connection_manager.h"
#include "server/stream/event_filter.h"
#include "server/stream/history.h"
#include "server/stream/latest_values.h"
#include "server/stream/stream_counters.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace webmacs {

enum class StreamFormat {
  single,  // the seed: one frame per good datapoint that is not backlog
  batch    // envelopes with a cursor
};

struct Subscription {
  StreamFormat format = StreamFormat::single;
  EventFilter filter;
  std::optional<FeedCursor> since;  // batch: replay what came after it

  std::string topic() const;
};

class LiveFeed {
 public:
  struct Point {
    Datapoint datapoint;
    bool backlog = false;
  };

  LiveFeed(boost::asio::io_context& io, ConnectionManager& connections, std::chrono::milliseconds stream_interval,
           std::size_t history_bytes);

  // At start: what the store has as each event's latest.
  void preload(const Datapoint& datapoint);
  // What one transaction has newly stored; called after its commit.
  void publish(const std::vector<Point>& points);
  // A controller came, went or reported: to every batch client.
  void announce(const ControllerState& state);

  void subscribe(const Subscription& subscription, std::shared_ptr<Subscriber> subscriber);
  void unsubscribe(const Subscription& subscription, const std::shared_ptr<Subscriber>& subscriber);

  // Whether the ring still has all that came after the client's `since`.
  bool recovers(const Subscription& subscription) const;
  // The first frame of a batch client: `connected`, with the latest values, or, where it recovers, without: replay()
  // brings the rest.
  SharedFrame welcome(const Subscription& subscription);
  // How far a client's frames have come.
  struct Position {
    std::uint64_t number = 0;     // of the feed's entries
    std::uint64_t announced = 0;  // status notices
  };
  Position position() const { return {history_.number(), announced_}; }
  // What came after `from`, oldest first, as far as it fits into `limit_bytes` (64 KiB and more), with the status
  // notices behind the last of it. Empty when the ring no longer reaches back so far.
  struct Replay {
    SharedFrame frames;  // may be empty
    Position reached;
  };
  std::optional<Replay> replay(const Subscription& subscription, Position from, std::size_t limit_bytes);
  // For a batch client that fell behind at `from`: the latest value per event since, how many points were left out,
  // and the status notices.
  SharedFrame catch_up(const Subscription& subscription, Position from);

  // Sends nothing more that is not due.
  void stop();

  LatestValues& latest() { return latest_; }
  StreamCounters& counters() { return counters_; }
  const StreamCounters& counters() const { return counters_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Group {  // the subscribers of one topic
    Subscription subscription;
    std::string pending;  // single: frames; batch: encoded datapoints
    std::size_t pending_frames = 0;
    Clock::time_point last_flush{};
  };

  FeedCursor cursor() const { return {epoch_, history_.number()}; }
  void add_to_groups(const Datapoint& datapoint);  // encoded_
  void append_notices(std::string& frames, std::uint64_t after) const;
  void note_backfill(const Reading& reading);
  void send_backfilled();
  void flush(Group& group);
  // The others of the topic get what is pending now, so that nobody gets it twice.
  void flush_topic(const Subscription& subscription);
  void broadcast(const std::string& topic, const SharedFrame& frames, std::size_t count);
  void flush_large();
  void flush_due();
  Clock::duration spacing(const Group& group) const;  // from one flush to the next
  void arm(Clock::time_point due);

  ConnectionManager& connections_;
  const std::chrono::milliseconds stream_interval_;
  const std::string epoch_;  // another after each start: a cursor of an earlier run recovers nothing
  LatestValues latest_;
  History history_;      // holds names of latest_
  std::string encoded_;  // the datapoint that is being published; keeps its room from one to the next
  StreamCounters counters_;
  struct Notice {
    std::uint64_t number;
    SharedFrame frame;
  };
  std::uint64_t announced_ = 0;
  std::map<std::string, Notice> notices_;  // each controller's newest
  std::map<std::string, Group> groups_;    // by topic; only those with subscribers
  boost::asio::steady_timer flush_timer_;
  Clock::time_point flush_armed_for_ = Clock::time_point::max();
  std::optional<FeedBackfill> backfill_;  // stored since the last notice
  std::set<std::string> backfilled_events_;
  boost::asio::steady_timer backfill_timer_;
  Clock::time_point last_backfill_notice_{};
};

}  // namespace webmacs
