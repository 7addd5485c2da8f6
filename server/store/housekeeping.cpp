#include "server/store/housekeeping.h"

#include "common/log.h"

#include <algorithm>

namespace webmacs {
namespace {

using Clock = std::chrono::steady_clock;

// How long a turn delays what waits.
constexpr std::chrono::milliseconds summary_budget{10};
constexpr std::chrono::milliseconds retention_budget{5};
constexpr std::chrono::seconds look_interval{10};
constexpr std::chrono::minutes longest_pass_interval{5};
constexpr int passes_per_age = 1000;
// Under load, too, the record must not grow faster than it is cut.
constexpr std::chrono::milliseconds patience{50};
constexpr double mebi = 1024.0 * 1024.0;

}  // namespace

void Housekeeping::set_rules(const RetentionRules& rules) {
  rules_ = rules;
  next_look_ = next_pass_ = {};
  if (rules.max_bytes == 0) counters_.too_large = false;
}

void Housekeeping::plan() {
  last_turn_ = Clock::now();
  look_after_rules_ = more_retention_ || last_turn_ >= next_look_;
  const bool too_large = rules_.max_bytes > 0 && counters_.bytes > rules_.max_bytes;
  turn_rules_ = more_retention_ || too_large || last_turn_ >= next_pass_ ? rules_ : RetentionRules{};
}

bool Housekeeping::pressing() const {
  return more_retention_ && Clock::now() - last_turn_ >= patience;
}

Housekeeping::Result Housekeeping::run(Store& store) const {
  Result result;
  result.more_summaries = store.summarize(summary_budget);
  if (look_after_rules_) {
    result.kept_house = true;
    result.retention = store.retain(turn_rules_, retention_budget);
  }
  return result;
}

void Housekeeping::finished(const Result& result) {
  more_summaries_ = result.more_summaries;
  if (!result.kept_house) return;
  const RetentionStep& step = result.retention;
  counters_.removed += static_cast<std::uint64_t>(step.removed);
  counters_.bytes = step.bytes;
  removed_in_pass_ += step.removed;
  more_retention_ = step.more;
  if (!step.more) pass_is_over(step);
}

void Housekeeping::pass_is_over(const RetentionStep& step) {
  const auto now = Clock::now();
  const bool was_too_large = rules_.max_bytes > 0 && step.bytes > rules_.max_bytes;
  next_look_ = now + look_interval;
  if (turn_rules_.none()) {
    if (was_too_large) next_look_ = now;  // for a whole pass
    return;
  }
  const auto interval = std::chrono::duration_cast<Clock::duration>(rules_.age) / passes_per_age;
  next_pass_ = now + std::clamp<Clock::duration>(interval, look_interval, longest_pass_interval);
  if (removed_in_pass_ > 0) {
    log_info("retention: {} datapoints removed; the store was {:.1f} MiB before", removed_in_pass_,
             static_cast<double>(step.bytes) / mebi);
  }
  removed_in_pass_ = 0;
  if (step.cannot_shrink && !counters_.too_large) {
    log_warning(
        "retention: max_size = {:.1f} MiB cannot be held: experiments and the latest datapoint of each event fill it, "
        "and these stay; raise max_size, or delete experiments that are no longer needed",
        static_cast<double>(rules_.max_bytes) / mebi);
  } else if (!step.cannot_shrink && counters_.too_large) {
    log_info("retention: max_size is held again");
  }
  counters_.too_large = step.cannot_shrink;
}

}  // namespace webmacs
