#pragma once
// Where datapoints, events and tokens live. One contract, several stores, chosen by store.url. Every call blocks and
// throws StoreError; a Store object belongs to one thread at a time (the ingest worker, a reader, a command): open one
// for each. Readers never wait for the writer.

#include "common/messages.h"
#include "server/store/experiment.h"
#include "server/store/records.h"
#include "server/store/store_error.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

struct Summary;  // summary.h

class Store {
 public:
  virtual ~Store() = default;

  // One transaction, durable (synced) on return; results in the order of the readings, batch by batch. Identity is
  // (event, time): same value again is a duplicate, another value a conflict. On StoreError nothing of it was stored.
  virtual std::vector<std::vector<AppendResult>> append(std::span<const IncomingBatch* const> batches) = 0;

  // Upserts what an agent says of its events; durable on return. Answers those that belong to another controller.
  virtual std::vector<DescribeResult> describe(const std::string& controller,
                                               const std::vector<EventDescription>& events) = 0;

  virtual std::vector<EventRecord> events() = 0;  // by public id
  virtual std::optional<EventRecord> event(std::string_view public_id) = 0;
  // Made by a person, not by an agent. Throws StoreConflict when the id is in use.
  virtual void add_event(const EventRecord& event) = 0;
  // Description and owner become these; one that moves to another controller takes its history with it, and counts as
  // not described until that controller's agent does. False when there is none.
  virtual bool change_event(const EventRecord& event) = 0;
  // Throws StoreConflict when it has datapoints; false when there is none.
  virtual bool remove_event(const std::string& event_public_id) = 0;

  // Per event the datapoint with the greatest time that is not after `not_after`, bad ones included.
  virtual std::vector<StoredPoint> latest(Timestamp not_after) = 0;
  // All datapoints of an event in [from, to), ascending, at most `limit`.
  virtual std::vector<StoredPoint> range(const std::string& event_public_id, Timestamp from, Timestamp to,
                                         std::size_t limit) = 0;

  // Likewise, of an event's key, into `points` (cleared first): what bulk reading is made of.
  virtual void read(std::int64_t event_key, Timestamp from, Timestamp to, std::size_t limit,
                    std::vector<Point>& points) = 0;

  // The summaries of the event's stretches of `level` that begin in [from, to), in order, added to `summaries`; those
  // before summary_mark() are right. Microseconds.
  virtual void read_summaries(std::int64_t event_key, int level, std::int64_t from, std::int64_t to,
                              std::vector<Summary>& summaries) = 0;
  virtual std::int64_t summary_mark(std::int64_t event_key) = 0;
  // Brings the summaries up to date, for about so long; true when there is more to do. The writer's, between
  // transactions: what was appended through another object is found when this one next reads its events.
  virtual bool summarize(std::chrono::milliseconds budget) = 0;

  // Removes what the rules do not let stay, for about so long; retention.h says what. The writer's, as summarize(). A
  // pass that is over begins again with the next call.
  virtual RetentionStep retain(const RetentionRules& rules, std::chrono::milliseconds budget) = 0;

  virtual StoreRoom room() = 0;
  // Counts all datapoints, which takes its time.
  virtual StoreContent content() = 0;
  // The sizes that were noted, by time.
  virtual std::vector<SizeSample> sizes() = 0;
  // Notes one more, and forgets those that were taken before `forget_before`.
  virtual void add_size(const SizeSample& sample, Timestamp forget_before) = 0;

  // What set_row_check() has kept.
  virtual RowCheck row_check() = 0;
  virtual void set_row_check(const RowCheck& check) = 0;
  // Reads rows from `check` on for about so long, and moves it on; answers how many. What is damaged is noted and left
  // out. At the end it begins again.
  virtual std::int64_t check_rows(RowCheck& check, std::chrono::milliseconds budget) = 0;

  virtual std::vector<ExperimentRecord> experiments() = 0;  // by begin
  virtual std::optional<ExperimentRecord> experiment(std::string_view public_id) = 0;
  // Both throw StoreConflict naming the experiment that it would overlap on a controller that both cover. The
  // configuration of its events as it is now is kept with it.
  virtual void add_experiment(const ExperimentRecord& experiment) = 0;
  // Everything but annotations; how it was is kept. False when there is none. What the experiment covers no more is
  // safe from retention for RetentionRules::grace from `newest` on, the newest datapoint that is not in the future.
  virtual bool change_experiment(const ExperimentRecord& experiment, const std::string& who, Timestamp when,
                                 Timestamp newest) = 0;
  // Its datapoints stay, as after a change.
  virtual bool remove_experiment(std::string_view public_id, Timestamp newest) = 0;
  // Counts the datapoints within `lost` that no experiment covers, for about so long.
  virtual UncoveredCount count_uncovered(const std::vector<LostCover>& lost, std::chrono::milliseconds budget) = 0;
  virtual bool annotate(std::string_view experiment, const Annotation& annotation) = 0;
  virtual bool remove_annotation(std::string_view experiment, std::string_view annotation) = 0;
  // At most `limit` of them, after the newest `skip`.
  virtual ExperimentEdits experiment_edits(std::string_view public_id, std::size_t skip, std::size_t limit) = 0;
  // The configuration of its events that was kept: names and units as they were.
  virtual std::vector<EventRecord> experiment_events(std::string_view public_id) = 0;

  virtual std::vector<TokenRecord> tokens() = 0;  // revoked ones included
  // Throws StoreConflict when the name is in use.
  virtual void add_token(const TokenRecord& token) = 0;
  // Revokes those that links of it gave, too, and ends its codes. False when there is no such token, or it is revoked
  // already.
  virtual bool revoke_token(std::string_view name, Timestamp when) = 0;

  virtual void add_code(const TokenCode& code, Timestamp now) = 0;
  // Whether the code can be exchanged: cheap, and writes nothing.
  virtual bool knows_code(std::string_view hash, Timestamp now) = 0;
  // Ends the code and returns the token that it gives, which has `token_hash` from now on; empty when the code is not
  // known, used or expired, or its token may not enter any more.
  virtual std::optional<TokenRecord> exchange_code(std::string_view hash, const std::string& token_hash,
                                                   Timestamp now) = 0;

  virtual std::vector<ControllerRecord> controllers() = 0;  // by name
  // Upserts them; durable on return. The others stay.
  virtual void save_controllers(const std::vector<ControllerRecord>& controllers) = 0;

  // Changes whenever another connection or process has changed tokens or events since, perhaps more often: cheap to
  // ask.
  virtual std::int64_t change_counter() = 0;
  // Throws when the store cannot be read and written right now.
  virtual void check() = 0;
};

}  // namespace webmacs
