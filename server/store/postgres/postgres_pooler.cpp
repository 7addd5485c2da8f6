#include "server/store/postgres/postgres_pooler.h"

#include "server/store/store_error.h"

#include <memory>
#include <set>
#include <vector>

namespace webmacs {
namespace {

// A pool that has idle processes left may give one of them to the first of these.
constexpr int most_tried = 4;

std::string process_of(PostgresConnection& connection) {
  return connection.execute_for_row("SELECT pg_backend_pid()").at(0);
}

}  // namespace

void refuse_transaction_pooler(PostgresConnection& connection, const std::string& url, const std::string& password) {
  const std::string process = process_of(connection);
  // A server tells its process by itself when it is connected to; a pooler makes a number up.
  if (process == std::to_string(connection.process_at_connect())) return;
  std::vector<std::unique_ptr<PostgresConnection>> others;
  for (int i = 0; i < most_tried; ++i) {
    others.push_back(std::make_unique<PostgresConnection>(url, password));
    others.back()->execute("BEGIN");  // keeps its process until the end
    if (process_of(*others.back()) != process) continue;
    throw StoreError(
        "the PostgreSQL store is behind a pooler in transaction mode, which the hub cannot work with (prepared "
        "statements and locks are lost between transactions): connect to PostgreSQL itself, or set pool_mode = session "
        "for this database");
  }
}

}  // namespace webmacs
