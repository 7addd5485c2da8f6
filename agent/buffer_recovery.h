#pragma once
// Reads back what a buffer that was set aside still holds. A row counts only when its sum is right: nothing is guessed.
// Belongs to the outbox's worker thread; blocks for a moment at a time.

#include "agent/buffer_row.h"
#include "agent/rowid_walk.h"
#include "common/sqlite.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace webmacs {

// Moves a buffer that cannot be used out of the way: "<path>.damaged-<date>", its WAL beside it. Answers the new name.
// Throws std::filesystem::filesystem_error when the folder does not allow it.
std::string set_buffer_aside(const std::string& path);

// The files that were set aside beside this buffer, oldest first, those that were read back included.
struct BufferAside {
  std::string file;
  bool was_read_back = false;
};
std::vector<BufferAside> buffers_aside(const std::string& path);

class BufferRecovery {
 public:
  // Of the files that were set aside beside this buffer and not read back yet, the oldest; null when there is none.
  static std::unique_ptr<BufferRecovery> of_oldest_beside(const std::string& path);

  explicit BufferRecovery(std::string file);
  ~BufferRecovery();

  // At most `limit` readings, oldest first, numbered as they were there; fewer, also none, when looking for them takes
  // longer than `patience`.
  std::vector<BufferedReading> next(std::size_t limit, std::chrono::milliseconds patience);
  bool ended() const { return walk_ == nullptr || walk_->ended(); }

  // When everything that next() gave is safe: the file gets a name that says it was read ("….recovered"), so that it is
  // not read again, and the oldest of those that have one are removed; two stay.
  // Where the folder does not allow it, false: it will be read again at the next start.
  bool finish();

  const std::string& file() const { return file_; }
  std::int64_t recovered() const { return recovered_; }
  std::int64_t damaged_rows() const { return damaged_rows_; }  // readable, but not as they were written
  std::int64_t unreadable_places() const { return walk_ ? walk_->unreadable_places() : 0; }
  const std::string& trouble() const { return trouble_; }  // why nothing at all can be read; empty when it can

 private:
  void load_events(const std::string& from);
  std::optional<BufferedReading> whole(const Statement& row) const;

  const std::string file_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<RowidWalk> walk_;
  std::multimap<std::int64_t, std::string> event_names_;  // a damaged file may have two; a row's sum knows
  std::string trouble_;
  std::int64_t recovered_ = 0;
  std::int64_t damaged_rows_ = 0;
};

}  // namespace webmacs
