#pragma once
// The events of a store as its writer sees them: key and owner of each, kept in memory and read again when another
// connection has changed something. Used within a transaction of the store; after one that failed, forget().

#include "common/messages.h"
#include "server/store/sql/sql_session.h"
#include "server/store/store.h"

#include <limits>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace webmacs {

struct KnownEvent {
  std::int64_t key = 0;
  std::string controller;  // empty: nobody's yet
  // The unbroken run [begin, end) of microseconds that readings without a time have taken, so that a burst of them
  // finds the next free one at once.
  std::int64_t taken_begin = 0, taken_end = 0;
  // Its summaries are right before the mark; the newest datapoint is known once it was looked for, and may be older
  // than that (removed, or not committed after all).
  std::int64_t mark = 0;
  std::optional<std::int64_t> newest;
  bool mark_moved_back = false;
  std::int64_t newest_stored = 0;  // through this object, since the events were read
};

class StoreEvents {
 public:
  explicit StoreEvents(SqlSession& session) : session_(session) {}

  // At the begin of a transaction: reads the events again if another connection has changed the database.
  void refresh() { refresh(session_.change_counter()); }
  void refresh(std::int64_t change_counter);
  // Memory may hold what was rolled back.
  void forget() { loaded_ = false; }

  // The event, made or taken over for `controller` where it belongs to nobody. The reference holds until refresh().
  KnownEvent& find_or_create(const std::string& public_id, const std::string& controller);

  // Upserts a description of `controller`; writes nothing when nothing changed. False when the event is another's:
  // `owner` then says whose.
  bool describe(const std::string& controller, const EventDescription& description, std::string& owner);

  // A person's doing. False: the id is in use; there is no such event.
  bool try_add(const EventRecord& event);
  bool change(const EventRecord& event);

  std::vector<EventRecord> all();
  std::optional<EventRecord> record(std::string_view public_id);
  std::vector<std::int64_t> keys() const;  // as read last
  // The greatest time that is known of any event and not after `not_after`; 0 where none is known.
  std::int64_t newest_known(std::int64_t not_after) const;
  // Null where there is none. Holds until refresh().
  const KnownEvent* find(std::int64_t key) const;

  // A datapoint of the event was stored: its summaries must follow.
  void note_stored(KnownEvent& event, std::int64_t time) {
    if (event.newest && time > *event.newest) event.newest = time;
    if (time > event.newest_stored) event.newest_stored = time;
    if (time < event.mark) move_mark_back(event, time);
    may_want_summaries_ = true;
  }
  // The same, of an event by its key.
  void note_stored(std::int64_t key, std::int64_t time) { note_stored(*by_key_.at(key), time); }
  // Before the commit.
  void write_marks();
  // The earliest time of those that have moved a mark back since this was asked last; far away when none has.
  std::int64_t take_moved_back_to() { return std::exchange(moved_back_to_, std::numeric_limits<std::int64_t>::max()); }
  bool wants_summaries() const { return may_want_summaries_ || !loaded_; }
  // A small step of it; false when all are up to date.
  // `event`: whose summaries are being made, should that fail; those `left_alone` are not looked at.
  bool summarize_some(const std::set<std::int64_t>& left_alone, std::int64_t& event);

 private:
  void move_mark_back(KnownEvent& event, std::int64_t time);
  void load();
  void write(std::int64_t key, const EventRecord& event);

  SqlSession& session_;
  std::unordered_map<std::string, KnownEvent> known_;  // by public id
  std::unordered_map<std::int64_t, KnownEvent*> by_key_;
  std::vector<KnownEvent*> moved_back_;  // in this transaction
  std::int64_t moved_back_to_ = std::numeric_limits<std::int64_t>::max();
  bool may_want_summaries_ = true;
  std::int64_t version_ = 0;  // the change_counter that known_ was read at
  bool loaded_ = false;
};

}  // namespace webmacs
