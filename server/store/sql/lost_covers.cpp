#include "server/store/sql/lost_covers.h"

#include "common/timestamp.h"

#include <algorithm>

namespace webmacs {
namespace {

constexpr std::int64_t day = 86'400'000'000;

}  // namespace

void LostCovers::note(const std::vector<LostCover>& lost, const StoreEvents& known, Timestamp newest, Timestamp now) {
  if (lost.empty()) return;
  const std::int64_t now_there = to_microseconds(now);
  const std::int64_t lost_on = std::min(now_there, std::max(to_microseconds(newest), known.newest_known(now_there)));
  // A clock that is ahead has stamped what is covered, too; one that is years off decides nothing.
  const std::int64_t stored_until = std::max(lost_on, known.newest_known(now_there + day)) + 1;
  const auto add = [&](const std::optional<std::string>& controller, std::int64_t from, std::int64_t to) {
    session_.run("INSERT INTO lost_covers (controller, started_on, stopped_on, lost_on) VALUES ($1, $2, $3, $4)",
                 {controller, from, to, lost_on});
  };
  for (const LostCover& each : lost) {
    const std::int64_t from = to_microseconds(each.from);
    const std::int64_t to = each.to ? std::min(to_microseconds(*each.to), stored_until) : stored_until;
    if (from >= to) continue;
    if (!each.controllers) add(std::nullopt, from, to);
    for (const std::string& controller : each.controllers.value_or(std::vector<std::string>())) {
      add(controller, from, to);
    }
  }
}

void LostCovers::forget(std::int64_t lost_until) {
  session_.run("DELETE FROM lost_covers WHERE lost_on <= $1", {lost_until});
}

}  // namespace webmacs
