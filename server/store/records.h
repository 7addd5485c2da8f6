#pragma once
// What a store takes and gives: plain values, one struct for each kind of record. Any thread.

#include "common/messages.h"
#include "common/reading.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace webmacs {

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

// damaged: the page that it belongs on cannot be used; it can be stored as soon as the store has been restored.
enum class Outcome { stored, duplicate, conflict, foreign_event, damaged };

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

// What is exchanged once for a token's text.
struct TokenCode {
  std::string hash;      // SHA-256 of the code's text, 64 hex digits
  std::string token;     // the name of the token that it was made for
  bool enrolls = false;  // the controller's token itself gets a new text; else a further one is made: NAME.2, NAME.3, …
  Timestamp expires;
};

// What the hub knew of a controller when it last wrote it down.
struct ControllerRecord {
  std::string name;
  Timestamp last_seen;
  // What its agent last said of itself, but for its clock; empty when it said nothing.
  std::optional<StatusFrame> status;
};

// What may not stay for ever; 0 each: it may.
struct RetentionRules {
  std::chrono::microseconds age{0};
  std::int64_t max_bytes = 0;
  // How long what an experiment covered once stays all the same, counted as the age is.
  std::chrono::microseconds grace{0};

  bool none() const { return age.count() == 0 && max_bytes == 0; }
  bool operator==(const RetentionRules&) const = default;
};

// What a step of keeping to them did.
struct RetentionStep {
  std::int64_t removed = 0;    // datapoints
  bool more = false;           // the pass is not over yet
  bool cannot_shrink = false;  // it is over, the store is too large, and nothing that may go is left
  std::int64_t bytes = 0;      // the store's size when the pass began
};

// How much room the record takes, and how much there is. Bytes.
struct StoreRoom {
  std::int64_t bytes = 0;               // as max_size counts them
  std::int64_t record = 0;              // without what comes and goes, such as a log
  std::optional<std::int64_t> left;     // by which the record may still grow; empty: the disk cannot be seen from here
  std::optional<std::int64_t> on_disk;  // how large that disk is
};

// What the record holds.
struct StoreContent {
  std::int64_t datapoints = 0;
  std::optional<Timestamp> oldest, newest;  // empty where there is none
};

// StoreRoom::record at some time.
struct SizeSample {
  Timestamp taken;
  std::int64_t bytes = 0;

  bool operator==(const SizeSample&) const = default;
};

// How far the reading of all rows has come, which looks for damage: everything before this place.
struct RowCheck {
  std::int64_t event_key = 0;
  std::int64_t time = -1;             // of the last row that was read, microseconds
  std::optional<Timestamp> begun_on;  // when the last part of it was begun; empty: never
  std::int64_t rows = 0;              // in the store, about
};

// Datapoints that no experiment covers, within what was asked for.
struct UncoveredCount {
  std::int64_t datapoints = 0;
  bool complete = true;  // false: there was no time to count them all
};

}  // namespace webmacs
