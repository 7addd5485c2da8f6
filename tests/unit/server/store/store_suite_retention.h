#pragma once
// The Store contract's retention, as tests. As store_suite.h.

#include "server/store/summary.h"
#include "store_suite_series.h"
#include "store_support.h"
#include "unit/random_seed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace webmacs::testing {

constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;

inline RetentionRules no_older_than(std::int64_t microseconds) {
  return {std::chrono::microseconds(microseconds), 0};
}

// A whole pass; answers the last step, with what all of them removed.
inline RetentionStep keep_to(Store& store, const RetentionRules& rules) {
  std::int64_t removed = 0;
  for (;;) {
    RetentionStep step = store.retain(rules, std::chrono::milliseconds(2));
    removed += step.removed;
    step.removed = removed;
    if (!step.more) return step;
  }
}

inline void append_each(Store& store, const std::string& controller, const std::string& event,
                        const std::set<std::int64_t>& times) {
  std::vector<IncomingReading> readings;
  for (const std::int64_t time : times) {
    readings.push_back(time % 7 == 0 ? bad(event, at(time), "timeout")
                                     : good(event, at(time), static_cast<double>(time % 1000)));
  }
  append(store, controller, std::move(readings));
}

inline std::set<std::int64_t> each(std::int64_t interval, std::int64_t from, std::int64_t to) {
  std::set<std::int64_t> times;
  for (std::int64_t time = from; time < to; time += interval) times.insert(time);
  return times;
}

inline std::set<std::int64_t> times_of(Store& store, const std::string& event) {
  std::set<std::int64_t> times;
  for (const StoredPoint& point : everything(store, event)) {
    times.insert(to_microseconds(point.reading.time) - to_microseconds(at(0)));
  }
  return times;
}

inline ExperimentRecord experiment_over(const std::string& id, std::int64_t from, std::int64_t to,
                                        std::optional<std::vector<std::string>> controllers) {
  ExperimentRecord experiment;
  experiment.public_id = experiment.name = id;
  experiment.controllers = std::move(controllers);
  experiment.started_on = at(from);
  if (to != 0) experiment.stopped_on = at(to);
  return experiment;
}

// Every summary before the mark says what the datapoints of its stretch come to, and none stands where there are too
// few.
inline void check_summaries(Store& store, const std::string& id) {
  const auto event = event_named(store, id);
  const std::int64_t mark = store.summary_mark(event.key);
  for (int level = 1; level <= most_summary_level; ++level) {
    const std::int64_t end = mark / summary_width(level) * summary_width(level);
    std::map<std::int64_t, Summary> expected;
    std::map<std::int64_t, std::int64_t> datapoints;
    for (const StoredPoint& point : everything(store, id)) {
      const std::int64_t time = to_microseconds(point.reading.time);
      if (time >= end) break;
      const auto summary = Summary::of({point.reading.time, point.reading.value, {}});
      const auto [found, first] = expected.try_emplace(summary_bucket(level, time), summary);
      if (!first) found->second.append(summary);
      ++datapoints[found->first];
    }
    for (const auto& [bucket, count] : datapoints) {
      if (count < fewest_summarised) expected.erase(bucket);
    }
    std::vector<Summary> stored;
    store.read_summaries(event.key, level, 0, end, stored);
    REQUIRE(stored.size() == expected.size());
    auto right = expected.begin();
    for (const Summary& summary : stored) {
      CHECK(summary.first == right->second.first);
      CHECK(summary.last == right->second.last);
      CHECK(summary.has_good == right->second.has_good);
      CHECK(summary.min_value == right->second.min_value);
      CHECK(summary.max_value == right->second.max_value);
      CHECK(summary.bad == right->second.bad);
      CHECK(summary.silence == right->second.silence);
      ++right;
    }
  }
}

