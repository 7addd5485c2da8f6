#pragma once
// SqlSession over an SQLite file.

#include "common/sqlite.h"
#include "server/store/sql/sql_session.h"

#include <map>
#include <string>

namespace webmacs {

class SqliteSession final : public SqlSession {
 public:
  // `database` outlives the session.
  explicit SqliteSession(Database& database) : database_(database) {}

  void query(std::string_view sql, SqlValues values, const Visit& visit) override;
  std::int64_t run(std::string_view sql, SqlValues values) override;
  void begin() override;
  void commit() override;
  void rollback() noexcept override;
  std::int64_t change_counter() override;  // counts every commit of others, of datapoints too

 private:
  Statement& prepared(std::string_view sql, SqlValues values);

  Database& database_;
  std::map<std::string, Statement, std::less<>> statements_;  // by their text
};

}  // namespace webmacs
