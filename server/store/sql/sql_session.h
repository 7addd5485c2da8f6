#pragma once
// One connection to a database, as the parts of a store that are the same in SQLite and PostgreSQL see it: SQL that
// both understand, with parameters $1, $2, …, integers for times and truths. Statements are prepared once and kept. One
// thread at a time. Failures throw the database's own error (SqliteError, PostgresError).

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace webmacs {

// A parameter; texts are only looked at, so they must live until the call returns.
class SqlValue {
 public:
  SqlValue(std::nullptr_t) {}
  SqlValue(std::int64_t value) : value_(value) {}
  SqlValue(int value) : value_(std::int64_t{value}) {}
  SqlValue(double value) : value_(value) {}
  SqlValue(std::string_view value) : value_(value) {}
  SqlValue(const std::string& value) : value_(std::string_view(value)) {}
  SqlValue(const char* value) : value_(std::string_view(value)) {}
  template <typename T>
  SqlValue(const std::optional<T>& value) : SqlValue(value ? SqlValue(*value) : SqlValue(nullptr)) {}

  using Variant = std::variant<std::nullptr_t, std::int64_t, double, std::string_view>;
  const Variant& get() const { return value_; }

 private:
  Variant value_ = nullptr;
};
using SqlValues = std::initializer_list<SqlValue>;

// A row of an answer, valid while it is visited. Columns count from 0.
class SqlRow {
 public:
  virtual ~SqlRow() = default;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual std::string text(int column) const = 0;

  std::optional<double> optional_real(int column) const {
    return is_null(column) ? std::nullopt : std::optional<double>(real(column));
  }
  std::optional<std::int64_t> optional_integer(int column) const {
    return is_null(column) ? std::nullopt : std::optional<std::int64_t>(integer(column));
  }
};

class SqlSession {
 public:
  using Visit = std::function<void(const SqlRow& row)>;
  virtual ~SqlSession() = default;

  // Calls `visit` with each row. `visit` runs no other statement on this session.
  virtual void query(std::string_view sql, SqlValues values, const Visit& visit) = 0;
  // Answers how many rows were changed.
  virtual std::int64_t run(std::string_view sql, SqlValues values = {}) = 0;

  virtual void begin() = 0;  // for writing: it waits for whoever writes now
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;  // nothing where no transaction is open

  // Another number when another connection has committed a change of events, tokens, experiments … since.
  virtual std::int64_t change_counter() = 0;

  // The only value of the only row; empty when there is none, or it is NULL.
  std::optional<std::int64_t> integer(std::string_view sql, SqlValues values = {}) {
    std::optional<std::int64_t> found;
    query(sql, values, [&](const SqlRow& row) { found = row.optional_integer(0); });
    return found;
  }
};

// Rolled back when it goes out of scope without commit().
class SqlTransaction {
 public:
  explicit SqlTransaction(SqlSession& session) : session_(session) { session_.begin(); }
  ~SqlTransaction() {
    if (open_) session_.rollback();
  }
  SqlTransaction(const SqlTransaction&) = delete;
  SqlTransaction& operator=(const SqlTransaction&) = delete;
  void commit() {
    session_.commit();
    open_ = false;
  }

 private:
  SqlSession& session_;
  bool open_ = true;
};

}  // namespace webmacs
