#pragma once
// Where datapoints, events and tokens live. One contract, several stores, chosen by store.url. Every call blocks and
// throws StoreError; a Store object belongs to one thread at a time (the ingest worker, a reader, a command): open one
// for each. Readers never wait for the writer.

#include "common/messages.h"
#include "common/reading.h"
#include "server/store/experiment.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

struct Summary;  // summary.h

class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What was asked for cannot be: the store itself is well, and nothing was changed.
class StoreConflict : public StoreError {
 public:
  using StoreError::StoreError;
};

// A reading on its way in; `reading` is valid (id, time and value checked).
struct IncomingReading {
  Reading reading;
  // The sender gave no time: reading.time is the hub's time of receipt, moved by 1 µs until it is free for the event.
  bool time_of_receipt = false;
};

struct IncomingBatch {
  std::string controller;
  std::vector<IncomingReading> readings;
};

enum class Outcome { stored, duplicate, conflict, foreign_event };

struct AppendResult {
  Outcome outcome = Outcome::stored;
  std::int64_t event_key = 0;  // never reused, even after the event was deleted
  Timestamp time;              // as stored
  std::string owner;           // foreign_event: the controller it belongs to
};

struct StoredPoint {
  std::int64_t event_key = 0;
  Reading reading;
};

// A datapoint of an event that is known.
struct Point {
  Timestamp time;
  std::optional<double> value;
  std::string reason;  // why it is bad
};

struct EventRecord {
  std::int64_t key = 0;
  std::string controller;  // its owner; empty when nobody pushed or described it yet
  bool described = false;  // by an agent: REST cannot change it
  EventDescription description;
};

struct DescribeResult {
  std::size_t index = 0;  // into the events that were given
  std::string owner;      // the controller the refused event belongs to
};

struct TokenRecord {
  std::string name;  // unique among the tokens that are not revoked
  std::string hash;  // SHA-256 of the token's text, 64 hex digits
  std::string role;  // controller, viewer, operator, admin
  Timestamp created;
  std::optional<Timestamp> expires;
  std::optional<Timestamp> revoked;
};

// What the hub knew of a controller when it last wrote it down.
struct ControllerRecord {
  std::string name;
  Timestamp last_seen;
  std::string status;  // the agent's last status frame as it came over the wire; empty when it sent none
};

// What may not stay for ever; 0 each: it may.
struct RetentionRules {
  std::chrono::microseconds age{0};
  std::int64_t max_bytes = 0;

  bool none() const { return age.count() == 0 && max_bytes == 0; }
  bool operator==(const RetentionRules& other) const { return age == other.age && max_bytes == other.max_bytes; }
};

// What a step of keeping to them did.
struct RetentionStep {
  std::int64_t removed = 0;    // datapoints
  bool more = false;           // the pass is not over yet
  bool cannot_shrink = false;  // it is over, the store is too large, and nothing that may go is left
  std::int64_t bytes = 0;      // the store's size when the pass began
};

class Store {
 public:
  virtual ~Store() = default;

  // One transaction, durable (synced) on return; results in the order of the readings, batch by batch. Identity is
  // (event, time): same value again is a duplicate, another value a conflict. On StoreError nothing of it was stored.
  virtual std::vector<std::vector<AppendResult>> append(const std::vector<const IncomingBatch*>& batches) = 0;

  // Upserts what an agent says of its events; durable on return. Answers those that belong to another controller.
  virtual std::vector<DescribeResult> describe(const std::string& controller,
                                               const std::vector<EventDescription>& events) = 0;

  virtual std::vector<EventRecord> events() = 0;
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

  virtual std::vector<ExperimentRecord> experiments() = 0;  // by begin
  // Both throw StoreConflict naming the experiment that it would overlap on a controller that both cover. The
  // configuration of its events as it is now is kept with it.
  virtual void add_experiment(const ExperimentRecord& experiment) = 0;
  // Everything but annotations; how it was is kept. False when there is none.
  virtual bool change_experiment(const ExperimentRecord& experiment, const std::string& who, Timestamp when) = 0;
  virtual bool remove_experiment(std::string_view public_id) = 0;  // its datapoints stay
  virtual bool annotate(std::string_view experiment, const Annotation& annotation) = 0;
  virtual bool remove_annotation(std::string_view experiment, std::string_view annotation) = 0;
  virtual std::vector<ExperimentEdit> experiment_edits(std::string_view public_id) = 0;
  // The configuration of its events that was kept: names and units as they were.
  virtual std::vector<EventRecord> experiment_events(std::string_view public_id) = 0;

  virtual std::vector<TokenRecord> tokens() = 0;  // revoked ones included
  // Throws StoreConflict when the name is in use.
  virtual void add_token(const TokenRecord& token) = 0;
  // False when there is no such token, or it is revoked already.
  virtual bool revoke_token(std::string_view name, Timestamp when) = 0;

  virtual std::vector<ControllerRecord> controllers() = 0;
  virtual void save_controllers(const std::vector<ControllerRecord>& controllers) = 0;

  // Changes whenever another connection or process has changed tokens or events since, perhaps more often: cheap to
  // ask.
  virtual std::int64_t change_counter() = 0;
  // Throws when the store cannot be read and written right now.
  virtual void check() = 0;
};

// "sqlite:///absolute/path", "sqlite://relative/path", or "postgresql://user@host/database" (all that libpq takes),
// whose password may stand in the first line of a file. Creates and migrates the schema; throws StoreError with a text
// that names what cannot be opened and what to do about it (not writable, newer schema, no database, wrong password).
std::unique_ptr<Store> open_store(const std::string& url, const std::string& password_file = {});

// The url without the password that it may hold: for logs and messages.
std::string without_password(const std::string& url);

// public_id of a datapoint: reversibly encodes the event's key and the microseconds ("dp_" + base 36).
std::string datapoint_public_id(std::int64_t event_key, Timestamp time);
// Its end, which all datapoints of that time have in common: so many characters.
constexpr std::size_t datapoint_id_time_digits = 11;
void append_datapoint_id_time(std::string& out, Timestamp time);
struct DatapointKey {
  std::int64_t event_key = 0;
  Timestamp time;
};
std::optional<DatapointKey> parse_datapoint_public_id(std::string_view public_id);

}  // namespace webmacs
