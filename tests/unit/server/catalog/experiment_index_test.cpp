#include "server/catalog/experiment_index.h"

#include "server/catalog/experiments.h"
#include "unit/random_seed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

using namespace webmacs;

namespace {

using Names = std::vector<std::string>;

Timestamp at(std::int64_t seconds) {
  return Timestamp(std::chrono::seconds(1'700'000'000 + seconds));
}

ExperimentRecord experiment(std::int64_t key, std::int64_t from, std::optional<std::int64_t> to,
                            std::optional<Names> controllers = {}) {
  ExperimentRecord record;
  record.key = key;
  record.public_id = "exp_" + std::to_string(key);
  record.controllers = std::move(controllers);
  record.started_on = at(from);
  if (to) record.stopped_on = at(*to);
  return record;
}

std::string of(const ExperimentIndex& index, const std::string& controller, std::int64_t time) {
  const ExperimentRecord* found = index.find(controller, at(time));
  return found ? found->public_id : "none";
}

Names ids(const ExperimentIndex& index) {
  Names all;
  for (std::size_t i = 0; i < index.size(); ++i) all.push_back(index.at(i).public_id);
  return all;
}

}  // namespace

TEST_CASE("a datapoint belongs to the experiment of its controller that holds its time, begin included, end not") {
  const ExperimentIndex index(
      {experiment(1, 0, 100, Names{"rig1", "rig2"}), experiment(2, 50, 150, Names{"rig3"}), experiment(3, 200, {})});
  CHECK(of(index, "rig1", -1) == "none");
  CHECK(of(index, "rig1", 0) == "exp_1");
  CHECK(of(index, "rig2", 99) == "exp_1");
  CHECK(of(index, "rig1", 100) == "none");
  CHECK(of(index, "rig3", 99) == "exp_2");
  CHECK(of(index, "rig4", 99) == "none");
  CHECK(of(index, "rig4", 200) == "exp_3");
  CHECK(of(index, "rig1", 1'000'000) == "exp_3");
}

TEST_CASE("the list begins with the newest, and of one begin with the one that was made last") {
  const ExperimentIndex index(
      {experiment(1, 10, 20, Names{"a"}), experiment(2, 30, 40), experiment(3, 10, 20, Names{"b"})});
  CHECK(ids(index) == Names{"exp_2", "exp_3", "exp_1"});
  CHECK(index.find("exp_3")->controllers == Names{"b"});
  CHECK(index.find("exp_") == nullptr);
  CHECK(index.find("exp_4") == nullptr);
}

TEST_CASE("what is changed piece by piece is what would be loaded at once") {
  std::mt19937 random(testing::random_seed());
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); };
  // Each has a time of its own, so that none overlaps.
  std::vector<ExperimentRecord> expected;
  ExperimentIndex index;
  for (int step = 0; step < 2000; ++step) {
    const auto key = below(40);
    const std::string id = "exp_" + std::to_string(key);
    const auto known = std::find_if(expected.begin(), expected.end(), [&](const auto& e) { return e.public_id == id; });
    switch (below(4)) {
      case 0: {
        std::optional<Names> controllers;
        if (below(3) > 0) controllers = below(2) > 0 ? Names{"rig1"} : Names{"rig1", "rig2"};
        auto record = experiment(key, key * 10, key * 10 + 1 + below(9), controllers);
        if (known != expected.end()) expected.erase(known);
        expected.push_back(record);
        index.put(record);
        break;
      }
      case 1:
        if (known != expected.end()) expected.erase(known);
        index.remove(id);
        break;
      case 2: {
        const Annotation annotation{"ann_" + std::to_string(step), at(below(5)), "text"};
        if (known != expected.end()) {
          known->annotations.push_back(annotation);
          std::stable_sort(known->annotations.begin(), known->annotations.end(),
                           [](const auto& a, const auto& b) { return a.time < b.time; });
        }
        index.annotate(id, annotation);
        break;
      }
      default:
        if (known != expected.end() && !known->annotations.empty()) {
          const std::string annotation = known->annotations.front().public_id;
          known->annotations.erase(known->annotations.begin());
          index.remove_annotation(id, annotation);
        }
    }
    const ExperimentIndex loaded(expected);
    REQUIRE(ids(index) == ids(loaded));
    for (std::size_t i = 0; i < index.size(); ++i) REQUIRE(index.at(i) == loaded.at(i));
    for (const auto* controller : {"rig1", "rig2", "rig3"}) {
      for (int time = 0; time < 400; time += 3) REQUIRE(of(index, controller, time) == of(loaded, controller, time));
    }
  }
}

TEST_CASE("a snapshot stays as it is while the experiments go on changing") {
  Experiments experiments;
  experiments.replace({experiment(1, 0, 100, Names{"rig1"}), experiment(2, 100, 200, Names{"rig1"})});
  experiments.annotate("exp_1", {"ann_1", at(5), "before"});
  const auto snapshot = experiments.index();
  experiments.annotate("exp_1", {"ann_2", at(6), "after"});
  experiments.remove_annotation("exp_1", "ann_1");
  experiments.put(experiment(2, 150, 200, Names{"rig2"}));
  experiments.remove("exp_none");
  CHECK(snapshot->find("exp_1")->annotations.size() == 1);
  CHECK(snapshot->find("exp_1")->annotations[0].text == "before");
  CHECK(of(*snapshot, "rig1", 120) == "exp_2");
  CHECK(experiments.find("exp_1")->annotations.at(0).text == "after");
  CHECK_FALSE(experiments.of("rig1", at(120)));
  CHECK(experiments.of("rig2", at(160)) == "exp_2");
  experiments.remove("exp_1");
  CHECK(snapshot->size() == 2);
  CHECK(experiments.index()->size() == 1);
}

TEST_CASE("labels are asked for anew when experiments change, and not for an annotation") {
  Experiments experiments;
  int changes = 0;
  experiments.when_changed([&] { ++changes; });
  experiments.replace({experiment(1, 0, 100)});
  experiments.put(experiment(2, 100, 200));
  CHECK(changes == 2);
  experiments.annotate("exp_1", {"ann_1", at(5), "text"});
  experiments.remove_annotation("exp_1", "ann_1");
  CHECK(changes == 2);
  experiments.remove("exp_1");
  CHECK(changes == 3);
}
