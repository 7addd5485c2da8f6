#pragma once
// Group commit, then acknowledge and broadcast. Batches queue while the writer commits; when it is free, all that
// arrived meanwhile (up to a bound) is the next transaction: no timer, no linger. The writer is a worker that owns the
// store; everything else here belongs to the network thread.

#include "server/ingest/housekeeping.h"
#include "server/ingest/ingest_counters.h"
#include "server/store/store.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace webmacs {

struct IngestLimits {
  std::size_t queued_readings = 50000;             // beyond it try_submit refuses
  std::size_t transaction_readings = 2000;         // a transaction takes batches until it holds this many
  std::chrono::milliseconds retry_interval{1000};  // how often a store that failed is tried again
};

// A reading that was newly stored by the transaction that just committed.
struct CommittedPoint {
  std::int64_t event_key;
  Reading reading;
  bool backlog;
  std::string controller;
};

class Ingest {
 public:
  // Empty `results`: nothing was stored (the store is away), the sender shall come again.
  using Stored = std::function<void(const std::vector<AppendResult>& results)>;
  using Described = std::function<void(const std::vector<DescribeResult>& refused)>;
  // What a write did not do: empty when it is done, otherwise why the store is away.
  using Written = std::function<void(const std::string& failure)>;
  using AfterCommit = std::function<void(std::vector<CommittedPoint>& points)>;

  // `store` is the writer's own; `io` outlives this object. `after_commit` is called on the network thread once per
  // transaction, before the senders' callbacks; the points are for it to move from.
  Ingest(boost::asio::io_context& io, std::unique_ptr<Store> store, IngestLimits limits, AfterCommit after_commit);
  // Waits for the transaction that is being written, if any; callbacks that have not run are dropped.
  ~Ingest();
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  // False when the queue is full: the sender is told "busy", or is no longer read. When the store fails, a batch that
  // `may_be_refused` comes back empty at once; the others stay at the head of the queue and are tried again each
  // second until they are stored.
  bool try_submit(IncomingBatch batch, bool backlog, bool may_be_refused, Stored stored);
  // Ordered with the batches. Waits out a failure of the store; refused when the queue is full.
  bool try_describe(std::string controller, std::vector<EventDescription> events, Described described);
  // Any other write, `work`, on the writer's thread and ordered with the batches; it keeps what it found for `written`.
  // Not tried again: while the store is away, `written` says so at once. Refused when the queue is full.
  bool try_write(std::function<void(Store&)> work, Written written);
  // Has the writer do what can wait (Housekeeping) for a moment, and for longer while nothing else is to be done.
  // Called now and then.
  void maintain();
  Housekeeping& housekeeping() const;
  // Called once, when the queue has room again (half of its bound) after a refusal.
  void when_room(std::function<void()> resume);

  // Whether the last transaction (or check) succeeded; the text of the failure otherwise.
  bool healthy() const;
  const std::string& failure() const;
  const IngestCounters& counters() const;

  // Takes no more, commits what is queued, then calls `done` (network thread). Gives up after `deadline`.
  void drain(std::chrono::milliseconds deadline, std::function<void()> done);

  // When the writer's loop last turned, for the watchdog.
  std::chrono::steady_clock::time_point last_turn() const;

 private:
  class Writer;
  std::shared_ptr<Writer> writer_;  // results that arrive late find it gone
};

}  // namespace webmacs
