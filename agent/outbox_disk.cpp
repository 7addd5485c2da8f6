#include "agent/outbox.h"
#include "common/log.h"
#include "common/timestamp.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <future>
#include <utility>

namespace webmacs {

namespace {

using namespace std::chrono_literals;

constexpr auto forget_at_latest = 1s;  // deletions wait for company: one transaction for many batches
constexpr std::int64_t forget_rows_at_most = 20000;
constexpr auto full_retry = 5s;
constexpr auto flush_patience = 3s;

}  // namespace

// Starts the next visit to the file when one is due and none is under way.
void Outbox::kick() {
  if (visiting_ || closed_) return;
  auto visit = std::make_shared<BufferVisit>();
  if (!compose(*visit)) return;
  visiting_ = true;
  const bool posted = worker_.try_post([this, visit, file = file_, alive = alive_, connection = connection_] {
    auto result = std::make_shared<BufferVisitResult>(file->visit(*visit));
    boost::asio::post(io_, [this, visit, result, alive, connection] {
      if (*alive && !closed_) finish_visit(*visit, std::move(*result), connection);
    });
  });
  if (!posted) visiting_ = false;
}

// False when there is nothing to do (now).
bool Outbox::compose(BufferVisit& visit) {
  const Clock::time_point now = Clock::now();
  if (!file_state_.usable) return now >= retry_at_;  // an empty visit opens the file
  if (full_ && now >= retry_at_) full_ = false;
  if (spill_wanted_ && !full_) {
    visit.keep = unacknowledged_above(queued_through_);
    spill_wanted_ = false;
    queued_through_ = next_seq_ - 1;
    touched_through_ = std::max(touched_through_, queued_through_);
  }
  if (page_wanted_ && connected_ && cursor_ < evicted_through_) {
    visit.page_size = limits_.page_readings;
    visit.read_after = cursor_;
    visit.read_through = evicted_through_;
  }
  page_wanted_ = false;
  const bool forget_due =
      forget_rows_ > 0 && (now - forget_since_ >= forget_at_latest || forget_rows_ >= forget_rows_at_most);
  const bool drops_due = unsaved_dropped_ > 0 && now - last_write_ >= forget_at_latest;
  // No more is asked for before what came is durable: the file that was set aside still has it.
  if (file_state_.recovering && !full_ && recovered_through_ <= durable_through_ &&
      memory_readings() <= limits_.memory_readings) {
    visit.recover_size = limits_.page_readings;
  }
  // A page is read without waiting for the disk; but the first one of a connection must not bring what is settled.
  const bool page_only = visit.page_size > 0 && visit.read_after > 0;
  const bool company = !visit.keep.empty() || visit.recover_size > 0 || (visit.page_size > 0 && !page_only);
  const bool writing = company || forget_due || shrink_wanted_ || drops_due;
  if (!writing) return page_only;
  last_write_ = now;
  shrink_wanted_ = false;
  visit.forget.swap(forget_);
  forgetting_rows_ = std::exchange(forget_rows_, 0);
  visit.dropped_in_memory = saving_dropped_ = std::exchange(unsaved_dropped_, 0);
  return true;
}

std::vector<BufferedReading> Outbox::unacknowledged_above(std::int64_t seq) const {
  std::vector<BufferedReading> found;
  const auto collect = [&](const auto& readings) {
    for (const BufferedReading& buffered : readings) {
      if (buffered.seq > seq) found.push_back(buffered);
    }
  };
  for (const auto& [number, batch] : in_flight_) {
    if (!batch.from_disk) collect(batch.readings);
  }
  collect(old_);
  collect(live_);
  return found;
}

void Outbox::finish_visit(const BufferVisit& visit, BufferVisitResult result, std::uint64_t connection) {
  visiting_ = false;
  forgetting_rows_ = 0;
  saving_dropped_ = 0;
  const std::string trouble_before = file_state_.trouble;
  const bool took_something = result.state.write_transactions > file_state_.write_transactions;
  file_state_ = result.state;
  judge(took_something, result.opened, trouble_before);
  if (result.dropped_now > 0) note_dropped(result.dropped_now, result.dropped_from, result.dropped_to);
  if (!result.state.usable) {
    after_failure(visit, result);
  } else {
    if (result.opened) {
      after_open(result);
    } else if (result.kept_all) {
      durable_through_ = queued_through_;
    } else {
      queued_through_ = durable_through_;
      full_ = true;
      retry_at_ = Clock::now() + full_retry;
    }
    shrink_wanted_ = result.more_to_shrink;
    if (visit.page_size > 0 && connection == connection_) take_page(visit, result);
    take_recovered(std::move(result.recovered));
    bound_memory();
    evict();
  }
  if (trouble_before != file_state_.trouble) changed_();
  kick();
  arm_tick();
  ready_();
}

// A full disk lets a file be opened, and refuses the next write: the file works again when it took something.
void Outbox::judge(bool took_something, bool opened, const std::string& trouble_before) {
  if (!file_state_.usable) {
    on_trial_ = true;
    return;
  }
  if (!on_trial_) return;
  const bool nothing_waits = memory_readings() == 0 && forget_rows_ == 0 && unsaved_dropped_ == 0;
  if (took_something || (opened && nothing_waits)) {
    on_trial_ = false;
    retry_backoff_.reset();
    log_info("buffer: {} works again", settings_.path);
  } else {
    file_state_.trouble = trouble_before;
  }
}

void Outbox::after_failure(const BufferVisit& visit, const BufferVisitResult& result) {
  for (const SeqRange& range : visit.forget) {
    forget_.push_back(range);
    forget_rows_ += range.last - range.first + 1;
  }
  unsaved_dropped_ += visit.dropped_in_memory;
  const auto wait = retry_backoff_.next_without_jitter();
  retry_at_ = Clock::now() + wait;
  if (!result.set_aside && wait <= limits_.first_retry) {
    log_error("buffer: {}; readings are kept in memory only, the file is tried again and again", file_state_.trouble);
  }
  bound_memory();
}

// What is known about rows was about another file, or about this one before it failed: everything unacknowledged in
// memory counts as not written (writing it again changes nothing).
void Outbox::after_open(const BufferVisitResult& result) {
  const bool other_rows = !ever_opened_ || result.state.next_seq > next_seq_;
  if (other_rows || result.empty_at_open) {
    // Readings that were read back from rows that are gone live on in memory only.
    for (BufferedReading& buffered : page_) old_.push_back(std::move(buffered));
    page_.clear();
    for (auto& [number, batch] : in_flight_) {
      if (batch.from_disk) in_flight_memory_ += batch.readings.size();
      batch.from_disk = false;
    }
    std::ranges::sort(old_, {}, &BufferedReading::seq);
    cursor_ = 0;
    evicted_through_ = 0;
    forget_.clear();
    forget_rows_ = 0;
  }
  queued_through_ = 0;
  if (other_rows) {
    // A file with rows of an earlier run: this run's readings are numbered after them.
    const std::int64_t above = result.state.next_seq - 1;
    for (BufferedReading& buffered : old_) buffered.seq += above;
    for (BufferedReading& buffered : live_) buffered.seq += above;
    for (auto& [number, batch] : in_flight_) {
      for (BufferedReading& buffered : batch.readings) buffered.seq += above;
    }
    next_seq_ += above;
    evicted_through_ = above;
    queued_through_ = above;
  }
  durable_through_ = queued_through_;
  touched_through_ = std::max(touched_through_, queued_through_);
  ever_opened_ = true;
  full_ = false;
  spill_wanted_ = settings_.spill_after.count() == 0 || !connected_ || on_trial_ || spill_due();
}

void Outbox::take_recovered(std::vector<BufferedReading> recovered) {
  if (recovered.empty()) return;
  for (BufferedReading& buffered : recovered) {
    old_.push_back({next_seq_++, buffered.retried, std::move(buffered.reading), {}});
  }
  recovered_through_ = next_seq_ - 1;
  spill_wanted_ = true;
}

void Outbox::take_page(const BufferVisit& visit, BufferVisitResult& result) {
  // Rows whose reading is still in memory (it could not be evicted, or it is in flight) are sent from there.
  std::vector<std::int64_t> in_memory;
  const auto note = [&](const auto& readings) {
    for (const BufferedReading& buffered : readings) {
      if (buffered.seq <= visit.read_through) in_memory.push_back(buffered.seq);
    }
  };
  note(old_);
  note(live_);
  for (const auto& [number, batch] : in_flight_) {
    if (!batch.from_disk) note(batch.readings);
  }
  std::ranges::sort(in_memory);
  if (!result.page.empty()) cursor_ = result.page.back().seq;
  if (result.page_is_last) cursor_ = visit.read_through;
  for (BufferedReading& buffered : result.page) {
    if (std::binary_search(in_memory.begin(), in_memory.end(), buffered.seq)) continue;
    page_.push_back(std::move(buffered));
  }
}

bool Outbox::spill_due() const {
  const Clock::time_point limit = Clock::now() - settings_.spill_after;
  const auto overdue = [&](const auto& readings) {
    return std::ranges::any_of(readings, [&](const BufferedReading& buffered) {
      return buffered.seq > queued_through_ && buffered.received <= limit;
    });
  };
  if (overdue(old_) || overdue(live_)) return true;
  return std::ranges::any_of(
      in_flight_, [&](const auto& entry) { return !entry.second.from_disk && overdue(entry.second.readings); });
}

// Memory keeps what is live. What is older and durable is left to the disk while there is no hub, while older rows wait
// there anyway, or when memory's bound is reached. Rows below the cursor would not be read again on this connection.
void Outbox::evict() {
  age_out();
  const bool too_many = memory_readings() > limits_.memory_readings;
  if (too_many) {
    while (!live_.empty() && live_.size() > limits_.memory_readings / 2 && live_.front().seq <= durable_through_) {
      BufferedReading& front = live_.front();
      old_.insert(std::ranges::upper_bound(old_, front.seq, {}, &BufferedReading::seq), std::move(front));
      live_.pop_front();
    }
  }
  if (connected_ && !too_many && cursor_ >= evicted_through_) return;
  const auto above = [this](std::int64_t seq) {
    return std::partition_point(old_.begin(), old_.end(), [seq](const auto& buffered) { return buffered.seq <= seq; });
  };
  const auto first = above(cursor_);
  const auto last = above(durable_through_);
  if (first >= last) return;
  evicted_through_ = std::max(evicted_through_, std::prev(last)->seq);
  old_.erase(first, last);
}

// One slow tick while anything waits for its time: a reading to be spilled, rows to be deleted, a file to be retried.
void Outbox::arm_tick() {
  if (tick_armed_ || closed_) return;
  const bool waiting = memory_readings() > 0 || forget_rows_ > 0 || !file_state_.usable || full_ || spell_dropped_ > 0;
  if (!waiting) return;
  const auto spill_after = std::chrono::duration_cast<std::chrono::milliseconds>(settings_.spill_after);
  tick_armed_ = true;
  tick_timer_.expires_after(std::clamp<std::chrono::milliseconds>(spill_after / 4, 20ms, 250ms));
  tick_timer_.async_wait([this, alive = alive_](const boost::system::error_code& ec) {
    if (ec || !*alive || closed_) return;
    tick_armed_ = false;
    tick();
  });
}

void Outbox::tick() {
  if (!spill_wanted_ && spill_due()) spill_wanted_ = true;
  if (spell_dropped_ > 0 && Clock::now() - last_drop_ >= limits_.drop_spell_end) {
    log_warning("buffer: {} readings between {} and {} were dropped", spell_dropped_, format_timestamp(spell_from_),
                format_timestamp(spell_to_));
    spell_dropped_ = 0;
    add_dropped_marks();
    changed_();
  }
  if (file_state_.usable && !visiting_) evict();
  kick();
  arm_tick();
}

Outbox::Flushed Outbox::flush_and_close() {
  if (closed_) return Flushed::all;
  closed_ = true;
  tick_timer_.cancel();
  struct Flush {
    BufferVisit visit;
    std::promise<BufferFileState> done;
  };
  auto flush = std::make_shared<Flush>();
  add_dropped_marks();
  flush->visit.keep = unacknowledged_above(durable_through_);
  flush->visit.forget = forget_;
  flush->visit.dropped_in_memory = unsaved_dropped_;
  const std::size_t count = flush->visit.keep.size();
  auto done = flush->done.get_future();
  const bool numbered = ever_opened_;
  const bool posted = worker_.try_post([flush, numbered, file = file_] {
    const BufferVisitResult opened = file->visit({});
    if (!numbered) {
      for (BufferedReading& buffered : flush->visit.keep) buffered.seq += opened.state.next_seq - 1;
    }
    const BufferVisitResult kept = file->visit(flush->visit);
    BufferFileState state = kept.state;
    if (!kept.kept_all) state.usable = false;
    flush->done.set_value(state);
  });
  if (!posted || done.wait_for(flush_patience) != std::future_status::ready) {
    log_error("buffer: the disk does not answer: {} readings could not be written", count);
    return Flushed::disk_hangs;
  }
  const BufferFileState state = done.get();
  worker_.stop();
  file_.reset();
  if (state.usable || count == 0) return Flushed::all;
  log_error("buffer: {} readings could not be written and are lost: {}", count,
            state.trouble.empty() ? "the buffer is full" : state.trouble);
  return Flushed::not_all;
}

}  // namespace webmacs
