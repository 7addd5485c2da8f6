#include "server/store/summary.h"

#include "unit/random_seed.h"
#include "unit/server/store/store_support.h"

#include <doctest/doctest.h>

#include <random>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

Summary summary_of(const std::vector<Point>& points) {
  Summary summary = Summary::of(points.at(0));
  for (std::size_t i = 1; i < points.size(); ++i) summary.append(Summary::of(points[i]));
  return summary;
}

void check_same(const Summary& a, const Summary& b) {
  CHECK(a.first == b.first);
  CHECK(a.last == b.last);
  REQUIRE(a.has_good == b.has_good);
  if (a.has_good) {
    CHECK(a.min_time == b.min_time);
    CHECK(a.min_value == b.min_value);
    CHECK(a.max_time == b.max_time);
    CHECK(a.max_value == b.max_value);
  }
  CHECK(a.bad == b.bad);
  CHECK(a.silence == b.silence);
  CHECK(a.silent_since == b.silent_since);
}

}  // namespace

TEST_CASE("a summary has the ends, the extremes, the first bad one and the longest silence") {
  const auto summary = summary_of({{at(0), 5.0, ""},
                                   {at(10), -3.0, ""},
                                   {at(12), std::nullopt, "timeout"},
                                   {at(40), 9.0, ""},
                                   {at(41), std::nullopt, "timeout"},
                                   {at(50), -3.0, ""}});
  CHECK(summary.first == at(0));
  CHECK(summary.last == at(50));
  CHECK(summary.min_value == -3.0);
  CHECK(summary.min_time == at(10));  // the first of two that are equal
  CHECK(summary.max_value == 9.0);
  CHECK(summary.max_time == at(40));
  CHECK(summary.bad == at(12));
  CHECK(summary.silent_since == at(12));
  CHECK(summary.silence == std::chrono::microseconds(28));
}

TEST_CASE("a stretch of bad datapoints has no extremes, and takes those of what follows") {
  auto summary = summary_of({{at(0), std::nullopt, "timeout"}, {at(1), std::nullopt, "timeout"}});
  CHECK_FALSE(summary.has_good);
  CHECK(summary.bad == at(0));
  summary.append(Summary::of({at(2), 7.0, ""}));
  CHECK(summary.has_good);
  CHECK(summary.min_value == 7.0);
  CHECK(summary.max_time == at(2));
}

TEST_CASE("however a stretch is cut, its parts merge into the summary of the whole") {
  std::mt19937 random(testing::random_seed());
  const auto below = [&](unsigned bound) { return static_cast<std::int64_t>(random() % bound); };
  for (int round = 0; round < 200; ++round) {
    std::vector<Point> points;
    std::int64_t time = 0;
    for (std::int64_t i = 0, count = 2 + below(40); i < count; ++i) {
      time += 1 + below(20);
      points.push_back({at(time), std::nullopt, "bad"});
      if (below(4) > 0) points.back() = {at(time), static_cast<double>(below(9)), ""};
    }
    const Summary whole = summary_of(points);
    const auto cut = points.begin() + 1 + below(static_cast<unsigned>(points.size() - 1));
    Summary merged = summary_of({points.begin(), cut});
    merged.append(summary_of({cut, points.end()}));
    check_same(merged, whole);
  }
}

TEST_CASE("a range is visited in order: summaries where there are some, the stretches between them") {
  const std::int64_t width = summary_width(1);
  const auto within = [&](std::int64_t bucket) {
    return Summary::of({from_microseconds(bucket * width + 7), 1.0, ""});
  };
  std::string visited;
  visit_summarised(
      {within(3), within(4), within(6)}, 1, 2 * width, 9 * width,
      [&](const Summary& summary) {
        visited += "[" + std::to_string(summary_bucket(1, to_microseconds(summary.first))) + "]";
      },
      [&](std::int64_t from, std::int64_t to) {
        visited += std::to_string(from / width) + "-" + std::to_string(to / width);
      });
  CHECK(visited == "2-3[3][4]5-6[6]7-9");
}
