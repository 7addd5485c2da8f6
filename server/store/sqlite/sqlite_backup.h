#pragma once
// A copy of the hub's SQLite file as it is at one moment, made while the hub goes on writing (SQLite's online backup).

#include <cstdint>
#include <functional>
#include <string>

namespace webmacs {

struct BackupProgress {
  std::int64_t pages_done = 0, pages = 0;
};

// Copies the database at `source` to `target`, which must not exist. A reader's snapshot is held meanwhile: the writer
// never waits for it, what is written later is not in the copy, and it ends however much that is; the log beside the
// source grows until then. The copy is made beside `target`, checked by reading all of it, synced, and renamed last:
// under that name stands a whole backup or nothing. `progress` is called now and then; it may throw to give up, which
// leaves nothing behind. Answers the number of datapoints in it. Throws StoreError.
std::int64_t back_up_sqlite(const std::string& source, const std::string& target,
                            const std::function<void(const BackupProgress&)>& progress);

}  // namespace webmacs
