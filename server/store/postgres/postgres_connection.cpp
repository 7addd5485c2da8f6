#include "server/store/postgres/postgres_connection.h"

#include "common/liveness.h"
#include "server/store/postgres/postgres_bytes.h"
#include "server/store/postgres/postgres_words.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <libpq-fe.h>
#include <poll.h>
#include <utility>

namespace webmacs {
namespace {

constexpr std::chrono::milliseconds usual_patience{10000};
constexpr int binary = 1;

// Types of columns that our schema has (server/catalog/pg_type.dat; they never change).
enum ColumnType : Oid { type_bool = 16, type_int2 = 21, type_int4 = 23, type_int8 = 20, type_float8 = 701 };

class Row final : public SqlRow {
 public:
  Row(const PGresult* result, int row) : result_(result), row_(row) {}

  bool is_null(int column) const override { return PQgetisnull(result_, row_, column) != 0; }
  std::int64_t integer(int column) const override {
    if (is_null(column)) return 0;
    const char* bytes = PQgetvalue(result_, row_, column);
    switch (PQftype(result_, column)) {
      case type_bool:
        return bytes[0] != 0 ? 1 : 0;
      case type_int2:
        return static_cast<std::int16_t>(read_big_endian(bytes, 2));
      case type_int4:
        return static_cast<std::int32_t>(read_big_endian(bytes, 4));
      case type_float8:
        return static_cast<std::int64_t>(read_real(bytes));
      default:
        return static_cast<std::int64_t>(read_big_endian(bytes, 8));
    }
  }
  double real(int column) const override {
    if (is_null(column)) return 0;
    if (PQftype(result_, column) == type_float8) return read_real(PQgetvalue(result_, row_, column));
    return static_cast<double>(integer(column));
  }
  std::string text(int column) const override {
    return {PQgetvalue(result_, row_, column), static_cast<std::size_t>(PQgetlength(result_, row_, column))};
  }
  void set_row(int row) { row_ = row; }

 private:
  const PGresult* result_;
  int row_;
};

// libpq explains itself in several lines; the first one says what happened.
std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

void ignore_notice(void*, const PGresult*) {}

}  // namespace

struct PostgresConnection::Parameters {
  std::vector<std::string> texts;  // what the pointers point to
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;

  explicit Parameters(SqlValues sql_values) {
    texts.reserve(sql_values.size());
    for (const SqlValue& value : sql_values) {
      std::visit([this](const auto& each) { add(each); }, value.get());
    }
  }
  explicit Parameters(const std::vector<PostgresArray>& arrays) {
    for (const PostgresArray& array : arrays) push(array.bytes.data(), array.bytes.size(), binary);
  }

 private:
  void push(const char* value, std::size_t length, int format) {
    values.push_back(value);
    lengths.push_back(static_cast<int>(length));
    formats.push_back(format);
  }
  void add(std::nullptr_t) { push(nullptr, 0, 0); }
  void add(std::int64_t value) { add_text(std::to_string(value)); }
  void add(double value) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    add_text(std::string(digits, end));
  }
  void add(std::string_view value) { add_text(acceptable_text(value)); }
  void add_text(std::string text) {
    texts.push_back(std::move(text));
    push(texts.back().c_str(), texts.back().size(), 0);
  }
};

void PostgresConnection::ClearResult::operator()(pg_result* result) const {
  PQclear(result);
}

