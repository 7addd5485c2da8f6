#include "agent/outbox.h"

#include "common/log.h"
#include "common/timestamp.h"

#include <algorithm>

namespace webmacs {

Outbox::Outbox(boost::asio::io_context& io, BufferSettings settings, OutboxLimits limits)
    : io_(io),
      settings_(std::move(settings)),
      limits_(limits),
      retry_backoff_(limits.first_retry, limits.longest_retry),
      tick_timer_(io),
      file_(std::make_shared<BufferFile>(settings_)),
      worker_("buffer", 4) {
  kick();
}

Outbox::~Outbox() {
  *alive_ = false;
}

void Outbox::on_ready(std::function<void()> ready) {
  ready_ = std::move(ready);
}
void Outbox::on_changed(std::function<void()> changed) {
  changed_ = std::move(changed);
}

void Outbox::add(std::vector<Reading> readings, Clock::time_point received) {
  if (closed_ || readings.empty()) return;
  for (Reading& reading : readings) {
    live_.push_back({next_seq_++, false, std::move(reading), received});
  }
  bound_memory();
  if (settings_.spill_after.count() == 0) spill_wanted_ = true;
  kick();
  arm_tick();
  ready_();
}

// Whether the file takes readings, as far as is known.
bool Outbox::disk_helps() const {
  const bool opening = !ever_opened_ && file_state_.trouble.empty();
  return opening || (file_state_.usable && !full_);
}

// A file that cannot be written cannot hold readings back: sending is then the best that can be done for them.
bool Outbox::may_be_sent(const BufferedReading& buffered) const {
  return settings_.spill_after.count() > 0 || buffered.seq <= durable_through_ || !disk_helps();
}

void Outbox::age_out() {
  const Clock::time_point limit = Clock::now() - limits_.live_age;
  while (!live_.empty() && live_.front().received < limit) {
    BufferedReading aged = std::move(live_.front());
    live_.pop_front();
    old_.insert(std::ranges::upper_bound(old_, aged.seq, {}, &BufferedReading::seq), std::move(aged));
  }
}

std::size_t Outbox::take(Kind kind, std::int64_t batch, const TryAdd& try_add) {
  if (closed_) return 0;
  age_out();
  if (kind == Kind::live) return take_from(live_, false, false, batch, try_add);
  if (!page_.empty()) {
    const std::size_t taken = take_from(page_, true, true, batch, try_add);
    if (page_.size() < limits_.page_readings && cursor_ < evicted_through_) {
      page_wanted_ = true;
      kick();
    }
    return taken;
  }
  if (cursor_ < evicted_through_ && file_state_.usable) {  // the disk's are older: they go first
    page_wanted_ = true;
    kick();
    return 0;
  }
  return take_from(old_, true, false, batch, try_add);
}

std::size_t Outbox::take_from(Queue& queue, bool backlog, bool from_disk, std::int64_t batch, const TryAdd& try_add) {
  Batch taken{backlog, from_disk, {}};
  while (!queue.empty() && (from_disk || may_be_sent(queue.front())) && try_add(queue.front().reading)) {
    taken.readings.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  const std::size_t count = taken.readings.size();
  if (count == 0) return 0;
  if (!from_disk) in_flight_memory_ += count;
  in_flight_.emplace(batch, std::move(taken));
  return count;
}

std::chrono::steady_clock::time_point Outbox::oldest_live() const {
  return live_.empty() ? Clock::now() : live_.front().received;
}

const Outbox::Batch* Outbox::in_flight(std::int64_t batch) const {
  const auto found = in_flight_.find(batch);
  return found == in_flight_.end() ? nullptr : &found->second;
}

void Outbox::settle(std::int64_t batch, const std::vector<std::size_t>& again) {
  const auto found = in_flight_.find(batch);
  if (closed_ || found == in_flight_.end()) return;
  Batch settled = std::move(found->second);
  in_flight_.erase(found);
  if (!settled.from_disk) in_flight_memory_ -= settled.readings.size();
  for (const BufferedReading& buffered : settled.readings) {
    if (settled.from_disk || buffered.seq <= touched_through_) forget(buffered.seq);
  }
  for (const std::size_t index : again) {
    if (index >= settled.readings.size() || settled.readings[index].retried) continue;
    Reading later = std::move(settled.readings[index].reading);
    later.time += std::chrono::microseconds(1);
    if (settled.backlog) {
      old_.push_back({next_seq_++, true, std::move(later), {}});
    } else {
      live_.push_back({next_seq_++, true, std::move(later), Clock::now()});
    }
    spill_wanted_ = true;  // in one transaction with the deletion of the row it replaces
  }
  if (spill_wanted_) kick();
  arm_tick();
}

void Outbox::forget(std::int64_t seq) {
  if (forget_.empty()) forget_since_ = Clock::now();
  ++forget_rows_;
  if (!forget_.empty() && forget_.back().last + 1 == seq) {
    forget_.back().last = seq;
  } else {
    forget_.push_back({seq, seq});
  }
}

void Outbox::connection_made() {
  connected_ = true;
  cursor_ = 0;
}

void Outbox::connection_lost() {
  ++connection_;
  connected_ = false;
  page_.clear();
  cursor_ = 0;
  page_wanted_ = false;
  std::map<std::int64_t, Batch> returned;
  returned.swap(in_flight_);
  in_flight_memory_ = 0;
  for (auto& [number, batch] : returned) {
    if (batch.from_disk) continue;
    for (BufferedReading& buffered : batch.readings) put_back(std::move(buffered));
  }
  if (closed_) return;
  spill_wanted_ = true;
  kick();
  arm_tick();
}

void Outbox::put_back(BufferedReading buffered) {
  if (buffered.seq <= evicted_through_ && buffered.seq <= durable_through_) return;  // its row will be read back
  Queue& queue = Clock::now() - buffered.received > limits_.live_age ? old_ : live_;
  queue.insert(std::ranges::upper_bound(queue, buffered.seq, {}, &BufferedReading::seq), std::move(buffered));
}

void Outbox::bound_memory() {
  if (memory_readings() <= limits_.memory_readings) return;
  spill_wanted_ = true;
  const std::size_t most = disk_helps() ? 2 * limits_.memory_readings : limits_.memory_readings;
  while (memory_readings() > most && !(live_.empty() && old_.empty())) {
    const bool from_old = settings_.drop_oldest ? !old_.empty() : live_.empty();
    drop(from_old ? old_ : live_, settings_.drop_oldest);
  }
}

void Outbox::drop(Queue& queue, bool oldest) {
  const BufferedReading& given_up = oldest ? queue.front() : queue.back();
  if (given_up.seq <= touched_through_) forget(given_up.seq);
  Timestamp& end = dropped_ends_[given_up.reading.event_public_id];
  end = std::max(end, given_up.reading.time);
  if (given_up.reading.reason != dropped_reason) {
    ++unsaved_dropped_;
    note_dropped(1, given_up.reading.time, given_up.reading.time);
  }
  if (oldest) {
    queue.pop_front();
  } else {
    queue.pop_back();
  }
}

// For each event a bad reading at the end of what memory gave up of it.
void Outbox::add_dropped_marks() {
  for (const auto& [event, end] : dropped_ends_) {
    old_.push_back({next_seq_++, false, {event, end, std::nullopt, dropped_reason}, {}});
    spill_wanted_ = true;
  }
  dropped_ends_.clear();
}

void Outbox::note_dropped(std::int64_t count, Timestamp from, Timestamp to) {
  if (spell_dropped_ == 0) {
    log_warning("buffer: it is full: the {} readings are being dropped, beginning with those of {}",
                settings_.drop_oldest ? "oldest" : "newest", format_timestamp(from));
    spell_from_ = from;
    changed_();
  }
  spell_dropped_ += count;
  spell_to_ = to;
  last_drop_ = Clock::now();
}

OutboxStatus Outbox::status() const {
  OutboxStatus status;
  const auto not_on_disk = [this](const Queue& queue) {
    return queue.end() - std::ranges::upper_bound(queue, durable_through_, {}, &BufferedReading::seq);
  };
  status.backlog = std::max<std::int64_t>(0, file_state_.rows - forget_rows_ - forgetting_rows_) + not_on_disk(old_);
  status.dropped = file_state_.dropped + unsaved_dropped_ + saving_dropped_;
  status.bytes_on_disk = file_state_.bytes;
  status.recovering = file_state_.recovering;
  status.trouble = file_state_.trouble;
  status.write_transactions = file_state_.write_transactions;
  return status;
}

}  // namespace webmacs
