#include "server/store/sqlite/sqlite_session.h"

#include <algorithm>
#include <memory>

namespace webmacs {
namespace {

class Row final : public SqlRow {
 public:
  explicit Row(const Statement& statement) : statement_(statement) {}
  bool is_null(int column) const override { return statement_.is_null(column); }
  std::int64_t integer(int column) const override { return statement_.integer(column); }
  double real(int column) const override { return statement_.real(column); }
  std::string text(int column) const override { return statement_.text(column); }

 private:
  const Statement& statement_;
};

// SQLite numbers its parameters ?1, ?2.
std::string in_sqlite_words(std::string_view sql) {
  std::string text(sql);
  std::replace(text.begin(), text.end(), '$', '?');
  return text;
}

}  // namespace

Statement& SqliteSession::prepared(std::string_view sql, SqlValues values) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    found = statements_.emplace(std::string(sql), Statement(database_, in_sqlite_words(sql))).first;
  }
  Statement& statement = found->second;
  int index = 0;
  for (const SqlValue& value : values) {
    ++index;
    std::visit([&](const auto& each) { statement.bind(index, each); }, value.get());
  }
  return statement;
}

void SqliteSession::query(std::string_view sql, SqlValues values, const Visit& visit) {
  Statement& statement = prepared(sql, values);
  const std::unique_ptr<Statement, void (*)(Statement*)> reset_at_end(&statement,
                                                                      [](Statement* each) { each->reset(); });
  const Row row(statement);
  while (statement.step()) visit(row);
}

std::int64_t SqliteSession::run(std::string_view sql, SqlValues values) {
  prepared(sql, values).run();
  return database_.changes();
}

void SqliteSession::begin() {
  database_.execute("BEGIN IMMEDIATE");
}

void SqliteSession::commit() {
  database_.execute("COMMIT");
}

void SqliteSession::rollback() noexcept {
  database_.rollback();
}

std::int64_t SqliteSession::change_counter() {
  return integer("PRAGMA data_version").value_or(0);
}

}  // namespace webmacs
