#pragma once
// The Store contract's summaries, and the series that are read from them, as tests. As store_suite.h.

#include "server/store/series.h"
#include "server/store/summary.h"
#include "store_support.h"
#include "unit/random_seed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

namespace webmacs::testing {

constexpr std::int64_t second = 1000000;

inline void summarize_all(Store& store) {
  while (store.summarize(std::chrono::milliseconds(5))) {
  }
}

inline EventRecord event_named(Store& store, const std::string& id) {
  for (const EventRecord& event : store.events()) {
    if (event.description.event_public_id == id) return event;
  }
  FAIL("no such event");
  return {};
}

// Four hours at 1 Hz of noise between 0 and 1, with a spike of one sample now and then, a gap of ten minutes, and a bad
// stretch; `count` datapoints are sent in pieces.
struct Rig {
  std::map<std::int64_t, std::optional<double>> sent;  // by offset in microseconds
  std::vector<std::int64_t> spikes;

  explicit Rig(Store& store, std::int64_t first = 0, int seconds = 4 * 3600) {
    std::mt19937 random(testing::random_seed(7));
    std::vector<IncomingReading> readings;
    for (int i = 0; i < seconds; ++i) {
      const std::int64_t time = first + i * second + static_cast<std::int64_t>(random() % 100000);
      if (i % 7200 >= 3000 && i % 7200 < 3600) continue;
      std::optional<double> value = static_cast<double>(random() % 1000) / 1000;
      if (random() % 1500 == 0) {
        value = (random() % 2 == 0 ? 1 : -1) * (100.0 + static_cast<double>(spikes.size()));
        spikes.push_back(time);
      }
      if (i % 7200 >= 5000 && i % 7200 < 5003) value.reset();
      sent[time] = value;
      readings.push_back(value ? good("evt_a", at(time), *value) : bad("evt_a", at(time), "timeout"));
      if (readings.size() == 1000 || i + 1 == seconds) {
        append(store, "rig1", readings);
        readings.clear();
      }
    }
  }
};

// What must be true of every series, whatever it was made of. Ranges are small enough that no two spikes share a part.
inline void check_series(Store& store, const Rig& rig, std::int64_t from, std::int64_t to, std::size_t max_points) {
  const auto event = event_named(store, "evt_a");
  const auto line = read_series(store, event, at(from), at(to), max_points);
  CHECK(line.size() <= max_points);
  const auto begin = rig.sent.lower_bound(from);
  const auto end = rig.sent.lower_bound(to);
  if (begin == end) {
    CHECK(line.empty());
    return;
  }
  Timestamp before = at(from) - std::chrono::microseconds(1);
  std::map<std::int64_t, double> shown;
  for (const SeriesPoint& point : line) {
    CHECK(point.time > before);
    before = point.time;
    if (!point.value) continue;
    const auto found = rig.sent.find((point.time - at(0)).count());
    REQUIRE(found != rig.sent.end());
    CHECK(found->second == point.value);
    shown[found->first] = *point.value;
  }
  double least = 1e9, greatest = -1e9;
  std::optional<std::int64_t> first_good;
  std::int64_t last_good = 0;
  for (auto it = begin; it != end; ++it) {
    if (!it->second) continue;
    least = std::min(least, *it->second);
    greatest = std::max(greatest, *it->second);
    if (!first_good) first_good = it->first;
    last_good = it->first;
  }
  double shown_least = 1e9, shown_greatest = -1e9;
  for (const auto& [time, value] : shown) {
    shown_least = std::min(shown_least, value);
    shown_greatest = std::max(shown_greatest, value);
  }
  CHECK(shown_least == least);
  CHECK(shown_greatest == greatest);
  if (begin->second) CHECK(shown.count(*first_good) == 1);
  if (std::prev(end)->second) CHECK(shown.count(last_good) == 1);
}

inline void check_all_series(Store& store, const Rig& rig) {
  for (const std::size_t max_points : {std::size_t{10}, std::size_t{97}, std::size_t{500}, std::size_t{4000}}) {
    check_series(store, rig, 0, 4 * 3600 * second, max_points);
    check_series(store, rig, -3600 * second, 24 * 3600 * second, max_points);
    check_series(store, rig, 1234567, 3 * 3600 * second + 7, max_points);
    check_series(store, rig, 60 * second, 360 * second, max_points);
    check_series(store, rig, 3100 * second, 3500 * second, max_points);  // within the gap
    check_series(store, rig, 5000 * second, 5001 * second, max_points);  // bad alone
  }
}

TEST_CASE_TEMPLATE_DEFINE("a series shows every spike and every gap, whatever is summarised", Backend,
                          store_contract_series) {
  Backend backend;
  auto store = backend.open();
  const Rig rig(*store);
  const auto spikes_shown = [&] {
    const auto line = read_series(*backend.open(), event_named(*store, "evt_a"), at(0), at(4 * 3600 * second), 500);
    return std::count_if(line.begin(), line.end(),
                         [](const SeriesPoint& p) { return p.value && std::abs(*p.value) > 50; });
  };
  const auto nulls = [&] {
    const auto line = read_series(*store, event_named(*store, "evt_a"), at(0), at(4 * 3600 * second), 500);
    return std::count_if(line.begin(), line.end(), [](const SeriesPoint& p) { return !p.value; });
  };
  check_all_series(*store, rig);
  const auto raw_spikes = spikes_shown();
  CHECK(raw_spikes == static_cast<std::int64_t>(rig.spikes.size()));
  CHECK(nulls() == 4);  // two gaps, two bad stretches
  store->summarize(std::chrono::milliseconds(1));
  check_all_series(*store, rig);
  summarize_all(*store);
  CHECK(store->summary_mark(event_named(*store, "evt_a").key) > to_microseconds(at(4 * 3600 * second - 200 * second)));
  check_all_series(*store, rig);
  CHECK(spikes_shown() == raw_spikes);
  CHECK(nulls() == 4);
}

TEST_CASE_TEMPLATE_DEFINE("what comes late is in the series at once", Backend, store_contract_series_late) {
  Backend backend;
  auto store = backend.open();
  Rig rig(*store);
  summarize_all(*store);
  append(*store, "rig1", {good("evt_a", at(7000 * second + 500000), 555)});
  rig.sent[7000 * second + 500000] = 555;
  check_series(*store, rig, 0, 4 * 3600 * second, 100);
  summarize_all(*store);
  check_series(*store, rig, 0, 4 * 3600 * second, 100);
  // Also through another object, as after a restart.
  auto other = backend.open();
  append(*other, "rig1", {good("evt_a", at(400 * second + 500000), -555), good("evt_a", at(-9000 * second), 0)});
  rig.sent[400 * second + 500000] = -555;
  rig.sent[-9000 * second] = 0;
  check_series(*store, rig, -9999 * second, 4 * 3600 * second, 100);
  summarize_all(*other);
  check_series(*store, rig, -9999 * second, 4 * 3600 * second, 100);
}

TEST_CASE_TEMPLATE_DEFINE("few datapoints are shown as they are", Backend, store_contract_series_few) {
  Backend backend;
  auto store = backend.open();
  store->describe("rig1", {{"evt_a", "", "analog", "", {}, {}, 1.0, {}, ""}});
  append(*store, "rig1",
         {good("evt_a", at(0), 1), good("evt_a", at(second), 2), bad("evt_a", at(2 * second), "timeout"),
          good("evt_a", at(3 * second), 3), good("evt_a", at(10 * second), 4)});
  const auto line = read_series(*store, event_named(*store, "evt_a"), at(0), at(60 * second), 500);
  REQUIRE(line.size() == 6);
  CHECK_FALSE(line[2].value);
  CHECK(line[2].time == at(2 * second));
  CHECK_FALSE(line[4].value);
  CHECK(line[4].time == at(6 * second));  // silent for longer than three intervals
  CHECK(line[5].value == 4.0);
  CHECK(read_series(*store, event_named(*store, "evt_a"), at(60 * second), at(60 * second), 500).empty());
}

TEST_CASE_TEMPLATE_DEFINE("thousands of datapoints within a minute are summarised, too", Backend,
                          store_contract_series_dense) {
  Backend backend;
  auto store = backend.open();
  for (int round = 0; round < 12; ++round) {
    std::vector<IncomingReading> readings;
    for (int i = 0; i < 1000; ++i) readings.push_back(good("evt_a", at((round * 1000 + i) * 100), i));
    append(*store, "rig1", readings);
  }
  append(*store, "rig1", {good("evt_a", at(1000 * second), 1)});
  summarize_all(*store);
  const auto event = event_named(*store, "evt_a");
  CHECK(store->summary_mark(event.key) > to_microseconds(at(800 * second)));
  const auto line = read_series(*store, event, at(0), at(86400 * second), 10);
  CHECK(line.size() <= 10);
  CHECK(line.front().value == 0.0);
  CHECK(std::any_of(line.begin(), line.end(), [](const SeriesPoint& p) { return p.value == 999.0; }));
}

TEST_CASE_TEMPLATE_DEFINE("few datapoints in a long time are read themselves, not summarised", Backend,
                          store_contract_series_sparse) {
  Backend backend;
  auto store = backend.open();
  Rig rig(*store, 0, 0);
  // One in ten seconds, one in half a minute, none, then many; each tenth hour has a spike.
  for (int i = 0; i < 20000; ++i) {
    const std::int64_t time = (i < 5000 ? i * 10 : i < 8000 ? 50000 + (i - 5000) * 30 : 300000 + i) * second;
    rig.sent[time] = i % 3600 == 77 ? 1000.0 + i : i % 10;
  }
  std::vector<IncomingReading> readings;
  for (const auto& [time, value] : rig.sent) readings.push_back(good("evt_a", at(time), *value));
  append(*store, "rig1", readings);
  summarize_all(*store);
  const auto event = event_named(*store, "evt_a");
  std::vector<Summary> minutes;
  std::vector<Summary> hours;
  store->read_summaries(event.key, 1, to_microseconds(at(0)), to_microseconds(at(299000 * second)), minutes);
  store->read_summaries(event.key, 3, to_microseconds(at(0)), to_microseconds(at(299000 * second)), hours);
  CHECK(minutes.empty());
  CHECK(hours.size() > 20);
  const auto check = [&] {
    for (const std::size_t max_points : {std::size_t{10}, std::size_t{500}}) {
      check_series(*store, rig, -100 * second, 400000 * second, max_points);
      check_series(*store, rig, 20000 * second + 3, 60000 * second, max_points);
      check_series(*store, rig, 130000 * second, 310000 * second, max_points);
      check_series(*store, rig, 150000 * second, 290000 * second, max_points);
    }
  };
  check();
  append(*store, "rig1", {good("evt_a", at(777 * second), 5000), good("evt_a", at(200000 * second), -5000)});
  rig.sent[777 * second] = 5000;
  rig.sent[200000 * second] = -5000;
  check();
  summarize_all(*store);
  check();
}

#define WEBMACS_STORE_CONTRACT_SERIES(Backend)                     \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_series, Backend);       \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_series_late, Backend);  \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_series_few, Backend);   \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_series_dense, Backend); \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_series_sparse, Backend)

}  // namespace webmacs::testing
