#include "common/sqlite.h"

#include "common/liveness.h"
#include "common/log.h"
#include "common/memory_limit.h"
#include "common/secret_file.h"
#include "common/utf8.h"

#include <cstring>
#include <sqlite3.h>
#include <utility>

namespace webmacs {
namespace {

constexpr int busy_timeout_milliseconds = 5000;

[[noreturn]] void fail(const Database& database, const std::string& action) {
  sqlite3* handle = database.handle();
  const int code = sqlite3_extended_errcode(handle);
  std::string what = database.path() + ": " + action + ": " + sqlite3_errmsg(handle);
  if (code == SQLITE_NOMEM) what += ": " + memory_limit();
  throw SqliteError(code, what);
}

std::string in_quotes(std::string_view sql) {
  constexpr std::size_t longest_shown = 80;
  const std::string_view shown = utf8_prefix(sql, longest_shown);
  return "\"" + std::string(shown) + (shown.size() < sql.size() ? "…\"" : "\"");
}

}  // namespace

bool SqliteError::corrupt() const {
  return primary() == SQLITE_CORRUPT || primary() == SQLITE_NOTADB;
}
bool SqliteError::constraint() const {
  return primary() == SQLITE_CONSTRAINT;
}

Database::Database(const std::string& path, Mode mode) : path_(path) {
  // Counting its memory takes a lock for every allocation, two for each row that is inserted; nobody asks for the sum.
  static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(once);
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (mode) {
    case Mode::read_write_create:
      flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
      break;
    case Mode::read_write:
      flags |= SQLITE_OPEN_READWRITE;
      break;
    case Mode::read_only:
      flags |= SQLITE_OPEN_READONLY;
      break;
  }
  if (mode == Mode::read_write_create && !path.empty() && path != ":memory:") {
    if (make_private(path)) {
      log_warning("{} could be read by everybody on this machine; it cannot any more", path);
    }
    for (const char* beside : {"-wal", "-shm"}) take_from_others(path + beside);
  }
  const int result = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  if (result == SQLITE_OK) {
    sqlite3_busy_timeout(handle_, busy_timeout_milliseconds);
    // A long statement works, it does not hang.
    constexpr int steps = 10000;
    const auto go_on = [](void*) {
      note_turn();
      return 0;
    };
    sqlite3_progress_handler(handle_, steps, go_on, nullptr);
    return;
  }
  std::string what = path + ": cannot open: " + sqlite3_errstr(result);
  const int system_error = handle_ != nullptr ? sqlite3_system_errno(handle_) : 0;
  if (system_error != 0) what += std::string(" (") + std::strerror(system_error) + ")";
  sqlite3_close_v2(handle_);
  throw SqliteError(result, what);
}

Database::~Database() {
  sqlite3_close_v2(handle_);
}

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(*this, "cannot run " + in_quotes(sql));
  }
}

void Database::rollback() noexcept {
  // Some failures (disk full, for one) have rolled back already.
  if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Statement Database::prepare(std::string_view sql) {
  return {*this, sql};
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(handle_);
}

std::int64_t Database::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(handle_);
}

std::int64_t Database::pragma(const std::string& name) {
  Statement statement(*this, "PRAGMA " + name);
  return statement.step() ? statement.integer(0) : 0;
}

Statement::Statement(Database& database, std::string_view sql) : database_(&database) {
  const int result = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  if (result != SQLITE_OK) fail(database, "cannot prepare " + in_quotes(sql));
}

Statement::~Statement() {
  sqlite3_finalize(handle_);
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)) {}

void Statement::check_bound(int result, int index) const {
  if (result == SQLITE_OK) return;
  fail(*database_, "cannot bind parameter " + std::to_string(index) + " of " + in_quotes(sqlite3_sql(handle_)));
}

Statement& Statement::bind(int index, std::int64_t value) {
  check_bound(sqlite3_bind_int64(handle_, index, value), index);
  return *this;
}

Statement& Statement::bind(int index, double value) {
  check_bound(sqlite3_bind_double(handle_, index, value), index);
  return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
  // A null pointer would bind NULL, and an empty view may hold one.
  const char* text = value.empty() ? "" : value.data();
  check_bound(sqlite3_bind_text64(handle_, index, text, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8), index);
  return *this;
}

Statement& Statement::bind(int index, std::nullptr_t) {
  check_bound(sqlite3_bind_null(handle_, index), index);
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(handle_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  const std::string what = database_->path() + ": cannot run " + in_quotes(sqlite3_sql(handle_)) + ": " +
                           sqlite3_errmsg(database_->handle());
  sqlite3_reset(handle_);  // so that the transaction can be rolled back and the statement used again
  throw SqliteError(result, what);
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() {
  // Its result only repeats what step() has thrown.
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(handle_, column);
}

std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::optional<double> Statement::optional_real(int column) const {
  if (is_null(column)) return std::nullopt;
  return real(column);
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (open_) database_.rollback();
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

DatabaseCopy::DatabaseCopy(Database& from, Database& to)
    : to_(to), handle_(sqlite3_backup_init(to.handle(), "main", from.handle(), "main")) {
  if (handle_ == nullptr) fail(to, "cannot copy " + from.path() + " to it");
}

DatabaseCopy::~DatabaseCopy() {
  sqlite3_backup_finish(handle_);
}

bool DatabaseCopy::step(int pages) {
  const int result = sqlite3_backup_step(handle_, pages);
  note_turn();
  if (result == SQLITE_DONE) return false;
  if (result != SQLITE_OK) throw SqliteError(result, to_.path() + ": cannot copy to it: " + sqlite3_errstr(result));
  return true;
}

std::int64_t DatabaseCopy::pages() const {
  return sqlite3_backup_pagecount(handle_);
}

std::int64_t DatabaseCopy::pages_left() const {
  return sqlite3_backup_remaining(handle_);
}

}  // namespace webmacs
