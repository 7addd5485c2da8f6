#pragma once
// Walks a table of a damaged SQLite file by its row numbers (0 and above): what cannot be read is stepped over, by more
// the longer it is, so that a bad page costs its own rows only. Blocks; belongs to one thread.

#include "common/sqlite.h"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace webmacs {

class RowidWalk {
 public:
  // `sql`: "SELECT <row number>, … WHERE <row number> >= ? ORDER BY <row number>". Throws SqliteError when the table
  // cannot be found.
  RowidWalk(Database& database, std::string_view sql);

  // The next row that can be read at all, valid until the next call; null at the end, or when it is not found in time.
  const Statement* next(std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max());
  bool ended() const { return ended_; }

  // The caller found the row of the last next() to be whole: the walk goes on from it, should what follows be
  // unreadable. False: there was a row of this number before. Of rows that nobody accepts, only a number that follows
  // the one before it is believed.
  bool accept();

  std::int64_t unreadable_places() const { return places_; }

 private:
  bool is_readable(std::int64_t from);
  void note_stranger();
  void step_over();
  void step_back();

  Statement statement_;
  std::int64_t at_ = 0;         // the least number that was neither read nor stepped over
  std::int64_t accepted_ = -1;  // the greatest
  std::int64_t stranger_ = -1;  // the number of the row before, when it was not accepted
  std::int64_t stride_ = 1;     // how far the last step over something unreadable went
  std::int64_t misses_ = 0;     // one after another
  std::int64_t strangers_ = 0;  // rows since the last whose number is believed
  std::int64_t places_ = 0;
  bool under_way_ = false;  // the statement stands at a row
  bool ended_ = false;
};

}  // namespace webmacs
