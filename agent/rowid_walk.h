#pragma once
// Walks a table of a damaged SQLite file by its row numbers (0 and above): first from row to row, where what cannot be
// read is stepped over, by more the longer it is, so that a bad page costs its own rows only; then number by number
// through the gaps that this left, since a search may reach what a walk does not. Blocks; belongs to one thread.

#include "common/sqlite.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace webmacs {

class RowidWalk {
 public:
  // `select`: "SELECT <row number>, … FROM <table> WHERE <row number>". Throws SqliteError when the table cannot be
  // found.
  RowidWalk(Database& database, const std::string& select);

  // The next row that can be read at all, valid until the next call; null at the end, or when it is not found in time.
  const Statement* next(std::chrono::steady_clock::time_point deadline);
  bool ended() const { return ended_; }
  bool in_gaps() const { return in_gaps_; }  // rows that are not whole may come a second time

  // The caller found the row of the last next() to be whole: the walk goes on from it, should what follows be
  // unreadable. False: there was a row of this number before. Of rows that nobody accepts, only a number that follows
  // the one before it is believed.
  bool accept();

  std::int64_t unreadable_places() const { return places_; }

 private:
  struct Gap {
    std::int64_t next;
    std::int64_t last;  // included
  };

  const Statement* next_in_line(std::chrono::steady_clock::time_point deadline);
  const Statement* next_in_gaps(std::chrono::steady_clock::time_point deadline);
  bool is_readable(std::int64_t number);
  void note_stranger();
  void note_gap(std::int64_t first, std::int64_t last);
  void step_over();
  void step_back();
  void end_of_line();

  Statement line_;              // from a number on
  Statement point_;             // of a number
  std::int64_t at_ = 0;         // the least number that was neither read nor stepped over
  std::int64_t accepted_ = -1;  // the greatest
  std::int64_t stranger_ = -1;  // the number of the row before, when it was not accepted
  std::int64_t stride_ = 1;     // how far the last step over something unreadable went
  std::int64_t misses_ = 0;     // one after another
  std::int64_t strangers_ = 0;  // rows since the last whose number is believed
  std::int64_t places_ = 0;
  bool under_way_ = false;  // line_ stands at a row
  bool in_gaps_ = false;    // the line is at its end
  bool ended_ = false;
  std::vector<Gap> gaps_;
  std::size_t gap_ = 0;  // the one that is looked through
};

}  // namespace webmacs
