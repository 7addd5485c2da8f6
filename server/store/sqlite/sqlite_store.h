#pragma once
// The embedded store: one SQLite file in WAL mode, synced at each commit. Many of these objects may have the same file
// open, in one process or several; each belongs to one thread at a time.
// After a failure the object stays usable: as soon as its cause is gone (space freed, owner set right), calls succeed
// again. A file that was moved or replaced meanwhile is noticed before anything is written.

#include "server/store/sql/sql_store.h"
#include "server/store/sqlite/sqlite_file.h"

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

class SqliteStore final : public SqlStore {
 public:
  // Creates the file where there is none. Throws StoreError.
  explicit SqliteStore(std::string path, std::shared_ptr<StoreDamage> damage = nullptr);
  ~SqliteStore() override;

  std::vector<std::vector<AppendResult>> append(std::span<const IncomingBatch* const> batches) override;
  std::vector<StoredPoint> latest(Timestamp not_after) override;
  std::vector<StoredPoint> range(const std::string& event_public_id, Timestamp from, Timestamp to,
                                 std::size_t limit) override;
  void read(std::int64_t event_key, Timestamp from, Timestamp to, std::size_t limit,
            std::vector<Point>& points) override;
  std::int64_t change_counter() override;
  StoreRoom room() override;
  void check() override;

 protected:
  void in_transaction(const std::function<void(SqlSession&, StoreEvents&)>& work) override;
  void in_session(const std::function<void(SqlSession&, StoreEvents&)>& work) override;
  // The file's pages that are in use, and its log. What was removed leaves free pages, which new datapoints take: the
  // file does not grow then, and does not shrink either.
  Size size(SqlSession& session) override;

 private:
  struct Connection;

  std::vector<StoredPoint> latest_of_each(Timestamp not_after);
  // Runs `work` on the connection, opened again where an earlier failure has closed it; turns SqliteError into
  // StoreError.
  template <typename Work>
  auto on_connection(Work work) -> decltype(work(std::declval<Connection&>()));
  void failed(const SqliteError& error);
  std::vector<std::vector<AppendResult>> append_once(std::span<const IncomingBatch* const> batches,
                                                     std::string& at_work);
  // Writes to a file that nobody can find any more would be lost.
  void require_same_file();

  const std::string path_;
  std::unique_ptr<Connection> connection_;
  FileIdentity identity_;
  std::int64_t reopened_ = 0;  // each connection counts its data_version from the start
  bool write_failed_ = false;
  // Events whose readings find a damaged page, and until when that is not tried again.
  std::set<std::string> unwritable_;
  std::chrono::steady_clock::time_point try_unwritable_{};
};

}  // namespace webmacs
