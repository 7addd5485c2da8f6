#pragma once
// The store in a PostgreSQL database (15 or newer), in its schema "webmacs". Many of these objects may use the same
// database; each has a connection of its own and belongs to one thread at a time.
// After a failure the object stays usable: it connects again by itself, at once and then less and less often. A commit
// whose answer was lost is looked up before anything else is written.

#include "common/backoff.h"
#include "server/store/postgres/lost_commit.h"
#include "server/store/postgres/postgres_connection.h"
#include "server/store/sql/sql_store.h"

#include <chrono>
#include <memory>
#include <string>

namespace webmacs {

class PostgresStore final : public SqlStore {
 public:
  // Connects, creates the schema where there is none. Throws StoreError.
  PostgresStore(std::string url, std::string password, std::shared_ptr<StoreDamage> damage = nullptr);
  ~PostgresStore() override;

  std::vector<std::vector<AppendResult>> append(std::span<const IncomingBatch* const> batches) override;
  std::vector<StoredPoint> latest(Timestamp not_after) override;
  std::vector<StoredPoint> range(const std::string& event_public_id, Timestamp from, Timestamp to,
                                 std::size_t limit) override;
  void read(std::int64_t event_key, Timestamp from, Timestamp to, std::size_t limit,
            std::vector<Point>& points) override;
  std::int64_t change_counter() override;
  // The disk is seen where the server is reached through a socket of this machine, and says where its data is.
  StoreRoom room() override;
  void check() override;

 protected:
  void in_transaction(const std::function<void(SqlSession&, StoreEvents&)>& work) override;
  void in_session(const std::function<void(SqlSession&, StoreEvents&)>& work) override;
  // The tables' files; what was removed of a month that is still there counts as free, by the server's statistics.
  Size size(SqlSession& session) override;
  WholePieces* whole_pieces() override;

 private:
  struct Connection;

  // Runs `work` on the connection, made anew where an earlier failure has ended it; turns PostgresError into
  // StoreError.
  template <typename Work>
  auto on_connection(Work work) -> decltype(work(std::declval<Connection&>()));
  // Likewise for what only reads: once more on a new connection where the server has ended the old one, as it does when
  // it is restarted, which shows only when the connection is used.
  template <typename Work>
  auto read_on_connection(Work work) -> decltype(work(std::declval<Connection&>()));
  void connect();
  std::vector<std::vector<AppendResult>> append_once(Connection& connection,
                                                     std::span<const IncomingBatch* const> batches);
  void settle_lost_commit(Connection& connection);
  std::string failure(const PostgresError& error) const;

  const std::string url_;
  const std::string password_;
  const std::string shown_url_;
  std::unique_ptr<Connection> connection_;
  Backoff backoff_;
  std::chrono::steady_clock::time_point next_attempt_{};
  std::string last_failure_;  // of connecting
  LostCommit lost_;
  bool write_failed_ = false;
  bool server_ended_it_ = false;  // the last failure: not a timeout
  bool pooler_is_checked_ = false;
};

}  // namespace webmacs
