#include "server/ingest/ingest.h"

#include "common/log.h"
#include "common/worker.h"
#include "server/ingest/ingest_queue.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <utility>

namespace webmacs {
namespace {

// What the writer brings back.
struct Result {
  bool failed = false;
  std::string failure;
  Housekeeping::Result maintained;
  std::vector<std::vector<AppendResult>> appended;
  std::vector<DescribeResult> refused;
  std::chrono::steady_clock::duration took{};
};

}  // namespace

// Everything but `run` belongs to the network thread. While a job is in flight, the worker reads `in_flight_` and
// the network thread leaves it alone.
class Ingest::Writer : public std::enable_shared_from_this<Ingest::Writer> {
 public:
  Writer(boost::asio::io_context& io, std::unique_ptr<Store> store, IngestLimits limits, AfterCommit after_commit)
      : io_(io),
        limits_(limits),
        after_commit_(std::move(after_commit)),
        queue_(limits.queued_readings),
        retry_timer_(io),
        drain_timer_(io),
        housekeeping_(io, [this] { maintain(); }),
        store_(std::move(store)),
        worker_("store writer", 1) {}

  bool try_submit(IngestItem item);
  void when_room(std::function<void()> resume);
  void drain(std::chrono::milliseconds deadline, std::function<void()> done);
  void stop();

  void maintain();
  bool healthy() const { return failure_.empty(); }
  const std::string& failure() const { return failure_; }
  const IngestCounters& counters();
  Housekeeping& housekeeping() { return housekeeping_; }
  const Worker& worker() const { return worker_; }

 private:
  void start_if_idle();
  void start_job();
  Result run();  // on the worker
  void finished(const Result& result);
  void committed(std::vector<IngestItem> items, const Result& result);
  void failed(const std::string& failure);
  void give_back_refusable();
  void try_again_later();
  void recovered();
  void offer_room();
  void finish_drain_if_empty();
  void end_drain();

  boost::asio::io_context& io_;
  const IngestLimits limits_;
  const AfterCommit after_commit_;
  IngestQueue queue_;
  boost::asio::steady_timer retry_timer_;
  boost::asio::steady_timer drain_timer_;

  std::vector<IngestItem> in_flight_;  // empty in a job: it only checks the store, or maintains it
  bool maintaining_ = false;           // the job in flight does
  bool maintenance_wanted_ = false;
  Housekeeping housekeeping_;
  bool busy_ = false;     // a job is in flight
  bool waiting_ = false;  // the store failed and the retry timer runs
  bool stopped_ = false;
  std::string failure_;
  std::chrono::steady_clock::time_point failed_since_;
  IngestCounters counters_;
  std::vector<CommittedPoint> points_;  // keeps its room: freeing so much at once makes malloc tidy up all it has
  std::vector<std::function<void()>> waiting_for_room_;
  bool draining_ = false;
  std::function<void()> drained_;
  bool ended_ = false;  // drained, or given up: a store that is away is not tried again

