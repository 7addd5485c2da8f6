#include "server/ingest/housekeeping.h"

#include "common/log.h"
#include "common/timestamp.h"
#include "server/store/growth.h"

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
// After a step of retention comes a pause of so many times its length.
constexpr int rest = 4;
constexpr std::chrono::milliseconds shortest_pause{20};
constexpr double mebi = 1024.0 * 1024.0;

}  // namespace

void Housekeeping::set_rules(const RetentionRules& rules) {
  rules_ = rules;
  next_look_ = next_pass_ = {};
  if (rules.max_bytes == 0) counters_.too_large = false;
}

void Housekeeping::plan() {
  const auto now = Clock::now();
  look_after_rules_ = more_retention_ ? pause_.expiry() <= now : now >= next_look_;
  const bool too_large = rules_.max_bytes > 0 && counters_.bytes > rules_.max_bytes;
  turn_max_bytes_ = rules_.max_bytes;
  turn_rules_ = more_retention_ || too_large || now >= next_pass_ ? rules_ : RetentionRules{};
}

Housekeeping::Result Housekeeping::run(Store& store) {
  Result result;
  try {
    result.more_summaries = store.summarize(summary_budget);
  } catch (const StoreDamaged&) {
    result.more_summaries = false;  // noted, and what comes is stored all the same
  }
  if (look_after_rules_) {
    const auto started = Clock::now();
    result.kept_house = true;
    try {
      result.retention = store.retain(turn_rules_, retention_budget);
    } catch (const StoreDamaged&) {
      result.retention = {};
    }
    if (!result.retention.more) result.fill = growth_.look(store, utc_now(), turn_max_bytes_);
    result.took = Clock::now() - started;
  }
  return result;
}

bool Housekeeping::finished(const Result& result) {
  if (!result.kept_house) return result.more_summaries;
  const RetentionStep& step = result.retention;
  counters_.removed += static_cast<std::uint64_t>(step.removed);
  counters_.bytes = step.bytes;
  removed_in_pass_ += step.removed;
  more_retention_ = step.more;
  if (result.fill) note_fill(*result.fill);
  if (step.more) {
    wake_after(std::max<Clock::duration>(rest * result.took, shortest_pause));
  } else {
    pass_is_over(step);
  }
  return result.more_summaries;
}

void Housekeeping::note_fill(const StoreFill& fill) {
  counters_.fill = fill;
  const std::string warning = disk_warning(fill.room, fill.days_until_full);
  if (!warning.empty() && !disk_is_warned_of_) {
    log_warning("{}; make room, or set [store] retention or max_size", warning);
  } else if (warning.empty() && disk_is_warned_of_) {
    log_info("the store's disk has room again");
  }
  disk_is_warned_of_ = !warning.empty();
}

void Housekeeping::wake_after(Clock::duration pause) {
  pause_.expires_after(pause);
  pause_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](const boost::system::error_code& error) {
    if (!error && !alive.expired()) wake_();
  });
}

void Housekeeping::pass_is_over(const RetentionStep& step) {
  const auto now = Clock::now();
  const bool was_too_large = rules_.max_bytes > 0 && step.bytes > rules_.max_bytes;
  // How much a datapoint takes is a guess: the next pass measures, and a look that finds too much is followed by one.
  const bool again = was_too_large && (turn_rules_.none() || removed_in_pass_ > 0);
  next_look_ = again ? now : now + look_interval;
  if (turn_rules_.none()) return;
  const auto interval = std::chrono::duration_cast<Clock::duration>(rules_.age) / passes_per_age;
  next_pass_ = now + std::clamp<Clock::duration>(interval, look_interval, longest_pass_interval);
  if (removed_in_pass_ > 0) {
    log_info("retention: {} datapoints removed; the store was {:.1f} MiB before", removed_in_pass_,
             static_cast<double>(step.bytes) / mebi);
  }
  removed_in_pass_ = 0;
  if (step.cannot_shrink && !counters_.too_large) {
    log_warning(
        "retention: max_size = {:.1f} MiB cannot be held: experiments and the latest datapoint of each event fill it "
        "(or what lost its experiment within the grace), and these stay; raise max_size, or delete experiments that "
        "are no "
        "longer needed, whose datapoints go after the grace",
        static_cast<double>(rules_.max_bytes) / mebi);
  } else if (!step.cannot_shrink && counters_.too_large) {
    log_info("retention: max_size is held again");
  }
  counters_.too_large = step.cannot_shrink;
}

}  // namespace webmacs
