#pragma once
// What the store's writer does between transactions, a little at a time: summaries, and what may not stay for ever. The
// network thread asks what is due and hears what was done; run() is the writer's.

#include "server/ingest/store_growth.h"
#include "server/store/store.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace webmacs {

// What the record lost to its age and its size since the hub started, and how large it is.
struct RetentionCounters {
  std::uint64_t removed = 0;  // datapoints
  std::int64_t bytes = 0;     // when last looked at
  bool too_large = false;     // max_size cannot be held: nothing that may go is left
  StoreFill fill;             // when last looked at
};

class Housekeeping {
 public:
  struct Result {
    bool more_summaries = false;
    bool kept_house = false;  // the rules were looked after, too
    RetentionStep retention;
    std::optional<StoreFill> fill;  // was looked at
    std::chrono::steady_clock::duration took{};
  };

  // `wake` asks for the next turn, on the network thread.
  Housekeeping(boost::asio::io_context& io, std::function<void()> wake) : pause_(io), wake_(std::move(wake)) {}

  // Network thread. A pass under the new rules begins with the next turn.
  void set_rules(const RetentionRules& rules);
  const RetentionRules& rules() const { return rules_; }
  // What the next turn is to do, decided while no turn is under way.
  void plan();
  // Whether there is more to do as soon as nobody waits. What has time wakes by itself, after a pause that is long
  // against the turn: whoever writes meanwhile shall hardly notice.
  bool finished(const Result& result);
  const RetentionCounters& counters() const { return counters_; }

  // The writer's thread, within a turn.
  Result run(Store& store);

 private:
  void pass_is_over(const RetentionStep& step);
  void note_fill(const StoreFill& fill);
  void wake_after(std::chrono::steady_clock::duration pause);

  boost::asio::steady_timer pause_;
  const std::function<void()> wake_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>();  // a timer that ran out may be heard of later

  StoreGrowth growth_;  // the writer's
  RetentionRules rules_;
  RetentionRules turn_rules_;  // of the turn under way; none: it only measures
  std::int64_t turn_max_bytes_ = 0;
  bool look_after_rules_ = false;  // in this turn
  bool more_retention_ = false;
  std::chrono::steady_clock::time_point next_look_{};  // at the size
  std::chrono::steady_clock::time_point next_pass_{};  // over all events
  std::int64_t removed_in_pass_ = 0;
  bool disk_is_warned_of_ = false;
  RetentionCounters counters_;
};

}  // namespace webmacs
