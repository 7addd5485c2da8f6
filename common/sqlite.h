#pragma once
// Small RAII over sqlite3. A Database and its Statements belong to one thread at a time.
// Every failure throws SqliteError, which carries SQLite's extended result code and names the file and the action.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_backup;
struct sqlite3_stmt;

namespace webmacs {

class SqliteError : public std::runtime_error {
 public:
  SqliteError(int code, const std::string& what) : std::runtime_error(what), code_(code) {}
  int code() const { return code_; }           // extended result code
  int primary() const { return code_ & 255; }  // SQLITE_BUSY, SQLITE_FULL, …
  bool corrupt() const;                        // SQLITE_CORRUPT or SQLITE_NOTADB
  bool constraint() const;

 private:
  int code_;
};

class Statement;

class Database {
 public:
  enum class Mode { read_write_create, read_write, read_only };

  // Opens with a busy timeout of 5 s and extended result codes. The file's folder must exist. A file that it may create
  // is made private (secret_file.h).
  explicit Database(const std::string& path, Mode mode = Mode::read_write_create);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const std::string& sql);  // one or more statements, no parameters
  void rollback() noexcept;              // nothing where no transaction is open
  Statement prepare(std::string_view sql);

  std::int64_t changes() const;  // rows of the last INSERT, UPDATE or DELETE
  std::int64_t last_insert_rowid() const;
  std::int64_t pragma(const std::string& name);  // the integer a PRAGMA answers; 0 when it answers none

  const std::string& path() const { return path_; }
  sqlite3* handle() const { return handle_; }

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
};

// Prepared once, run many times: bind…, step until false, reset. Parameters and columns count from 1 and 0 as in
// SQLite.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view value);  // copied
  Statement& bind(int index, const char* value) { return bind(index, std::string_view(value)); }
  Statement& bind(int index, std::nullptr_t);
  template <std::integral T>
  Statement& bind(int index, T value) {
    return bind(index, static_cast<std::int64_t>(value));
  }
  template <typename T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind(index, nullptr);
  }

  bool step();   // true: a row; false: done
  void run();    // step to the end, then reset
  void reset();  // and clears the parameters

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  std::optional<double> optional_real(int column) const;
  std::optional<std::int64_t> optional_integer(int column) const;

 private:
  void check_bound(int result, int index) const;

  Database* database_;
  sqlite3_stmt* handle_ = nullptr;
};

// BEGIN IMMEDIATE … COMMIT; rolled back when it goes out of scope without commit().
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

// Copies one database over another, page by page (SQLite's online backup). It begins again whenever somebody else has
// written to `from`, unless that connection is within a transaction.
class DatabaseCopy {
 public:
  DatabaseCopy(Database& from, Database& to);
  ~DatabaseCopy();
  DatabaseCopy(const DatabaseCopy&) = delete;
  DatabaseCopy& operator=(const DatabaseCopy&) = delete;

  bool step(int pages);  // false: it is complete
  std::int64_t pages() const;
  std::int64_t pages_left() const;

 private:
  Database& to_;
  sqlite3_backup* handle_;
};

}  // namespace webmacs
