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

}  // namespace

RowidWalk::RowidWalk(Database& database, std::string_view sql) : statement_(database, sql) {}

const Statement* RowidWalk::next(std::chrono::steady_clock::time_point deadline) {
  while (!ended_) {
    if (std::chrono::steady_clock::now() > deadline) return nullptr;
    try {
      if (strangers_ > most_strangers) {
        step_over();
        continue;
      }
      if (!under_way_) {
        statement_.reset();
        statement_.bind(1, at_);
      }
      under_way_ = true;
      if (!statement_.step()) {
        ended_ = true;
      } else if (stride_ > 1) {
        step_back();
      } else {
        note_stranger();
        return &statement_;
      }
    } catch (const SqliteError&) {
      step_over();
    }
  }
  statement_.reset();
  return nullptr;
}

bool RowidWalk::accept() {
  const std::int64_t number = statement_.integer(0);
  if (number <= accepted_) return false;
  accepted_ = number;
  stranger_ = number;
  misses_ = 0;
  strangers_ = 0;
  if (number == INT64_MAX) {
    ended_ = true;
  } else {
    at_ = std::max(at_, number + 1);
  }
  return true;
}

// A table of nothing but such rows must not be read again and again.
void RowidWalk::note_stranger() {
  const std::int64_t number = statement_.integer(0);
  if (stranger_ >= 0 && number - 1 == stranger_ && number >= at_ && number < INT64_MAX) {
    at_ = number + 1;
    strangers_ = 0;
  }
  stranger_ = number;
  ++strangers_;
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
    ended_ = true;
  } else {
    at_ += stride_;
  }
}

// A long step ended at something readable: from where on?
void RowidWalk::step_back() {
  std::int64_t unreadable = at_ - stride_;
  while (at_ - unreadable > 1) {
    const std::int64_t middle = unreadable + (at_ - unreadable) / 2;
    (is_readable(middle) ? at_ : unreadable) = middle;
  }
  stride_ = 1;
  misses_ = 1;  // still the same place, until a row is accepted
  under_way_ = false;
}

bool RowidWalk::is_readable(std::int64_t from) {
  try {
    statement_.reset();
    statement_.bind(1, from);
    return statement_.step();
  } catch (const SqliteError&) {
    return false;
  }
}

}  // namespace webmacs
