#include "agent/buffer_file.h"

#include "common/timestamp.h"

#include <algorithm>
#include <unistd.h>

namespace webmacs {

namespace {

constexpr std::int64_t most_bytes_kept_free = 1024 * 1024;
constexpr std::int64_t rows_per_dropped_mark = 4;
constexpr int pages_per_shrink_step = 1024;
constexpr std::chrono::milliseconds recovery_patience{200};  // others wait for the file meanwhile
constexpr std::int64_t row_overhead_bytes = 48;              // more than seq, event, time, value and their header take

// Our statements are right and our rows fit: where SQLite objects to them all the same, the file is not as it was
// written. The same holds where it is not to be written although the system allows it: its header says so.
bool means_damage(const SqliteError& error, const std::string& path) {
  constexpr int sql_error = 1, read_only = 8, too_big = 18, mismatch = 20;  // SQLite's result codes
  if (error.code() == read_only) return ::access(path.c_str(), W_OK) == 0;
  return error.corrupt() || error.constraint() || error.primary() == sql_error || error.primary() == too_big ||
         error.primary() == mismatch;
}

std::int64_t estimated_bytes(const BufferedReading& reading) {
  return row_overhead_bytes + static_cast<std::int64_t>(reading.reading.reason.size());
}

}  // namespace

struct BufferFile::Statements {
  explicit Statements(Database& database)
      : insert(database,
               "INSERT OR IGNORE INTO readings (seq, event, time, value, reason, retried, sum)"
               " VALUES (?, ?, ?, ?, ?, ?, ?)"),
        add_event(database, "INSERT INTO events (event_public_id) VALUES (?)"),
        forget(database, "DELETE FROM readings WHERE seq BETWEEN ? AND ?"),
        page(database,
             "SELECT seq, event, time, value, reason, retried, sum FROM readings"
             " WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"),
        nth(database, "SELECT seq, time FROM readings ORDER BY seq LIMIT 1 OFFSET ?"),
        // With max(), SQLite takes the other columns from the row that has it.
        last_of_each_event(database,
                           "SELECT event, max(seq), time, sum(reason IS NOT 'dropped') FROM readings"
                           " WHERE seq BETWEEN ? AND ? GROUP BY event"),
        meta(database, "UPDATE meta SET next_seq = ?, rows = ?, dropped = ?, sum = ?"),
        page_count(database, "PRAGMA page_count"),
        free_count(database, "PRAGMA freelist_count") {}

