#include "agent/buffer_file.h"
#include "common/log.h"
#include "common/secret_file.h"
#include "common/timestamp.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace webmacs {

namespace {

namespace fs = std::filesystem;

std::int64_t size_of(const std::string& path) {
  std::error_code ec;
  const auto size = fs::file_size(path, ec);
  return ec ? 0 : static_cast<std::int64_t>(size);
}

bool has_table(Database& database, std::string_view name) {
  Statement statement = database.prepare("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?");
  statement.bind(1, name);
  return statement.step() && statement.integer(0) > 0;
}

}  // namespace

std::int64_t buffer_wal_bytes(const std::string& path) {
  return size_of(path + "-wal");
}
std::int64_t buffer_bytes(const std::string& path) {
  return size_of(path) + buffer_wal_bytes(path);
}

void BufferFile::open() {
  std::error_code ec;
  const fs::path folder = fs::path(settings_.path).parent_path();
  if (!folder.empty()) fs::create_directories(folder, ec);  // what fails here fails below, with a better message
  database_ = std::make_unique<Database>(settings_.path);
  Database& database = *database_;
  const bool ours = has_table(database, "readings") && has_table(database, "meta");
  if (!ours && database.pragma("application_id") == application_id)
    throw BufferDamage(settings_.path + ": its schema is damaged");
  if (!ours) {
    Statement tables = database.prepare("SELECT count(*) FROM sqlite_master");
    if (tables.step() && tables.integer(0) > 0) {
      throw std::runtime_error(settings_.path +
                               " is another program's database and is left alone (change [buffer] path)");
    }
  }
  // auto_vacuum and page_size count before the first table only.
  if (!ours) database.execute("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL");
  database.execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
      "PRAGMA cache_size = -1024; PRAGMA foreign_keys = OFF");
  database.execute("PRAGMA wal_autocheckpoint = " + std::to_string(wal_bytes_ / 4 / page_bytes) +
                   "; PRAGMA journal_size_limit = " + std::to_string(wal_bytes_));
  if (!ours) create_schema();
  if (database.pragma("application_id") != application_id)
    throw BufferDamage(settings_.path + ": the application id is damaged");
  const std::int64_t version = database.pragma("user_version");
  if (version != schema_version) {
    throw BufferDamage(settings_.path + ": its schema is version " + std::to_string(version) + ", this program knows " +
                       std::to_string(schema_version));
  }
  load_events();
  look_for_recovery();
}

void BufferFile::create_schema() {
  Transaction transaction(*database_);
  database_->execute(
      "CREATE TABLE events (id INTEGER PRIMARY KEY, event_public_id TEXT NOT NULL UNIQUE);"
      "CREATE TABLE readings (seq INTEGER PRIMARY KEY, event INTEGER NOT NULL, time INTEGER NOT NULL, value REAL,"
      " reason TEXT, retried INTEGER NOT NULL, sum INTEGER NOT NULL);"
      "CREATE TABLE meta (next_seq INTEGER NOT NULL, rows INTEGER NOT NULL, dropped INTEGER NOT NULL,"
      " sum INTEGER NOT NULL);"
      "INSERT INTO meta VALUES (1, 0, " +
      std::to_string(state_.dropped) + ", " + std::to_string(meta_sum(1, 0, state_.dropped)) + ");");
  database_->execute("PRAGMA application_id = " + std::to_string(application_id) +
                     "; PRAGMA user_version = " + std::to_string(schema_version));
  transaction.commit();
  ++state_.write_transactions;
}

void BufferFile::load_events() {
  event_keys_.clear();
  event_names_.clear();
  Statement events = database_->prepare("SELECT id, event_public_id FROM events");
  while (events.step()) {
    event_keys_[events.text(1)] = events.integer(0);
    event_names_[events.integer(0)] = events.text(1);
  }
  Statement meta = database_->prepare("SELECT next_seq, rows, dropped, sum FROM meta");
  if (!meta.step()) throw BufferDamage(settings_.path + ": its meta row is missing");
  if (meta.integer(3) != meta_sum(meta.integer(0), meta.integer(1), meta.integer(2)))
    throw BufferDamage(settings_.path + ": its meta row is not as it was written");
  Statement greatest = database_->prepare("SELECT max(seq) FROM readings");
  greatest.step();
  if (!greatest.is_null(0) && greatest.integer(0) >= meta.integer(0))
    throw BufferDamage(settings_.path + ": a row is numbered " + std::to_string(greatest.integer(0)) +
                       ", beyond what was written");
  state_.next_seq = meta.integer(0);
  state_.rows = meta.integer(1);
  state_.dropped = meta.integer(2);
}

bool BufferFile::set_aside(const std::string& why) {
  try {
    const std::string aside = set_buffer_aside(settings_.path);
    log_error("buffer: {}; the file was set aside as {}, a new one is begun, and what it holds is read back", why,
              aside);
    return true;
  } catch (const fs::filesystem_error& error) {
    log_error("buffer: {}; it cannot be set aside either: {}; readings are kept in memory only", why, error.what());
    return false;
  }
}

BufferSummary summarise_buffer(const std::string& path) {
  if (const auto problem = denied(path); !problem.empty()) throw std::runtime_error(problem);
  if (size_of(path) == 0 && size_of(path + "-wal") == 0) throw std::runtime_error(path + ": there is no buffer");
  Database database(path, Database::Mode::read_only);
  if (database.pragma("application_id") != BufferFile::application_id) throw std::runtime_error(path + " is no buffer");
  BufferSummary summary;
  Statement meta = database.prepare("SELECT rows, dropped FROM meta");
  if (!meta.step()) throw std::runtime_error(path + " is damaged: its meta row is missing");
  summary.rows = meta.integer(0);
  summary.dropped = meta.integer(1);
  meta.reset();
  Statement ends = database.prepare(
      "SELECT time FROM readings WHERE seq IN ((SELECT min(seq) FROM readings),"
      " (SELECT max(seq) FROM readings)) ORDER BY seq");
  while (ends.step()) {
    const Timestamp time = from_microseconds(ends.integer(0));
    if (!summary.oldest) summary.oldest = time;
    summary.newest = time;
  }
  summary.bytes = buffer_bytes(path);
  return summary;
}

}  // namespace webmacs
