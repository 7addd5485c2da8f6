#include "server/store/experiment.h"

#include "common/timestamp.h"
#include "unit/random_seed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace webmacs;

namespace {

Timestamp at(int second) {
  return from_microseconds(1'000'000LL * second);
}

ExperimentRecord experiment(int from, std::optional<int> to, std::optional<std::vector<std::string>> controllers) {
  ExperimentRecord record;
  record.controllers = std::move(controllers);
  record.started_on = at(from);
  if (to) record.stopped_on = at(*to);
  return record;
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

TEST_CASE("a change that uncovers nothing loses nothing") {
  const auto before = experiment(10, 20, std::vector<std::string>{"rig1"});
  const auto wider = experiment(5, std::nullopt, std::vector<std::string>{"rig1", "rig2"});
  CHECK(lost_cover(before, &before).empty());
  CHECK(lost_cover(before, &wider).empty());
}
