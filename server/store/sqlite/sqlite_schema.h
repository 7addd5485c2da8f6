#pragma once
// The SQLite schema and its history. A file carries the project's application_id and, as user_version, the number of
// migrations that it has seen; opening it applies the rest, each in a transaction of its own.

#include "common/sqlite.h"

#include <string>
#include <vector>

namespace webmacs {

// What brings a file from version i to i + 1. Only ever appended to: released files have seen the earlier ones.
const std::vector<std::string>& sqlite_migrations();

// How many migrations the file has seen; 0 when it is empty. Only reads. Throws as migrate_sqlite does.
std::size_t sqlite_schema_version(Database& database);

// Brings the file up to date; safe while other processes do the same. Throws StoreError when the file belongs to
// another program or to a newer version of this one, SqliteError when it cannot be read or written.
void migrate_sqlite(Database& database);

}  // namespace webmacs