  const std::unique_ptr<Store> store_;  // the worker's, between construction and stop()
  Worker worker_;
};

bool Ingest::Writer::try_submit(IngestItem item) {
  if (!healthy() && item.may_be_refused && !draining_) {
    ++counters_.refused;
    boost::asio::post(io_, [item = std::move(item), failure = failure_, self = weak_from_this()] {
      if (!self.expired()) item.refuse(failure);
    });
    return true;
  }
  if (draining_ || !queue_.try_push(item)) {
    ++counters_.refused;
    return false;
  }
  start_if_idle();
  return true;
}

void Ingest::Writer::maintain() {
  maintenance_wanted_ = !draining_;
  start_if_idle();
}

const IngestCounters& Ingest::Writer::counters() {
  counters_.queued_readings = queue_.readings();
  return counters_;
}

void Ingest::Writer::when_room(std::function<void()> resume) {
  waiting_for_room_.push_back(std::move(resume));
  boost::asio::post(io_, [self = weak_from_this()] {
    if (const auto writer = self.lock()) writer->offer_room();
  });
}

void Ingest::Writer::start_if_idle() {
  if (busy_ || waiting_ || stopped_ || (queue_.empty() && !maintenance_wanted_)) return;
  start_job();
}

void Ingest::Writer::start_job() {
  busy_ = true;
  maintaining_ = std::exchange(maintenance_wanted_, false) && healthy() && !draining_;
  if (maintaining_) housekeeping_.plan();
  if (!maintaining_) in_flight_ = queue_.take(limits_.transaction_readings);
  // The worker holds no reference of its own: the destructor joins it before anything here goes.
  auto job = [this, self = weak_from_this(), work = boost::asio::make_work_guard(io_)] {
    boost::asio::post(io_, [self, result = run()] {
      if (const auto writer = self.lock()) writer->finished(result);
    });
  };
  if (!worker_.try_post(std::move(job))) busy_ = false;
}

Result Ingest::Writer::run() {
  Result result;
  const auto started = std::chrono::steady_clock::now();
  try {
    if (maintaining_) {
      result.maintained = housekeeping_.run(*store_);
    } else if (in_flight_.empty()) {
      store_->check();
    } else if (in_flight_.front().work) {
      in_flight_.front().work(*store_);
    } else if (in_flight_.front().is_description) {
      result.refused = store_->describe(in_flight_.front().batch.controller, in_flight_.front().events);
    } else {
      std::vector<const IncomingBatch*> batches;
      batches.reserve(in_flight_.size());
      for (const IngestItem& item : in_flight_) batches.push_back(&item.batch);
      result.appended = store_->append(batches);
    }
  } catch (const std::exception& error) {
    result.failed = true;
    result.failure = error.what();
    if (result.failure.empty()) result.failure = "store: unknown failure";
  }
  result.took = std::chrono::steady_clock::now() - started;
  return result;
}

void Ingest::Writer::finished(const Result& result) {
  if (stopped_) return;
  busy_ = false;
  if (result.failed) return failed(result.failure);
  recovered();
  std::vector<IngestItem> items;
  items.swap(in_flight_);
  queue_.settle(items);
  const bool more = std::exchange(maintaining_, false) && housekeeping_.finished(result.maintained);
  if (more && queue_.empty() && !draining_) maintenance_wanted_ = true;
  start_if_idle();  // the disk works on the next while this one is broadcast
  committed(std::move(items), result);
  offer_room();
  finish_drain_if_empty();
}

void Ingest::Writer::committed(std::vector<IngestItem> items, const Result& result) {
  if (items.empty()) return;
  ++counters_.transactions;
  counters_.latency.add(result.took);
  if (items.front().is_description) return items.front().described(result.refused);
  if (items.front().work) return items.front().written({});
  points_.clear();
  for (std::size_t i = 0; i < items.size(); ++i) {
    counters_.count(result.appended[i]);
    IngestItem& item = items[i];
    for (std::size_t j = 0; j < item.batch.readings.size(); ++j) {
      const AppendResult& answer = result.appended[i][j];
      if (answer.outcome != Outcome::stored) continue;
      Reading& reading = item.batch.readings[j].reading;
      reading.time = answer.time;
      points_.push_back({answer.event_key, std::move(reading), item.backlog, item.batch.controller});
    }
  }
  after_commit_(points_);
  for (std::size_t i = 0; i < items.size() && !stopped_; ++i) items[i].stored(result.appended[i]);
}

void Ingest::Writer::failed(const std::string& failure) {
  if (!in_flight_.empty()) ++counters_.failed_transactions;
  if (healthy()) {
    failed_since_ = std::chrono::steady_clock::now();
    log_error("{}; nothing is acknowledged or shown until it works again, trying every {} ms", failure,
              limits_.retry_interval.count());
  }
  failure_ = failure;
  queue_.put_back(std::move(in_flight_));
  in_flight_.clear();
  try_again_later();
  give_back_refusable();
  finish_drain_if_empty();
}

void Ingest::Writer::give_back_refusable() {
  const std::vector<IngestItem> refused = queue_.take_refusable();
  counters_.refused += refused.size();
  for (const IngestItem& item : refused) {
    if (stopped_) return;
    item.refuse(failure_);
  }
  offer_room();
}

void Ingest::Writer::try_again_later() {
  if (ended_) return;
  waiting_ = true;
  retry_timer_.expires_after(limits_.retry_interval);
  retry_timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
    const auto writer = self.lock();
    if (error || !writer || writer->stopped_) return;
    writer->waiting_ = false;
    writer->start_job();  // a mere check when nothing waits
  });
}

