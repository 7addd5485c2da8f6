#pragma once
// One transaction's readings on their way into PostgreSQL: all of them in one statement or two, and the outcome of each
// as if they had been inserted one after the other. Used within a transaction, and once.
// Readings that are newer than all that their event has (nearly all there are) are inserted without a look for what is
// there already: with it, each costs PostgreSQL half as much again. Should another program have written them, that
// fails with unique_violation; once the events are read again, the same readings go the careful way.

#include "server/store/postgres/lost_commit.h"
#include "server/store/postgres/postgres_connection.h"
#include "server/store/sql/store_events.h"
#include "server/store/store.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace webmacs {

class PostgresAppend {
 public:
  PostgresAppend(PostgresConnection& connection, StoreEvents& events, LostCommit& lost)
      : connection_(connection), events_(events), lost_(lost) {}

  std::vector<std::vector<AppendResult>> run(std::span<const IncomingBatch* const> batches);

 private:
  struct Identity {
    std::int64_t event, time;
    bool operator==(const Identity&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Identity& identity) const {
      return static_cast<std::size_t>(identity.event * 0x9E3779B97F4A7C15 + identity.time);
    }
  };
  struct Row {  // to be inserted
    Identity identity;
    const Reading* reading;
    bool surely_new;
    bool stored = true;
    std::optional<double> value;  // what the table holds
  };
  struct Place {  // a reading's row; none: its result is known
    const Reading* reading;
    AppendResult* result;
    std::size_t row;
    bool first;  // the row is made of it
  };

  void look_for_taken_times(std::span<const IncomingBatch* const> batches);
  void plan(const IncomingBatch& batch, std::vector<AppendResult>& results);
  void plan_at_receipt(KnownEvent& event, const Reading& reading, AppendResult& result);
  void place(const KnownEvent& event, std::int64_t time, const Reading& reading, AppendResult& result);
  void insert(bool surely_new);
  void look_up_those_that_were_there();

  PostgresConnection& connection_;
  StoreEvents& events_;
  LostCommit& lost_;
  std::vector<Row> rows_;
  std::unordered_map<Identity, std::size_t, Hash> row_of_;
  std::vector<Place> places_;
  std::map<std::int64_t, std::set<std::int64_t>> taken_;  // by event: times that stand in the table already
};

}  // namespace webmacs
