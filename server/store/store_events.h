#pragma once
// The events of a store as its writer sees them: key and owner of each, kept in memory and read again when another
// connection has changed something. Used within a transaction of the store; after one that failed, forget().

#include "common/messages.h"
#include "server/store/sql_session.h"
#include "server/store/store.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace webmacs {

struct KnownEvent {
  std::int64_t key = 0;
  std::string controller;  // empty: nobody's yet
  // The unbroken run [begin, end) of microseconds that readings without a time have taken, so that a burst of them
  // finds the next free one at once.
  std::int64_t taken_begin = 0, taken_end = 0;
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

 private:
  void load();
  void write(std::int64_t key, const EventRecord& event);

  SqlSession& session_;
  std::unordered_map<std::string, KnownEvent> known_;  // by public id
  std::int64_t version_ = 0;                           // the change_counter that known_ was read at
  bool loaded_ = false;
};

}  // namespace webmacs
