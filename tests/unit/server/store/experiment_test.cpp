// What an experiment covers, and what a change of it gives up.
#include "server/store/experiment.h"

#include "common/timestamp.h"
#include "unit/random_seed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace webmacs;

namespace {

using Names = std::vector<std::string>;

Timestamp at(int second) {
  return from_microseconds(std::int64_t{second} * 1'000'000);
}

ExperimentRecord experiment(int from, std::optional<int> to, std::optional<Names> controllers = Names{"rig1"}) {
  ExperimentRecord record;
  record.controllers = std::move(controllers);
  record.started_on = at(from);
  if (to) record.stopped_on = at(*to);
  return record;
}

std::vector<LostCover> lost(const ExperimentRecord& before, const ExperimentRecord& after) {
  return lost_cover(before, &after);
}

bool is_lost(const std::vector<LostCover>& lost, const std::string& controller, Timestamp time) {
  for (const LostCover& each : lost) {
    const auto& some = each.controllers;
    const bool covers = !some || std::find(some->begin(), some->end(), controller) != some->end();
    if (covers && each.from <= time && (!each.to || time < *each.to)) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("what a change of an experiment uncovers is lost, whatever was changed") {
  std::mt19937 random(testing::random_seed(5));
  const auto some = [&]() -> ExperimentRecord {
    const int from = static_cast<int>(random() % 10);
    std::optional<int> to;
    if (random() % 3 != 0) to = from + 1 + static_cast<int>(random() % 6);
    std::optional<std::vector<std::string>> controllers;
    if (random() % 3 != 0) {
      controllers.emplace();
      for (const char* name : {"rig1", "rig2", "rig3"}) {
        if (random() % 2 == 0) controllers->emplace_back(name);
      }
    }
    return experiment(from, to, controllers);
  };
  for (int round = 0; round < 2000; ++round) {
    const ExperimentRecord before = some();
    const ExperimentRecord after = some();
    const auto by_change = lost_cover(before, &after);
    const auto by_removal = lost_cover(before, nullptr);
    for (const char* controller : {"rig1", "rig2", "rig3"}) {
      for (int second = 0; second < 20; ++second) {
        const bool was = before.covers(controller) && before.holds(at(second));
        const bool is = after.covers(controller) && after.holds(at(second));
        if (was && !is) CHECK(is_lost(by_change, controller, at(second)));
        // More is lost in name alone where one over all becomes one over some.
        if (!was || (is && (before.controllers || !after.controllers))) {
          CHECK_FALSE(is_lost(by_change, controller, at(second)));
        }
        CHECK(is_lost(by_removal, controller, at(second)) == was);
      }
    }
  }
}

TEST_CASE("an experiment holds its begin and not its end, and one that runs has none") {
  const auto stopped = experiment(10, 20);
  CHECK_FALSE(stopped.holds(at(9)));
  CHECK(stopped.holds(at(10)));
  CHECK(stopped.holds(at(19)));
  CHECK_FALSE(stopped.holds(at(20)));
  CHECK(experiment(10, std::nullopt).holds(at(1'000'000)));
  CHECK(stopped.covers("rig1"));
  CHECK_FALSE(stopped.covers("rig2"));
  CHECK(experiment(10, 20, std::nullopt).covers("any rig"));
}

TEST_CASE("an experiment that grows or stays loses nothing") {
  const auto before = experiment(10, 20);
  CHECK(lost(before, before).empty());
  CHECK(lost(before, experiment(5, 25)).empty());
  CHECK(lost(before, experiment(10, std::nullopt)).empty());
  CHECK(lost(before, experiment(10, 20, Names{"rig1", "rig2"})).empty());
  CHECK(lost(before, experiment(10, 20, std::nullopt)).empty());
}

TEST_CASE("an end that is cut off is lost, whichever it is") {
  const auto before = experiment(10, 20);
  CHECK(lost(before, experiment(12, 20)) == std::vector<LostCover>{{Names{"rig1"}, at(10), at(12)}});
  CHECK(lost(before, experiment(10, 18)) == std::vector<LostCover>{{Names{"rig1"}, at(18), at(20)}});
  CHECK(lost(before, experiment(12, 18)) ==
        std::vector<LostCover>{{Names{"rig1"}, at(10), at(12)}, {Names{"rig1"}, at(18), at(20)}});
  CHECK(lost(experiment(10, std::nullopt), experiment(10, 18)) ==
        std::vector<LostCover>{{Names{"rig1"}, at(18), std::nullopt}});
  // Moved away as a whole: once, not twice.
  CHECK(lost(before, experiment(30, 40)) == std::vector<LostCover>{{Names{"rig1"}, at(10), at(20)}});
  CHECK(lost(before, experiment(0, 5)) == std::vector<LostCover>{{Names{"rig1"}, at(10), at(20)}});
}

TEST_CASE("controllers that leave are lost whole, those that stay lose the ends") {
  const auto before = experiment(10, 20, Names{"rig1", "rig2"});
  CHECK(lost(before, experiment(12, 20, Names{"rig2", "rig3"})) ==
        std::vector<LostCover>{{Names{"rig1"}, at(10), at(20)}, {Names{"rig2"}, at(10), at(12)}});
  CHECK(lost(experiment(10, 20, std::nullopt), experiment(10, 20)) ==
        std::vector<LostCover>{{std::nullopt, at(10), at(20)}});
  CHECK(lost_cover(before, nullptr) == std::vector<LostCover>{{Names{"rig1", "rig2"}, at(10), at(20)}});
}
