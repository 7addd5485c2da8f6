#include "agent/rowid_walk.h"

#include <algorithm>

namespace webmacs {
namespace {

// A leaf page holds about a hundred rows, and an inner page leads to some fifty thousand: rows are looked for one by
// one, then in steps that are shorter than a leaf, then in doubled ones up to the greatest number.
constexpr std::int64_t single_steps = 256;
constexpr std::int64_t short_stride = 16;
constexpr std::int64_t short_steps = 16 * 1024;
// So many that are not whole: the tree leads in circles.
constexpr std::int64_t most_strangers = 10000;
// Numbers that were forgotten long ago are a gap as well, of any length: only what is near to rows is looked for.
constexpr std::int64_t near = 10000;
constexpr std::size_t most_gaps = 10000;

}  // namespace

RowidWalk::RowidWalk(Database& database, const std::string& select)
    : line_(database, select + " >= ? ORDER BY 1"), point_(database, select + " = ?") {}

const Statement* RowidWalk::next(std::chrono::steady_clock::time_point deadline) {
  if (!in_gaps_) {
    const Statement* row = next_in_line(deadline);
    if (row != nullptr || !in_gaps_) return row;
  }
  return next_in_gaps(deadline);
}

const Statement* RowidWalk::next_in_line(std::chrono::steady_clock::time_point deadline) {
  while (!in_gaps_) {
    try {
      if (strangers_ > most_strangers) step_over();
      if (!under_way_) {
        line_.reset();
        line_.bind(1, at_);
      }
      under_way_ = true;
      if (!line_.step()) {
        end_of_line();
      } else if (stride_ > 1) {
        step_back();
      } else {
        note_stranger();
        return &line_;
      }
    } catch (const SqliteError&) {
      step_over();
    }
    if (std::chrono::steady_clock::now() > deadline) break;
  }
  return nullptr;
}

const Statement* RowidWalk::next_in_gaps(std::chrono::steady_clock::time_point deadline) {
  while (gap_ < gaps_.size()) {
    Gap& gap = gaps_[gap_];
    if (gap.next > gap.last) {
      ++gap_;
      continue;
    }
    const std::int64_t number = gap.next++;
    if (is_readable(number)) return &point_;
    if (std::chrono::steady_clock::now() > deadline) return nullptr;
  }
  point_.reset();
  ended_ = true;
  return nullptr;
}

bool RowidWalk::accept() {
  if (in_gaps_) return true;
  const std::int64_t number = line_.integer(0);
  if (number <= accepted_) return false;
  note_gap(accepted_ + 1, number - 1);
  accepted_ = number;
  stranger_ = number;
  misses_ = 0;
  strangers_ = 0;
  at_ = std::max(at_, number < INT64_MAX ? number + 1 : number);
  return true;
}

// A table of nothing but such rows must not be read again and again.
void RowidWalk::note_stranger() {
  const std::int64_t number = line_.integer(0);
  if (stranger_ >= 0 && number - 1 == stranger_ && number >= at_ && number < INT64_MAX) {
    at_ = number + 1;
    strangers_ = 0;
  }
  stranger_ = number;
  ++strangers_;
}

void RowidWalk::note_gap(std::int64_t first, std::int64_t last) {
  if (first > last || gaps_.size() + 2 > most_gaps) return;
  if (last - first < 2 * near) {
    gaps_.push_back({first, last});
  } else {
    gaps_.push_back({first, first + near});
    gaps_.push_back({last - near, last});
  }
}

void RowidWalk::step_over() {
  under_way_ = false;
  stranger_ = -1;
  strangers_ = 0;
  if (misses_++ == 0) ++places_;
  if (misses_ <= single_steps) {
    stride_ = 1;
  } else if (misses_ <= single_steps + short_steps) {
    stride_ = short_stride;
  } else if (stride_ < INT64_MAX / 4) {
    stride_ *= 2;
  }
  if (at_ > INT64_MAX - stride_) {
    end_of_line();
  } else {
    at_ += stride_;
  }
}

// A long step ended at something readable: from where on?
void RowidWalk::step_back() {
  std::int64_t unreadable = at_ - stride_;
  while (at_ - unreadable > 1) {
    const std::int64_t middle = unreadable + (at_ - unreadable) / 2;
    try {
      line_.reset();
      line_.bind(1, middle);
      (line_.step() ? at_ : unreadable) = middle;
    } catch (const SqliteError&) {
      unreadable = middle;
    }
  }
  stride_ = 1;
  misses_ = 1;  // still the same place, until a row is accepted
  under_way_ = false;
}

void RowidWalk::end_of_line() {
  line_.reset();
  in_gaps_ = true;
  note_gap(accepted_ + 1, accepted_ < INT64_MAX - near ? accepted_ + near : INT64_MAX - 1);
}

bool RowidWalk::is_readable(std::int64_t number) {
  try {
    point_.reset();
    point_.bind(1, number);
    return point_.step();
  } catch (const SqliteError&) {
    return false;
  }
}

}  // namespace webmacs
