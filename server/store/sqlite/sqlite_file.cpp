#include "server/store/sqlite/sqlite_file.h"

#include "server/store/sqlite/sqlite_schema.h"
#include "server/store/store.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <thread>
#include <unistd.h>

namespace webmacs {
namespace {

// Primary result codes (sqlite.org/rescode.html); they are part of SQLite's stable interface.
enum SqliteCode { busy = 5, read_only = 8, io_error = 10, corrupt = 11, full = 13, cannot_open = 14, no_database = 26 };

constexpr std::int64_t log_size_limit = 48 * 1024 * 1024;  // the log shrinks again after a long reader

[[noreturn]] void refuse(const std::string& path, const std::string& cause) {
  throw StoreError("store " + path + " cannot be opened: " + cause);
}

void require_folder(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) {
    if (errno == ENOENT) refuse(path, "folder " + folder + " does not exist; create it for the user of the hub");
    refuse(path, "folder " + folder + ": " + std::strerror(errno));
  }
  if (!S_ISDIR(status.st_mode)) refuse(path, folder + " is not a folder");
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    refuse(path,
           "folder " + folder + " is not writable (" + std::strerror(errno) + "); give it to the user of the hub");
  }
}

void require_file(const std::string& path, MissingFile missing) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) refuse(path, "it is not a file");
    // SQLite would open it for reading only, and fail at the first reading.
    if (access(path.c_str(), R_OK | W_OK) != 0) {
      refuse(path, std::string("it is not writable (") + std::strerror(errno) + "); give it to the user of the hub");
    }
    return;
  }
  if (errno != ENOENT) refuse(path, std::strerror(errno));
  if (missing == MissingFile::fail)
    refuse(path, "the file is gone; put it back, or restart the hub to begin a new one");
  const int file = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, sqlite_file_mode);
  if (file < 0) {
    if (errno == EEXIST) return;
    refuse(path, std::string("it cannot be created: ") + std::strerror(errno));
  }
  fchmod(file, sqlite_file_mode);  // whatever the umask says: the log and the index beside it inherit it
  close(file);
}

// Two processes that open a new file at once meet here, where SQLite does not wait by itself.
void use_write_ahead_log(Database& database) {
  constexpr auto patience = std::chrono::seconds(5);
  constexpr auto pause = std::chrono::milliseconds(20);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    try {
      database.execute("PRAGMA journal_mode = WAL");
      return;
    } catch (const SqliteError& error) {
      if (error.primary() != busy || std::chrono::steady_clock::now() >= deadline) throw;
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

std::unique_ptr<Database> open_sqlite_file(const std::string& path, MissingFile missing) {
  // Closing a descriptor drops the locks that this process holds on the file through another one, so a file is
  // created by one thread while no other opens it.
  static std::mutex creating;
  const std::lock_guard<std::mutex> lock(creating);
  require_folder(path);
  require_file(path, missing);
  try {
    auto database = std::make_unique<Database>(path, Database::Mode::read_write);
    sqlite_schema_version(*database);  // a file that is not ours is left as it is
    use_write_ahead_log(*database);
    database->execute(
        "PRAGMA synchronous = FULL;"
        "PRAGMA foreign_keys = ON;"
        "PRAGMA cache_size = -16384;"         // KiB: the last page of some thousand events
        "PRAGMA wal_autocheckpoint = 10000;"  // pages: the last one of each event is written back once in many commits
        "PRAGMA journal_size_limit = " +
        std::to_string(log_size_limit));
    migrate_sqlite(*database);
    return database;
  } catch (const SqliteError& error) {
    if (error.primary() == no_database) refuse(path, "it is not a database; name another file, or move it away");
    throw StoreError(store_failure(error));
  }
}

std::int64_t sqlite_log_bytes(const std::string& path) {
  struct stat status {};
  if (stat((path + "-wal").c_str(), &status) != 0) return 0;
  return std::min<std::int64_t>(status.st_size, log_size_limit);
}

std::string store_failure(const SqliteError& error) {
  std::string text = std::string("store ") + error.what();
  switch (error.primary()) {
    case busy:
      return text + "; another program holds it: end what has it open";
    case read_only:
      return text + "; give the file and its folder to the user of the hub";
    case io_error:
      return text + "; the disk under it reports errors: check the system's log";
    case corrupt:
    case no_database:
      return text + "; the file is damaged: restore a backup";
    case full:
      return text + "; free some space on its disk";
    case cannot_open:
      return text + "; check the file, its folder and their owner";
    default:
      return text;
  }
}

bool connection_survives(const SqliteError& error) {
  return error.primary() == busy || error.primary() == full || error.constraint();
}

FileIdentity file_identity(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

}  // namespace webmacs
