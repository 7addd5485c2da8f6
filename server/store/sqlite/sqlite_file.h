#pragma once
// Opens the hub's SQLite file: settings, schema, and failures in words that help.

#include "common/sqlite.h"

#include <memory>
#include <string>

namespace webmacs {

// Who may read the store's file and its copies: the owner and the group.
constexpr unsigned sqlite_file_mode = 0640;

enum class MissingFile { create, fail };

// The file (sqlite_file_mode when new) in WAL mode, synced at each commit, with today's schema. Throws StoreError,
// which names the file, the cause and the way out.
std::unique_ptr<Database> open_sqlite_file(const std::string& path, MissingFile missing);

// How large its log is, as far as it stays so: a long reader lets it grow for a while.
std::int64_t sqlite_log_bytes(const std::string& path);

// What a failure of the file says to the one who has to repair it.
std::string store_failure(const SqliteError& error);

// Whether the connection may go on after this failure: the cause lies outside of it and nothing was damaged.
bool connection_survives(const SqliteError& error);

// Which file stands at a path; two are equal while nobody has moved, replaced or deleted it.
struct FileIdentity {
  unsigned long device = 0, inode = 0;  // zero: there is none
  bool operator==(const FileIdentity&) const = default;
};
FileIdentity file_identity(const std::string& path);

}  // namespace webmacs
