#include "server/store/sqlite/sqlite_backup.h"

#include "common/sqlite.h"
#include "server/store/sqlite/sqlite_file.h"
#include "server/store/sqlite/sqlite_schema.h"
#include "server/store/store.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <unistd.h>

namespace webmacs {
namespace {

constexpr int pages_at_once = 256;
// What is copied goes to the disk bit by bit, or the hub's own syncs would wait behind all of it at the end.
constexpr int steps_per_sync = 16;

[[noreturn]] void fail(const std::string& target, const std::string& cause) {
  throw StoreError("backup " + target + ": " + cause);
}

void sync_path(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_RDONLY | O_CLOEXEC);
  const bool done = file >= 0 && fsync(file) == 0;
  const int error = errno;
  if (file >= 0) close(file);
  if (!done) fail(path, std::string("cannot be synced: ") + std::strerror(error));
}

// The copy in the making: gone with this object, unless it was kept.
class Unfinished {
 public:
  explicit Unfinished(const std::string& target) : path_(target + ".unfinished") {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);  // of one that was killed
    file_ = open(path_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, sqlite_file_mode);
    if (file_ < 0) fail(target, std::string("cannot be created: ") + std::strerror(errno));
    fchmod(file_, sqlite_file_mode);
  }
  ~Unfinished() {
    close(file_);
    if (!kept_) remove();
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

  const std::string& path() const { return path_; }
  void sync() const {
    if (fdatasync(file_) != 0) fail(path_, std::string("cannot be synced: ") + std::strerror(errno));
  }
  void keep_as(const std::string& target) {
    if (fsync(file_) != 0) fail(path_, std::string("cannot be synced: ") + std::strerror(errno));
    if (rename(path_.c_str(), target.c_str()) != 0) {
      fail(target, std::string("cannot be given its name: ") + std::strerror(errno));
    }
    kept_ = true;
    const std::string folder = std::filesystem::path(target).parent_path().string();
    sync_path(folder.empty() ? "." : folder, O_DIRECTORY);
  }

 private:
  void remove() const {
    std::error_code ignored;
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + end, ignored);
  }

  const std::string path_;
  int file_ = -1;
  bool kept_ = false;
};

void copy(Database& from, const Unfinished& unfinished, const std::function<void(const BackupProgress&)>& progress) {
  Database to(unfinished.path(), Database::Mode::read_write);
  to.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");  // it is whole, or thrown away
  DatabaseCopy copying(from, to);
  int steps = 0;
  for (bool more = true; more;) {
    more = copying.step(pages_at_once);
    if (++steps % steps_per_sync == 0) unfinished.sync();
    progress({copying.pages() - copying.pages_left(), copying.pages()});
  }
}

std::int64_t check(const std::string& path, const std::function<void(const BackupProgress&)>& progress,
                   BackupProgress done) {
  Database copy(path, Database::Mode::read_write);
  const std::size_t version = sqlite_schema_version(copy);
  if (version == 0) fail(path, "the store is empty");
  Statement integrity = copy.prepare("PRAGMA integrity_check(1)");
  progress(done);
  if (!integrity.step() || integrity.text(0) != "ok") {
    fail(path, "the copy is damaged, and so is the store, most likely: " + integrity.text(0));
  }
  integrity.reset();
  progress(done);
  Statement count = copy.prepare("SELECT count(*) FROM datapoints");
  count.step();
  return count.integer(0);
}

}  // namespace

std::int64_t back_up_sqlite(const std::string& source, const std::string& target,
                            const std::function<void(const BackupProgress&)>& progress) {
  try {
    BackupProgress last;
    std::int64_t datapoints = 0;
    Unfinished unfinished(target);
    {
      Database from(source, Database::Mode::read_write);  // a reader has to write to the index of the log
      if (sqlite_schema_version(from) == 0) fail(target, "the store " + source + " is empty");
      from.execute("BEGIN");
      from.pragma("schema_version");  // from here on it sees this moment
      copy(from, unfinished, [&](const BackupProgress& now) { progress(last = now); });
    }
    datapoints = check(unfinished.path(), progress, last);
    unfinished.keep_as(target);
    return datapoints;
  } catch (const SqliteError& error) {
    throw StoreError(store_failure(error));
  }
}

}  // namespace webmacs
