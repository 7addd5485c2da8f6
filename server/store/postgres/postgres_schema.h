#pragma once
// The PostgreSQL schema and its history. All of it is in a schema of its own, "webmacs", whose table schema_version
// says how many migrations it has seen; opening it applies the rest, each in a transaction of its own.

#include "server/store/postgres/postgres_connection.h"

#include <string>
#include <vector>

namespace webmacs {

// What brings a database from version i to i + 1. Only ever appended to: released databases have seen the earlier ones.
const std::vector<std::string>& postgres_migrations();

// Brings the database up to date, safe while other programs do the same, and sets the connection up for it. Throws
// StoreError when a newer program has written it, PostgresError when it cannot be read or written.
void migrate_postgres(PostgresConnection& connection);

}  // namespace webmacs
