#pragma once
// The agent's buffer on disk: one SQLite file that holds readings which nobody has acknowledged yet. Belongs to the
// outbox's worker thread; every call blocks. The file is expendable, polling is not: whatever is wrong with it is
// answered by a result, never by an exception.

#include "agent/buffer_recovery.h"
#include "agent/buffer_row.h"
#include "agent/settings.h"
#include "common/reading.h"
#include "common/sqlite.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace webmacs {

constexpr std::int64_t page_bytes = 4096;  // of the file

struct SeqRange {
  std::int64_t first = 0;
  std::int64_t last = 0;  // included
};

// One visit of the network thread's to the file: readings to keep, rows to forget, rows to read back. What is to be
// kept and forgotten is one transaction (or several, where it is much), durable when the visit ends.
struct BufferVisit {
  std::vector<BufferedReading> keep;
  std::vector<SeqRange> forget;
  std::int64_t dropped_in_memory = 0;  // readings given up elsewhere, to be counted here

  std::size_t page_size = 0;  // rows wanted: those with read_after < seq <= read_through; 0: none
  std::int64_t read_after = 0;
  std::int64_t read_through = 0;

  std::size_t recover_size = 0;  // readings wanted from files that were set aside; ask when the last are durable
};

struct BufferFileState {
  bool usable = false;
  bool recovering = false;  // readings wait in a file that was set aside
  std::string trouble;      // why it is not usable (or lately was not); empty when all is well
  std::int64_t rows = 0;
  std::int64_t next_seq = 1;             // above every row there ever was in this file
  std::int64_t dropped = 0;              // readings given up since the file was made
  std::int64_t bytes = 0;                // database and WAL
  std::uint64_t write_transactions = 0;  // of this process
};

struct BufferVisitResult {
  BufferFileState state;
  bool opened = false;  // this visit opened the file: what was known of its rows is void
  bool empty_at_open = false;
  std::vector<BufferedReading> recovered;  // read back from a file that was set aside: new readings to this one
  bool set_aside = false;  // the file was damaged and is out of the way: the next visit begins a new one
  bool kept_all = true;    // false: file full (when the newest are to be dropped) or not usable
  std::vector<BufferedReading> page;
  bool page_is_last = false;    // nothing more up to read_through
  bool more_to_shrink = false;  // an empty file still holds free pages: visit again
  std::int64_t dropped_now = 0;
  Timestamp dropped_from{};
  Timestamp dropped_to{};
};

// What the schema forbids, found all the same: treated as SQLite's own "malformed".
struct BufferDamage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::int64_t buffer_bytes(const std::string& path);  // database and WAL
std::int64_t buffer_wal_bytes(const std::string& path);

class BufferFile {
 public:
  explicit BufferFile(BufferSettings settings);
  ~BufferFile();

  // Opens or re-opens the file when it is not open; a file that is damaged, foreign or of a newer schema is set aside
  // under a name with the date, and a new one begun.
  BufferVisitResult visit(const BufferVisit& visit);

  static constexpr std::int32_t application_id = 0x574D4246;  // "WMBF"
  static constexpr int schema_version = 2;

 private:
  struct Statements;

  void open();
  void close();
  void create_schema();
  void load_events();
  void fail(const char* why, BufferVisitResult& result);
  bool set_aside(const std::string& why);

  void write(const BufferVisit& visit, BufferVisitResult& result);
  void insert(const BufferedReading& reading);
  std::int64_t key_of(const std::string& event_public_id);
  void forget(const std::vector<SeqRange>& ranges);
  bool make_room(std::int64_t bytes, BufferVisitResult& result);
  void drop_oldest(std::int64_t bytes, BufferVisitResult& result);
  std::int64_t drop_rows(SeqRange rows);
  void read_page(const BufferVisit& visit, BufferVisitResult& result);
  void recover(const BufferVisit& visit, BufferVisitResult& result);
  void look_for_recovery();
  void shrink(BufferVisitResult& result);
  void commit(Transaction& transaction);
  std::int64_t used_bytes();
  void bound_wal();

  const BufferSettings settings_;
  const std::int64_t wal_bytes_;    // the part of max_size that the WAL may take
  const std::int64_t chunk_bytes_;  // the most that one transaction adds
  std::unique_ptr<Database> database_;
  std::unique_ptr<Statements> statements_;
  std::map<std::string, std::int64_t> event_keys_;
  std::map<std::int64_t, std::string> event_names_;
  BufferFileState state_;
  std::unique_ptr<BufferRecovery> recovery_;
  bool recovery_stuck_ = false;  // the file cannot be marked as read back
};

// What `webmacs-agent buffer` prints. Opens read-only; also while the agent runs.
struct BufferSummary {
  std::int64_t rows = 0;
  std::int64_t dropped = 0;
  std::int64_t bytes = 0;
  std::optional<Timestamp> oldest;
  std::optional<Timestamp> newest;
};
// Throws std::runtime_error when the file is not there or not a buffer.
BufferSummary summarise_buffer(const std::string& path);

}  // namespace webmacs
