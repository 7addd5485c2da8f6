#pragma once
// Readings that no hub has acknowledged yet: in memory first, on disk when an acknowledgement takes longer than
// spill_after, at once when the connection is lost, when memory's bound is reached and at shutdown. With spill_after =
// 0 a reading may be sent only after it is durable. A reading is deleted only when it is settled. Network thread only;
// a worker owns the file, and one visit to it is under way at a time, so that what arrives meanwhile is the next
// transaction.

#include "agent/buffer_file.h"
#include "agent/settings.h"
#include "common/backoff.h"
#include "common/worker.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace webmacs {

struct OutboxLimits {
  std::size_t memory_readings = 20000;  // in flight included; twice that while a write is under way
  std::size_t page_readings = 2000;     // read back from disk at a time
  std::chrono::milliseconds live_age{2000};
  std::chrono::milliseconds first_retry{200};  // of a file that failed; doubled up to longest_retry
  std::chrono::milliseconds longest_retry{30000};
  std::chrono::milliseconds drop_spell_end{60000};  // so long after the last drop the loss is summed up
};

struct OutboxStatus {
  std::int64_t backlog = 0;  // readings that wait, on disk or older than live_age
  std::int64_t dropped = 0;  // readings given up since the buffer was made
  std::int64_t bytes_on_disk = 0;
  bool recovering = false;  // readings wait in a damaged file that was set aside
  std::string trouble;      // why readings are kept in memory only; empty when all is well
  std::uint64_t write_transactions = 0;
};

class Outbox {
 public:
  enum class Kind { live, backlog };
  // Offered readings in order; answers whether the reading found room in the batch.
  using TryAdd = std::function<bool(const Reading&)>;

  struct Batch {
    bool backlog = false;
    bool from_disk = false;  // its rows are read again when the connection is lost
    std::vector<BufferedReading> readings;
  };

  // Opens the file in the background: it may be missing, damaged or unreachable, now or later.
  Outbox(boost::asio::io_context& io, BufferSettings settings, OutboxLimits limits = {});
  ~Outbox();  // call flush_and_close() before; what is only in memory is lost otherwise
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  void on_ready(std::function<void()> ready);      // called when more may be taken
  void on_changed(std::function<void()> changed);  // called when `trouble` changed or readings were dropped

  // `received`: when they came in, where that is not now: what is older than live_age is backlog.
  void add(std::vector<Reading> readings) { add(std::move(readings), std::chrono::steady_clock::now()); }
  void add(std::vector<Reading> readings, std::chrono::steady_clock::time_point received);

  // Moves readings into a new in-flight batch under this number, until `try_add` refuses one; how many. Live ones are
  // at most live_age old. None may mean "not yet": on_ready tells.
  std::size_t take(Kind kind, std::int64_t batch, const TryAdd& try_add);
  std::size_t live_waiting() const { return live_.size(); }
  // When the oldest live reading that waits came in; now when none does.
  std::chrono::steady_clock::time_point oldest_live() const;

  // Null when there is no such batch (any more). Stays valid until the batch is settled or the connection is lost.
  const Batch* in_flight(std::int64_t batch) const;

  // The batch was answered for good (ack or error): its readings are deleted, here and on disk. Those at `again`
  // (indices of conflicts) are kept as new readings 1 µs later, unless that was done before.
  void settle(std::int64_t batch, const std::vector<std::size_t>& again = {});

  void connection_made();
  // Everything in flight waits again, and what is not on disk yet is written at once.
  void connection_lost();

  OutboxStatus status() const;
  std::chrono::steady_clock::time_point worker_last_turn() const { return worker_.last_turn(); }  // any thread

  // Writes everything unacknowledged and closes the file. Blocks, at most a few seconds. After `disk_hangs` the process
  // should end with _exit: the destructor would wait for the disk. Later calls of the others do nothing.
  enum class Flushed { all, not_all, disk_hangs };
  Flushed flush_and_close();

