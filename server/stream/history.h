#pragma once
// The last entries of the live feed, so that a client that was away briefly misses nothing. Bounded in bytes: the
// oldest go first. Network thread only.

#include "common/feed_messages.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace webmacs {

// A datapoint as it was sent, already encoded.
struct FeedPoint {
  std::string_view event_public_id;  // outlives the history: LatestValues keeps each event's name
  std::string_view encoded;          // for as long as the entry is in the history
};

// Backlog was stored for these events, somewhere in [from, to].
struct FeedBackfill {
  std::vector<std::string> event_public_ids;
  Timestamp from;
  Timestamp to;
};

using FeedEntry = std::variant<FeedPoint, FeedBackfill>;

class History {
 public:
  explicit History(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // The entry gets the next number. Of a datapoint the text is copied.
  void add(const FeedPoint& point);
  void add(FeedBackfill backfill);
  // The number of the newest entry; 0 before the first.
  std::uint64_t number() const { return number_; }
  // Whether every entry after `number` is still here.
  bool reaches_back_to(std::uint64_t number) const;
  // Calls visit(entry) for each entry after `number`, oldest first, until it answers false; false then.
  template <typename Visit>
  bool visit_after(std::uint64_t number, Visit visit) const {
    const std::uint64_t oldest = number_ - entries_.size();
    for (std::size_t i = number > oldest ? number - oldest : 0; i < entries_.size(); ++i) {
      if (!visit(entries_[i])) return false;
    }
    return true;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  // Texts of datapoints one behind the other: a million of them are a thousand pieces of memory.
  struct Block {
    std::string text;  // never grows beyond the capacity that it began with
    std::size_t entries = 0;
  };

  void push(FeedEntry entry);
  void drop_oldest();

  const std::size_t limit_bytes_;
  std::deque<Block> blocks_;
  std::deque<FeedEntry> entries_;  // the last one has number_
  std::uint64_t number_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace webmacs