TEST_CASE_TEMPLATE_DEFINE("what is too old goes, but for experiments and the latest of each event", Backend,
                          store_contract_retention) {
  Backend backend;
  auto store = backend.open();
  append_each(*store, "rig1", "evt_a", each(minute, 0, 40 * hour));
  append_each(*store, "rig2", "evt_b", each(minute, 0, 40 * hour));
  append_each(*store, "rig2", "evt_silent", {-300 * hour, -200 * hour});
  store->add_experiment(experiment_over("exp_old", 5 * hour + 7, 8 * hour + 7, std::vector<std::string>{"rig1"}));
  store->add_experiment(experiment_over("exp_running", 39 * hour, 0, std::nullopt));
  summarize_all(*store);

  const auto step = keep_to(*store, no_older_than(10 * hour));
  CHECK_FALSE(step.cannot_shrink);
  CHECK(step.bytes > 0);
  const auto a = times_of(*store, "evt_a");
  const auto b = times_of(*store, "evt_b");
  // What is at most a hundredth of the age older, or a minute, may stay.
  CHECK(*b.begin() <= 30 * hour);
  CHECK(*b.begin() >= 29 * hour + 50 * minute);
  CHECK(b == each(minute, *b.begin(), 40 * hour));
  auto expected = each(minute, 5 * hour + minute, 8 * hour + minute);
  expected.insert(b.begin(), b.end());
  CHECK(a == expected);
  CHECK(times_of(*store, "evt_silent") == std::set<std::int64_t>{-200 * hour});
  CHECK(step.removed == 2 * 2400 + 2 - static_cast<std::int64_t>(a.size() + b.size()) - 1);
  for (const auto* id : {"evt_a", "evt_b", "evt_silent"}) check_summaries(*store, id);

  // What is gone may come again: it is stored, shown in the series, and goes with the next pass.
  CHECK(outcomes(append(*store, "rig2", {good("evt_b", at(3 * hour), 5)})) == std::vector{Outcome::stored});
  summarize_all(*store);
  check_summaries(*store, "evt_b");
  CHECK(keep_to(*store, no_older_than(10 * hour)).removed == 1);
  CHECK(keep_to(*store, no_older_than(10 * hour)).removed == 0);
  // An experiment that is deleted holds nothing any more.
  store->remove_experiment("exp_old", at(0));
  CHECK(keep_to(*store, no_older_than(10 * hour)).removed == 180);
  summarize_all(*store);
  for (const auto* id : {"evt_a", "evt_b", "evt_silent"}) check_summaries(*store, id);
  CHECK(store->events().size() == 3);
  CHECK(keep_to(*store, {}).removed == 0);
}

TEST_CASE_TEMPLATE_DEFINE("summaries stay right beside whatever was removed", Backend,
                          store_contract_retention_random) {
  Backend backend;
  auto store = backend.open();
  std::mt19937 random(testing::random_seed(11));
  const auto number = [&random](std::int64_t below) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
  };
  std::map<std::string, std::set<std::int64_t>> sent;
  const std::map<std::string, std::string> events{{"evt_a", "rig1"}, {"evt_b", "rig1"}, {"evt_c", "rig2"}};
  std::vector<std::pair<std::int64_t, std::int64_t>> held;  // of rig1
  for (int i = 0; i < 4; ++i) {
    const std::int64_t begin = i * 10 * hour + number(4 * hour);
    held.emplace_back(begin, begin + number(5 * hour) + 1);
    store->add_experiment(experiment_over("exp_" + std::to_string(i), held.back().first, held.back().second,
                                          std::vector<std::string>{"rig1"}));
  }
  for (int round = 0; round < 4; ++round) {
    for (const auto& [event, controller] : events) {
      std::set<std::int64_t> times;
      for (int i = 0; i < 1500; ++i) times.insert(round * 12 * hour + number(16 * hour));
      for (int i = 0; i < 3; ++i) times.insert(number((round + 1) * 12 * hour));  // late
      append_each(*store, controller, event, times);
      sent[event].insert(times.begin(), times.end());
    }
    if (round % 2 == 0) summarize_all(*store);
    keep_to(*store, no_older_than(9 * hour));
    summarize_all(*store);
    std::int64_t newest = 0;
    for (const auto& [event, times] : sent) newest = std::max(newest, *times.rbegin());
    for (auto& [event, times] : sent) {
      const auto there = times_of(*store, event);
      const std::int64_t latest = *times.rbegin();
      for (const std::int64_t time : times) {
        const bool kept = events.at(event) == "rig1" && std::any_of(held.begin(), held.end(), [&](const auto& each) {
                            return each.first <= time && time < each.second;
                          });
        const bool stays = kept || time == latest || time >= newest - 9 * hour;
        if (stays) CHECK(there.count(time) == 1);
        if (!stays && time < newest - 9 * hour - 10 * minute) CHECK(there.count(time) == 0);
      }
      CHECK(std::includes(times.begin(), times.end(), there.begin(), there.end()));
      times = there;
      check_summaries(*store, event);
    }
  }
}