PostgresConnection::PostgresConnection(const std::string& url, const std::string& password)
    : patience_(usual_patience) {
  std::vector<const char*> names{"dbname",          "connect_timeout", "tcp_user_timeout",
                                 "keepalives_idle", "client_encoding", "application_name"};
  std::vector<const char*> values{url.c_str(), "5", "10000", "10", "UTF8", "webmacs"};
  if (!password.empty()) {
    names.insert(names.begin(), "password");
    values.insert(values.begin(), password.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = PQconnectdbParams(names.data(), values.data(), 1);
  if (connection_ == nullptr) throw PostgresError("out of memory", {});
  if (PQstatus(connection_) != CONNECTION_OK) {
    const std::string what = first_line(PQerrorMessage(connection_));
    PQfinish(connection_);
    throw PostgresError(what, {});
  }
  PQsetNoticeReceiver(connection_, ignore_notice, nullptr);
}

PostgresConnection::~PostgresConnection() {
  PQfinish(connection_);
}

void PostgresConnection::fail(const char* action, const pg_result* result) {
  const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* message = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  std::string what = std::string("cannot ") + action + ": ";
  what += timed_out_ ? "no answer within " + std::to_string(patience_.count() / 1000) + " s"
                     : first_line(message != nullptr ? message : PQerrorMessage(connection_));
  throw PostgresError(what, state == nullptr ? "" : state);
}

bool PostgresConnection::has_ended() const {
  return timed_out_ || PQstatus(connection_) != CONNECTION_OK;
}

int PostgresConnection::process_at_connect() const {
  return PQbackendPID(connection_);
}

bool PostgresConnection::wait_for_input(std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd socket{PQsocket(connection_), POLLIN, 0};
    note_turn();
    const int ready = poll(&socket, 1, static_cast<int>(std::min(left, longest_turn).count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return true;  // libpq says what is wrong with it
  }
}

PostgresConnection::Result PostgresConnection::send(int accepted, const char* action) {
  if (accepted == 0) fail(action, nullptr);
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  Result last;
  Result failed;
  for (;;) {
    while (PQisBusy(connection_) != 0) {
      if (!wait_for_input(deadline)) {
        timed_out_ = true;
        fail(action, nullptr);
      }
      if (PQconsumeInput(connection_) == 0) fail(action, nullptr);
    }
    Result next(PQgetResult(connection_));
    if (!next) break;
    const auto status = PQresultStatus(next.get());
    const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!good && !failed) {
      failed = std::move(next);
    } else if (good) {
      last = std::move(next);
    }
  }
  if (failed || !last) fail(action, failed.get());
  return last;
}

void PostgresConnection::execute(const std::string& sql) {
  send(PQsendQuery(connection_, sql.c_str()), "run a command");
}

std::vector<std::string> PostgresConnection::execute_for_row(const std::string& sql) {
  const Result result = send(PQsendQuery(connection_, sql.c_str()), "run a command");
  std::vector<std::string> columns;
  const int row = PQntuples(result.get()) - 1;
  for (int i = 0; row >= 0 && i < PQnfields(result.get()); ++i) columns.emplace_back(PQgetvalue(result.get(), row, i));
  return columns;
}

const std::string& PostgresConnection::prepared(std::string_view sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second;
  const std::string text = in_postgres_words(sql);
  const std::string name = "s" + std::to_string(statements_.size());
  send(PQsendPrepare(connection_, name.c_str(), text.c_str(), 0, nullptr), "prepare a statement");
  return statements_.emplace(std::string(sql), name).first->second;
}

PostgresConnection::Result PostgresConnection::run_prepared(std::string_view sql, const Parameters& parameters) {
  const std::string& name = prepared(sql);
  return send(
      PQsendQueryPrepared(connection_, name.c_str(), static_cast<int>(parameters.values.size()),
                          parameters.values.data(), parameters.lengths.data(), parameters.formats.data(), binary),
      "run a statement");
}

void PostgresConnection::query(std::string_view sql, SqlValues values, const Visit& visit) {
  const Result result = run_prepared(sql, Parameters(values));
  const int rows = PQntuples(result.get());
  Row row(result.get(), 0);
  for (int i = 0; i < rows; ++i) {
    row.set_row(i);
    visit(row);
  }
}

std::int64_t PostgresConnection::run(std::string_view sql, SqlValues values) {
  const Result result = run_prepared(sql, Parameters(values));
  return std::strtoll(PQcmdTuples(result.get()), nullptr, 10);
}

std::int64_t PostgresConnection::run_arrays(std::string_view sql, const std::vector<PostgresArray>& arrays) {
  const Result result = run_prepared(sql, Parameters(arrays));
  return std::strtoll(PQcmdTuples(result.get()), nullptr, 10);
}

void PostgresConnection::query_arrays(std::string_view sql, const std::vector<PostgresArray>& arrays,
                                      const Visit& visit) {
  const Result result = run_prepared(sql, Parameters(arrays));
  Row row(result.get(), 0);
  for (int i = 0; i < PQntuples(result.get()); ++i) {
    row.set_row(i);
    visit(row);
  }
}

void PostgresConnection::set_usual_patience() {
  patience_ = usual_patience;
}

// One exchange for all that a transaction begins with.
void PostgresConnection::begin() {
  const auto row = execute_for_row("BEGIN; SELECT number, pg_current_xact_id() FROM webmacs.changes");
  if (row.size() != 2) throw PostgresError("cannot begin: the table changes is empty", {});
  counter_at_begin_ = std::stoll(row[0]);
  transaction_ = row[1];
}

void PostgresConnection::commit() {
  // A transaction that has failed is rolled back by COMMIT, and that counts as done.
  const Result result = send(PQsendQuery(connection_, "COMMIT"), "commit");
  if (std::string_view(PQcmdStatus(result.get())) != "COMMIT") {
    throw PostgresError("cannot commit: the transaction had failed before", "25P02");
  }
}

void PostgresConnection::rollback() noexcept {
  if (has_ended() || PQtransactionStatus(connection_) == PQTRANS_IDLE) return;
  try {
    execute("ROLLBACK");
  } catch (const PostgresError&) {
    timed_out_ = true;  // nobody may go on in an unknown transaction
  }
}

std::int64_t PostgresConnection::change_counter() {
  return integer("SELECT number FROM changes").value_or(0);
}

}  // namespace webmacs