  Statement insert, add_event, forget, page, nth, last_of_each_event, meta, page_count, free_count;
};

BufferFile::BufferFile(BufferSettings settings)
    : settings_(std::move(settings)),
      wal_bytes_(std::clamp<std::int64_t>(settings_.max_size / 4, 256 * 1024, 8 * 1024 * 1024)),
      chunk_bytes_(wal_bytes_ / 8) {}

BufferFile::~BufferFile() {
  close();
}

BufferVisitResult BufferFile::visit(const BufferVisit& visit) {
  BufferVisitResult result;
  const std::int64_t dropped_before = state_.dropped;
  try {
    if (!database_) {
      open();
      statements_ = std::make_unique<Statements>(*database_);
      result.opened = true;
      result.empty_at_open = state_.rows == 0;
    }
    write(visit, result);
    if (visit.page_size > 0) read_page(visit, result);
    shrink(result);
    state_.usable = true;
    state_.trouble.clear();
    if (visit.recover_size > 0) recover(visit, result);
  } catch (const BufferDamage& damage) {
    fail(damage.what(), result);
    result.set_aside = set_aside(damage.what());
  } catch (const SqliteError& error) {
    fail(error.what(), result);
    result.set_aside = means_damage(error, settings_.path) && set_aside(error.what());
  } catch (const std::exception& error) {
    fail(error.what(), result);
  }
  if (!state_.usable) state_.dropped = dropped_before;
  state_.bytes = buffer_bytes(settings_.path);
  result.state = state_;
  return result;
}

void BufferFile::fail(const char* why, BufferVisitResult& result) {
  close();
  result.kept_all = false;
  result.page.clear();
  state_.usable = false;
  state_.trouble = why;
}

void BufferFile::close() {
  statements_.reset();
  database_.reset();
}

void BufferFile::write(const BufferVisit& visit, BufferVisitResult& result) {
  if (visit.keep.empty() && visit.forget.empty() && visit.dropped_in_memory == 0) return;
  std::size_t kept = 0;
  bool first = true;
  while (first || (kept < visit.keep.size() && result.kept_all)) {
    Transaction transaction(*database_);
    if (first) {
      forget(visit.forget);
      state_.dropped += visit.dropped_in_memory;
    }
    first = false;
    std::size_t end = kept;
    std::int64_t bytes = 0;
    while (end < visit.keep.size() && bytes < chunk_bytes_) bytes += estimated_bytes(visit.keep[end++]);
    if (end > kept && !make_room(bytes, result)) {
      result.kept_all = false;
      end = kept;
    }
    for (; kept < end; ++kept) insert(visit.keep[kept]);
    commit(transaction);
  }
}

void BufferFile::insert(const BufferedReading& buffered) {
  const Reading& reading = buffered.reading;
  Statement& insert = statements_->insert;
  insert.bind(1, buffered.seq).bind(2, key_of(reading.event_public_id)).bind(3, to_microseconds(reading.time));
  insert.bind(4, reading.value);
  if (reading.good()) {
    insert.bind(5, nullptr);
  } else {
    insert.bind(5, std::string_view(reading.reason));
  }
  insert.bind(6, std::int64_t{buffered.retried ? 1 : 0}).bind(7, row_sum(buffered)).run();
  state_.rows += database_->changes();
  state_.next_seq = std::max(state_.next_seq, buffered.seq + 1);
}

std::int64_t BufferFile::key_of(const std::string& event_public_id) {
  const auto known = event_keys_.find(event_public_id);
  if (known != event_keys_.end()) return known->second;
  statements_->add_event.bind(1, std::string_view(event_public_id)).run();
  const std::int64_t key = database_->last_insert_rowid();
  event_keys_[event_public_id] = key;
  event_names_[key] = event_public_id;
  return key;
}

void BufferFile::forget(const std::vector<SeqRange>& ranges) {
  for (const SeqRange& range : ranges) {
    statements_->forget.bind(1, range.first).bind(2, range.last).run();
    state_.rows = std::max<std::int64_t>(0, state_.rows - database_->changes());
  }
}

bool BufferFile::make_room(std::int64_t bytes, BufferVisitResult& result) {
  const std::int64_t most = settings_.max_size - wal_bytes_;
  const std::int64_t wanted = bytes + 8 * page_bytes;  // inner pages and pointer maps
  for (;;) {
    const std::int64_t excess = used_bytes() + wanted - most;
    if (excess <= 0) return true;
    if (!settings_.drop_oldest || state_.rows == 0) return false;
    // A little more than asked for, so that the next few transactions find room.
    drop_oldest(std::max(excess, chunk_bytes_), result);
  }
}

void BufferFile::drop_oldest(std::int64_t bytes, BufferVisitResult& result) {
  const std::int64_t bytes_per_row = std::max<std::int64_t>(1, used_bytes() / std::max<std::int64_t>(1, state_.rows));
  // One row of each event stays, so there is no room in fewer.
  const auto least = rows_per_dropped_mark * static_cast<std::int64_t>(event_names_.size());
  const std::int64_t rows = std::clamp<std::int64_t>(std::max(bytes / bytes_per_row + 1, least), 1, state_.rows);
  struct Row {
    std::int64_t seq;
    Timestamp time;
  };
  Statement& nth = statements_->nth;
  const auto row_at = [&](std::int64_t offset) {
    nth.bind(1, offset);
    if (!nth.step()) throw BufferDamage(settings_.path + ": it holds fewer rows than it says");
    const Row row{nth.integer(0), from_microseconds(nth.integer(1))};
    nth.reset();
    return row;
  };
  const Row first = row_at(0);
  const Row last = row_at(rows - 1);
  const std::int64_t dropped = drop_rows({first.seq, last.seq});
  if (result.dropped_now == 0) result.dropped_from = first.time;
  result.dropped_to = last.time;
  result.dropped_now += dropped;
  state_.dropped += dropped;
}

// The last row of each event becomes the bad reading that tells of the range; when the range grows, it moves on.
// Answers how many readings are gone.
std::int64_t BufferFile::drop_rows(SeqRange rows) {
  std::vector<BufferedReading> marks;
  std::int64_t dropped = 0;
  Statement& lasts = statements_->last_of_each_event;
  lasts.bind(1, rows.first).bind(2, rows.last);
  while (lasts.step()) {
    const auto event = event_names_.find(lasts.integer(0));
    if (event == event_names_.end()) throw BufferDamage(settings_.path + ": a row names no event");
    marks.push_back({lasts.integer(1),
                     false,
                     {event->second, from_microseconds(lasts.integer(2)), std::nullopt, dropped_reason},
                     {}});
    dropped += lasts.integer(3);
  }
  lasts.reset();
  forget({rows});
  if (state_.rows == 0) return dropped;  // a file for so few rows has no room for marks
  for (const BufferedReading& mark : marks) insert(mark);
  return dropped;
}

void BufferFile::read_page(const BufferVisit& visit, BufferVisitResult& result) {
  Statement& page = statements_->page;
  page.bind(1, visit.read_after).bind(2, visit.read_through).bind(3, static_cast<std::int64_t>(visit.page_size));
  while (page.step()) {
    const auto event = event_names_.find(page.integer(1));
    if (event == event_names_.end()) throw BufferDamage(settings_.path + ": a row names no event");
    BufferedReading buffered = buffered_reading(page, event->second);
    if (page.is_null(6) || page.integer(6) != row_sum(buffered))
      throw BufferDamage(settings_.path + ": row " + std::to_string(buffered.seq) + " is not as it was written");
    result.page.push_back(std::move(buffered));
  }
  page.reset();
  result.page_is_last = result.page.size() < visit.page_size;
}

// Last in a visit: what it takes out of the recovery must reach the outbox.
void BufferFile::recover(const BufferVisit& visit, BufferVisitResult& result) {
  if (!recovery_) return;
  result.recovered = recovery_->next(visit.recover_size, recovery_patience);
  if (!result.recovered.empty() || !recovery_->ended()) return;
  recovery_stuck_ = !recovery_->finish();
  recovery_.reset();
  look_for_recovery();
}

void BufferFile::look_for_recovery() {
  if (!recovery_ && !recovery_stuck_) recovery_ = BufferRecovery::of_oldest_beside(settings_.path);
  state_.recovering = recovery_ != nullptr;
}

void BufferFile::shrink(BufferVisitResult& result) {
  if (state_.rows > 0) return;
  const auto free_bytes = [this] {
    Statement& count = statements_->free_count;
    const std::int64_t pages = count.step() ? count.integer(0) : 0;
    count.reset();
    return pages * page_bytes;
  };
  const std::int64_t kept_free = std::min(most_bytes_kept_free, settings_.max_size / 8);
  if (free_bytes() < kept_free) return;
  database_->execute("PRAGMA incremental_vacuum(" + std::to_string(pages_per_shrink_step) + ")");
  ++state_.write_transactions;
  result.more_to_shrink = free_bytes() >= kept_free;
  database_->execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

void BufferFile::commit(Transaction& transaction) {
  statements_->meta.bind(1, state_.next_seq).bind(2, state_.rows).bind(3, state_.dropped);
  statements_->meta.bind(4, meta_sum(state_.next_seq, state_.rows, state_.dropped)).run();
  transaction.commit();
  ++state_.write_transactions;
  bound_wal();
}

// SQLite restarts the WAL by itself; while somebody reads the file it cannot, and then it is tried here again and
// again.
void BufferFile::bound_wal() {
  if (buffer_wal_bytes(settings_.path) > wal_bytes_) database_->execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

std::int64_t BufferFile::used_bytes() {
  Statement& pages = statements_->page_count;
  Statement& free = statements_->free_count;
  const std::int64_t all = pages.step() ? pages.integer(0) : 0;
  const std::int64_t unused = free.step() ? free.integer(0) : 0;
  pages.reset();
  free.reset();
  return (all - unused) * page_bytes;
}

}  // namespace webmacs
