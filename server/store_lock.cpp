#include "server/store_lock.h"

#include "common/timestamp.h"
#include "server/open_store.h"
#include "server/store/postgres/postgres_connection.h"
#include "server/store/postgres/postgres_pooler.h"
#include "server/store/store_error.h"
#include "server/store/store_url.h"

#include <sys/file.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <thread>
#include <unistd.h>
#include <variant>

namespace webmacs {
namespace {

constexpr std::chrono::milliseconds pause{250};
constexpr mode_t file_mode = 0640;

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

// A lock on a file beside the store. Its text says who has it.
class FileLock final : public StoreLock {
 public:
  explicit FileLock(const std::string& store) {
    std::error_code error;
    const auto real = std::filesystem::weakly_canonical(store, error);  // whatever links lead there
    path_ = (error ? store : real.string()) + ".hub";
    file_ = open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, file_mode);
    if (file_ >= 0) return;
    const std::string cause = std::strerror(errno);
    open_store("sqlite://" + store);  // says better what is wrong with the folder
    throw StoreError("store lock " + path_ + ": " + cause);
  }
  ~FileLock() override { close(file_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  bool try_lock() const {
    if (flock(file_, LOCK_EX | LOCK_NB) != 0) return false;
    const std::string text =
        "process " + std::to_string(getpid()) + " on " + host_name() + ", since " + format_timestamp(utc_now()) + '\n';
    // For people: that it cannot be written on a full disk unlocks nothing.
    if (ftruncate(file_, 0) == 0) static_cast<void>(pwrite(file_, text.data(), text.size(), 0) == 0);
    return true;
  }
  std::string holder() const {
    std::array<char, 256> text{};
    const ssize_t size = pread(file_, text.data(), text.size() - 1, 0);
    const std::string read(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return read.empty() ? "another process" : read.substr(0, read.find('\n'));
  }
  std::string look() override { return {}; }

 private:
  std::string path_;
  int file_ = -1;
};

// A lock of a session of PostgreSQL, which ends with its connection. The server asks a silent connection after 10 s
// whether it lives, and gives the lock back within half a minute.
class SessionLock final : public StoreLock {
 public:
  SessionLock(std::string url, std::string password) : url_(std::move(url)), password_(std::move(password)) {}

  bool try_lock() {
    if (!connection_ || connection_->has_ended()) {
      connection_ = std::make_unique<PostgresConnection>(url_, password_);
      refuse_transaction_pooler(*connection_, url_, password_);
      connection_->execute(
          "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4;"
          "SET tcp_user_timeout = 30000");
      connection_->run("SELECT set_config('application_name', $1, false)",
                       {"webmacs hub " + host_name() + " " + std::to_string(getpid())});
    }
    return connection_->execute_for_row("SELECT pg_try_advisory_lock(1463634245)").at(0) == "t";
  }
  std::string holder() const {
    std::string text = "another hub";
    connection_->query(
        "SELECT a.application_name::text || coalesce(' at ' || host(a.client_addr), '') || ', since ' || "
        "to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM pg_locks l "
        "JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.objid = 1463634245 AND l.granted "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        {}, [&text](const SqlRow& row) {
          if (!row.is_null(0)) text = row.text(0);
        });
    return text;
  }
  std::string look() override {
    try {
      if (connection_ && !connection_->has_ended()) {
        connection_->execute("SELECT 1");
        return {};
      }
      return try_lock() ? std::string() : holder();
    } catch (const std::runtime_error&) {
      return {};  // the store's own connections say that the database is away
    }
  }

 private:
  const std::string url_;
  const std::string password_;
  std::unique_ptr<PostgresConnection> connection_;
};

// Signals are blocked while the hub starts.
bool asked_to_stop() {
  sigset_t pending;
  sigemptyset(&pending);
  return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

template <typename Lock>
std::unique_ptr<StoreLock> wait_for(std::unique_ptr<Lock> lock, const std::string& store,
                                    std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!lock->try_lock()) {
    if (std::chrono::steady_clock::now() >= deadline || asked_to_stop()) {
      throw StoreError("store " + store + " is in use by another hub: " + lock->holder() +
                       "; end that one, or give this one a store of its own");
    }
    std::this_thread::sleep_for(pause);
  }
  return lock;
}

}  // namespace

std::unique_ptr<StoreLock> lock_store(const StartOnly& settings, std::chrono::milliseconds patience) {
  const StoreUrl url = parse_store_url(settings.store_url);
  const std::string shown = without_password(settings.store_url);
  if (const auto* file = std::get_if<SqliteUrl>(&url)) {
    return wait_for(std::make_unique<FileLock>(file->path), shown, patience);
  }
  try {
    return wait_for(
        std::make_unique<SessionLock>(std::get<PostgresUrl>(url).url, store_password(settings.store_password_file)),
        shown, patience);
  } catch (const PostgresError& error) {
    throw StoreError("store " + shown + ": " + error.what() +
                     "; is PostgreSQL running and reachable, and are user, database and password right?");
  }
}

}  // namespace webmacs