void Ingest::Writer::recovered() {
  if (healthy()) return;
  const auto away = std::chrono::steady_clock::now() - failed_since_;
  log_info("store works again after {:.1f} s; {} readings waited and are stored now",
           std::chrono::duration<double>(away).count(), queue_.readings());
  failure_.clear();
}

void Ingest::Writer::offer_room() {
  if (stopped_ || draining_ || waiting_for_room_.empty() || !queue_.has_room()) return;
  std::vector<std::function<void()>> resumed;
  resumed.swap(waiting_for_room_);
  for (const auto& resume : resumed) {
    if (stopped_) return;
    resume();
  }
}

void Ingest::Writer::drain(std::chrono::milliseconds deadline, std::function<void()> done) {
  draining_ = true;
  drained_ = std::move(done);
  drain_timer_.expires_after(deadline);
  drain_timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
    const auto writer = self.lock();
    if (error || !writer || !writer->drained_) return;
    log_error("store: {} readings were not written in time and are given up; they were not acknowledged",
              writer->queue_.readings());
    writer->end_drain();
  });
  boost::asio::post(io_, [self = weak_from_this()] {
    if (const auto writer = self.lock()) writer->finish_drain_if_empty();
  });
}

void Ingest::Writer::finish_drain_if_empty() {
  if (!drained_ || stopped_ || !queue_.settled()) return;
  end_drain();
}

void Ingest::Writer::end_drain() {
  ended_ = true;
  drain_timer_.cancel();
  retry_timer_.cancel();
  std::exchange(drained_, nullptr)();
}

void Ingest::Writer::stop() {
  stopped_ = true;
  retry_timer_.cancel();
  drain_timer_.cancel();
  worker_.stop();
}

Ingest::Ingest(boost::asio::io_context& io, std::unique_ptr<Store> store, IngestLimits limits, AfterCommit after_commit)
    : writer_(std::make_shared<Writer>(io, std::move(store), limits, std::move(after_commit))) {}

Ingest::~Ingest() {
  writer_->stop();
}

bool Ingest::try_submit(IncomingBatch batch, bool backlog, bool may_be_refused, Stored stored) {
  return writer_->try_submit(IngestItem::readings_of(std::move(batch), backlog, may_be_refused, std::move(stored)));
}

bool Ingest::try_describe(std::string controller, std::vector<EventDescription> events, Described described) {
  return writer_->try_submit(IngestItem::descriptions(std::move(controller), std::move(events), std::move(described)));
}

bool Ingest::try_write(std::function<void(Store&)> work, Written written) {
  return writer_->try_submit(IngestItem::write(std::move(work), std::move(written)));
}

void Ingest::when_room(std::function<void()> resume) {
  writer_->when_room(std::move(resume));
}
void Ingest::maintain() {
  writer_->maintain();
}
bool Ingest::healthy() const {
  return writer_->healthy();
}
const std::string& Ingest::failure() const {
  return writer_->failure();
}
const IngestCounters& Ingest::counters() const {
  return writer_->counters();
}
Housekeeping& Ingest::housekeeping() const {
  return writer_->housekeeping();
}
void Ingest::drain(std::chrono::milliseconds deadline, std::function<void()> done) {
  writer_->drain(deadline, std::move(done));
}
std::chrono::steady_clock::time_point Ingest::last_turn() const {
  return writer_->worker().last_turn();
}

}  // namespace webmacs
