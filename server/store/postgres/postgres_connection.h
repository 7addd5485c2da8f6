#pragma once
// One connection to PostgreSQL through libpq. Every answer is waited for with a deadline, so a server that is frozen or
// a network that swallows packets cannot hold the thread for ever. After a failure that has_ended() the object is of no
// more use: make another. One thread at a time.

#include "server/store/sql/sql_session.h"

#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct pg_conn;
struct pg_result;

namespace webmacs {

class PostgresError : public std::runtime_error {
 public:
  PostgresError(const std::string& what, std::string state) : std::runtime_error(what), state_(std::move(state)) {}
  // The five characters of SQLSTATE; empty when the connection failed, not the statement.
  const std::string& state() const { return state_; }
  bool is(std::string_view state_prefix) const { return state_.compare(0, state_prefix.size(), state_prefix) == 0; }

 private:
  std::string state_;
};

// A parameter of one of PostgreSQL's array types, in its binary format.
struct PostgresArray {
  enum class Type : unsigned { integers = 1016, reals = 1022, texts = 1009 };
  Type type;
  std::string bytes;
};

class PostgresConnection final : public SqlSession {
 public:
  // `url`: postgresql://…; `password` is used where the url has none. Throws PostgresError.
  PostgresConnection(const std::string& url, const std::string& password);
  ~PostgresConnection() override;
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  // One or more statements without parameters; their rows are dropped.
  void execute(const std::string& sql);
  // The same; answers the last row's columns as text.
  std::vector<std::string> execute_for_row(const std::string& sql);

  void query(std::string_view sql, SqlValues values, const Visit& visit) override;
  std::int64_t run(std::string_view sql, SqlValues values) override;
  std::int64_t run_arrays(std::string_view sql, const std::vector<PostgresArray>& arrays);
  void query_arrays(std::string_view sql, const std::vector<PostgresArray>& arrays, const Visit& visit);
  void begin() override;
  void commit() override;
  void rollback() noexcept override;
  std::int64_t change_counter() override;

  // The server has closed it, or it did not answer in time.
  bool has_ended() const;
  bool has_timed_out() const { return timed_out_; }
  // The server's process, as it was named when the connection was made.
  int process_at_connect() const;

  // How long an answer may take. Long work (a migration) asks for more.
  void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }
  void set_usual_patience();

  // Of the transaction that begin() opened last: its number, for transaction_committed, and the change_counter in it.
  const std::string& transaction() const { return transaction_; }
  std::int64_t counter_at_begin() const { return counter_at_begin_; }

 private:
  struct ClearResult {
    void operator()(pg_result* result) const;
  };
  using Result = std::unique_ptr<pg_result, ClearResult>;
  struct Parameters;

  const std::string& prepared(std::string_view sql);
  Result run_prepared(std::string_view sql, const Parameters& parameters);
  Result send(int accepted, const char* action);  // the last result of what was just sent
  bool wait_for_input(std::chrono::steady_clock::time_point deadline);
  [[noreturn]] void fail(const char* action, const pg_result* result);

  pg_conn* connection_ = nullptr;
  std::chrono::milliseconds patience_;
  bool timed_out_ = false;
  std::string transaction_;
  std::int64_t counter_at_begin_ = 0;
  std::map<std::string, std::string, std::less<>> statements_;  // SQL -> the name it was prepared under
};

}  // namespace webmacs