 private:
  using Clock = std::chrono::steady_clock;
  using Queue = std::deque<BufferedReading>;  // ascending seq

  // What is sent (outbox.cpp).
  bool may_be_sent(const BufferedReading& buffered) const;
  void age_out();
  void put_back(BufferedReading buffered);
  std::size_t take_from(Queue& queue, bool backlog, bool from_disk, std::int64_t batch, const TryAdd& try_add);
  void forget(std::int64_t seq);
  bool disk_helps() const;
  void bound_memory();
  void drop(Queue& queue, bool oldest);
  void add_dropped_marks();
  void note_dropped(std::int64_t count, Timestamp from, Timestamp to);
  std::size_t memory_readings() const { return live_.size() + old_.size() + in_flight_memory_; }

  // What is on disk (outbox_disk.cpp).
  void kick();
  bool compose(BufferVisit& visit);
  void finish_visit(const BufferVisit& visit, BufferVisitResult result, std::uint64_t connection);
  void judge(bool took_something, bool opened, const std::string& trouble_before);
  void after_open(const BufferVisitResult& result);
  void after_failure(const BufferVisit& visit, const BufferVisitResult& result);
  void take_recovered(std::vector<BufferedReading> recovered);
  void take_page(const BufferVisit& visit, BufferVisitResult& result);
  std::vector<BufferedReading> unacknowledged_above(std::int64_t seq) const;
  bool spill_due() const;
  void evict();
  void arm_tick();
  void tick();

  boost::asio::io_context& io_;
  const BufferSettings settings_;
  const OutboxLimits limits_;
  std::function<void()> ready_ = [] {};
  std::function<void()> changed_ = [] {};

  Queue live_;  // at most live_age old, not in flight
  Queue old_;   // older, not in flight, still in memory
  Queue page_;  // read back from disk
  std::map<std::int64_t, Batch> in_flight_;
  std::size_t in_flight_memory_ = 0;  // readings of batches that did not come from disk
  std::int64_t next_seq_ = 1;
  bool connected_ = false;
  std::uint64_t connection_ = 0;  // counts them, so that a page read for a former one is not used

  // Every unacknowledged reading in memory with a seq up to this: is on its way to disk / is durable / may have a row.
  std::int64_t queued_through_ = 0;
  std::int64_t durable_through_ = 0;
  std::int64_t touched_through_ = 0;
  std::int64_t evicted_through_ = 0;    // rows up to this are read back, unless their reading is still in memory
  std::int64_t recovered_through_ = 0;  // up to this, some were read back from a damaged file
  std::int64_t cursor_ = 0;             // read back so far, on this connection

  std::vector<SeqRange> forget_;  // settled rows, deleted with the next visit
  std::int64_t forget_rows_ = 0;
  Clock::time_point forget_since_{};
  std::int64_t unsaved_dropped_ = 0;  // not yet counted in the file
  std::int64_t spell_dropped_ = 0;    // since the log said so
  Timestamp spell_from_{}, spell_to_{};
  std::map<std::string, Timestamp> dropped_ends_;  // per event the last that memory gave up, not yet told as a reading
  Clock::time_point last_drop_{};
  Clock::time_point last_write_{};

  std::int64_t forgetting_rows_ = 0;  // with the visit under way
  std::int64_t saving_dropped_ = 0;

  bool spill_wanted_ = false;
  bool page_wanted_ = false;
  bool shrink_wanted_ = false;
  bool visiting_ = false;
  bool closed_ = false;
  bool ever_opened_ = false;
  bool full_ = false;             // the newest are to be dropped, and the file is full
  bool on_trial_ = false;         // the file failed, and took nothing since
  Clock::time_point retry_at_{};  // of a file that is not usable, or full
  Backoff retry_backoff_;
  BufferFileState file_state_;

  boost::asio::steady_timer tick_timer_;
  bool tick_armed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::shared_ptr<BufferFile> file_;  // the worker's
  Worker worker_;                     // last: joins before the rest goes
};

}  // namespace webmacs
