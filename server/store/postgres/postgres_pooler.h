#pragma once
// Poolers between the hub and PostgreSQL. One in session mode is as good as none; in transaction mode a connection is
// another server's process from one transaction to the next, and prepared statements, locks and settings are lost.

#include "server/store/postgres/postgres_connection.h"

#include <string>

namespace webmacs {

// Throws StoreError when a pooler in transaction (or statement) mode is between; `connection` is one through it,
// outside of a transaction. May open further connections. Throws PostgresError.
void refuse_transaction_pooler(PostgresConnection& connection, const std::string& url, const std::string& password);

}  // namespace webmacs