TEST_CASE_TEMPLATE_DEFINE("the oldest go first when the store is too large", Backend, store_contract_retention_size) {
  Backend backend;
  auto store = backend.open();
  const auto times = each(2 * second, 0, 12 * hour);
  append_each(*store, "rig1", "evt_a", times);
  append_each(*store, "rig2", "evt_b", times);
  store->add_experiment(experiment_over("exp", 0, hour, std::vector<std::string>{"rig2"}));
  summarize_all(*store);
  const std::int64_t bytes = keep_to(*store, {}).bytes;
  REQUIRE(bytes > 0);
  CHECK(keep_to(*store, {{}, bytes + 1'000'000}).removed == 0);

  const auto step = keep_to(*store, {{}, bytes * 3 / 4});
  CHECK_FALSE(step.cannot_shrink);
  const auto a = times_of(*store, "evt_a");
  const auto b = times_of(*store, "evt_b");
  CHECK(step.removed == 2 * static_cast<std::int64_t>(times.size()) - static_cast<std::int64_t>(a.size() + b.size()));
  CHECK(step.removed > 2000);
  CHECK(a.size() > times.size() / 4);
  const std::int64_t oldest_of_b = *b.lower_bound(hour);
  CHECK(std::abs(*a.begin() - oldest_of_b) < 20 * minute);
  CHECK(b.count(0) == 1);
  CHECK(b.count(hour - 2 * second) == 1);
  check_summaries(*store, "evt_a");
  check_summaries(*store, "evt_b");

  // Nothing but what an experiment holds, and the latest.
  const auto all = keep_to(*store, {{}, 1});
  CHECK(all.cannot_shrink);
  CHECK(times_of(*store, "evt_a") == std::set<std::int64_t>{*times.rbegin()});
  auto kept = each(2 * second, 0, hour);
  kept.insert(*times.rbegin());
  CHECK(times_of(*store, "evt_b") == kept);
  summarize_all(*store);
  check_summaries(*store, "evt_b");
}

TEST_CASE_TEMPLATE_DEFINE("retention goes in small steps, between which all goes on", Backend,
                          store_contract_retention_steps) {
  Backend backend;
  auto store = backend.open();
  append_each(*store, "rig1", "evt_a", each(second, 0, 3 * hour));
  append_each(*store, "rig1", "evt_far", {0, 1000000LL * hour});  // a clock that is wrong by a century
  summarize_all(*store);
  int steps = 0;
  std::int64_t removed = 0;
  for (RetentionStep step{0, true, false, 0}; step.more; ++steps) {
    step = store->retain(no_older_than(hour), std::chrono::milliseconds(0));
    CHECK(step.removed <= 2000);
    removed += step.removed;
    // An experiment that begins in the middle holds what is still there; what comes late is handled like the rest.
    if (steps == 4) store->add_experiment(experiment_over("exp", 110 * minute, 115 * minute, std::nullopt));
    append(*store, "rig1", {good("evt_a", at(3 * hour + steps), 1)});
    REQUIRE(steps < 1000);
  }
  CHECK(steps > 5);
  CHECK(removed > 6000);
  const auto times = times_of(*store, "evt_a");
  for (const std::int64_t time : each(second, 110 * minute, 115 * minute)) CHECK(times.count(time) == 1);
  CHECK(times.count(100 * minute) == 0);
  CHECK(times.count(2 * hour + minute) == 1);
  CHECK(times_of(*store, "evt_far").size() == 2);
  check_summaries(*store, "evt_a");
}

TEST_CASE_TEMPLATE_DEFINE("what an experiment covered stays for the grace, whatever took the cover away", Backend,
                          store_contract_grace) {
  Backend backend;
  auto store = backend.open();
  const auto times = each(minute, 0, 6 * hour);
  for (const auto* controller : {"rig1", "rig2"}) {
    append_each(*store, controller, std::string("evt_of_") + controller, times);
  }
  const Timestamp newest = at(6 * hour - minute);
  using Names = std::vector<std::string>;
  store->add_experiment(experiment_over("exp_deleted", 0, hour, Names{"rig1"}));
  store->add_experiment(experiment_over("exp_shorter", hour, 3 * hour, Names{"rig1"}));
  store->add_experiment(experiment_over("exp_without_rig2", 3 * hour, 4 * hour, Names{"rig1", "rig2"}));
  store->remove_experiment("exp_deleted", newest);
  auto shorter = *store->experiment("exp_shorter");
  shorter.started_on = at(2 * hour);
  CHECK(store->change_experiment(shorter, "anna", at(0), newest));
  auto without = *store->experiment("exp_without_rig2");
  without.controllers = Names{"rig1"};
  CHECK(store->change_experiment(without, "anna", at(0), newest));
  CHECK(store->count_uncovered({{std::nullopt, at(0), at(4 * hour)}}, std::chrono::seconds(10)).datapoints ==
        2 * 60 + 4 * 60);

  RetentionRules rules = no_older_than(hour);
  rules.grace = std::chrono::hours(10);
  const auto held = [&](const std::string& event, std::int64_t from, std::int64_t to) {
    const auto there = times_of(*store, event);
    const auto all = each(minute, from, to);
    return std::includes(there.begin(), there.end(), all.begin(), all.end());
  };
  for (int round = 0; round < 2; ++round) {  // the second one after a restart
    keep_to(*store, rules);
    CHECK(held("evt_of_rig1", 0, 4 * hour));
    CHECK(held("evt_of_rig2", 3 * hour, 4 * hour));
    CHECK(times_of(*store, "evt_of_rig2").count(hour) == 0);
    store = backend.open();
  }
  // max_size keeps it, too, and says that it cannot be held.
  CHECK(keep_to(*store, {{}, 1, std::chrono::hours(10)}).cannot_shrink);
  CHECK(held("evt_of_rig1", 0, 4 * hour));

  // The grace counts by the newest datapoint. A cover that is lost later ends later.
  append_each(*store, "rig1", "evt_of_rig1", {9 * hour});
  store->remove_experiment("exp_shorter", at(9 * hour));
  append_each(*store, "rig1", "evt_of_rig1", {16 * hour - minute});
  keep_to(*store, rules);
  CHECK_FALSE(held("evt_of_rig1", 0, minute));
  CHECK_FALSE(held("evt_of_rig1", hour, hour + minute));
  CHECK(held("evt_of_rig1", 2 * hour, 4 * hour));
  CHECK_FALSE(held("evt_of_rig2", 3 * hour, 3 * hour + minute));
  append_each(*store, "rig1", "evt_of_rig1", {19 * hour});
  keep_to(*store, rules);
  CHECK_FALSE(held("evt_of_rig1", 2 * hour, 2 * hour + minute));
  CHECK(held("evt_of_rig1", 3 * hour, 4 * hour));
  // Without a grace what is uncovered goes with the next pass.
  store->remove_experiment("exp_without_rig2", at(19 * hour));
  keep_to(*store, rules);
  CHECK(held("evt_of_rig1", 3 * hour, 4 * hour));
  keep_to(*store, no_older_than(hour));
  CHECK(times_of(*store, "evt_of_rig1") == std::set<std::int64_t>{19 * hour});
}

TEST_CASE_TEMPLATE_DEFINE("an experiment that is stopped keeps nothing that comes after", Backend,
                          store_contract_grace_stopped) {
  Backend backend;
  auto store = backend.open();
  append_each(*store, "rig1", "evt_a", each(minute, 0, 2 * hour));
  store->add_experiment(experiment_over("exp_runs", hour, 0, std::nullopt));
  auto stopped = *store->experiment("exp_runs");
  stopped.stopped_on = at(2 * hour);
  CHECK(store->change_experiment(stopped, "anna", at(0), at(0)));
  CHECK(store
            ->count_uncovered(lost_cover(experiment_over("exp_runs", hour, 0, std::nullopt), &stopped),
                              std::chrono::seconds(10))
            .datapoints == 0);
  CHECK(store->count_uncovered({{std::nullopt, at(0), std::nullopt}}, std::chrono::seconds(10)).datapoints == 60);
  CHECK_FALSE(store->count_uncovered({{std::nullopt, at(0), std::nullopt}}, std::chrono::milliseconds(0)).complete);
}

#define WEBMACS_STORE_CONTRACT_RETENTION(Backend)                      \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_grace, Backend);            \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_grace_stopped, Backend);    \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_retention, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_retention_random, Backend); \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_retention_size, Backend);   \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_retention_steps, Backend)

}  // namespace webmacs::testing
