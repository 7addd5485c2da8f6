#include "common/backoff.h"

#include <doctest/doctest.h>

#include <set>

using namespace webmacs;
using namespace std::chrono_literals;

TEST_CASE("the bound doubles with each failure, up to the longest wait") {
  Backoff backoff(500ms, 30s);
  for (const auto bound : {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 30000ms, 30000ms}) {
    CHECK(backoff.next_without_jitter() == bound);
  }
  backoff.reset();
  CHECK(backoff.next_without_jitter() == 500ms);
}

TEST_CASE("waits are spread over the whole bound, and never too short") {
  std::set<std::chrono::milliseconds> waits;
  for (int i = 0; i < 300; ++i) {
    Backoff backoff(1000ms, 4s);
    const auto wait = backoff.next();
    CHECK(wait >= 10ms);
    CHECK(wait <= 1000ms);
    waits.insert(wait);
    CHECK(backoff.next() <= 2s);
    CHECK(backoff.next() <= 4s);
    CHECK(backoff.next() <= 4s);
  }
  CHECK(waits.size() > 100);
  CHECK(*waits.begin() < 200ms);
  CHECK(*waits.rbegin() > 800ms);
  Backoff tiny(1ms, 1ms);
  CHECK(tiny.next() == 10ms);
}

TEST_CASE("waits in the upper half are spread over it, and double with each failure") {
  std::set<std::chrono::milliseconds> waits;
  for (int i = 0; i < 300; ++i) {
    Backoff backoff(250ms, 1500ms);
    for (const auto bound : {250ms, 500ms, 1000ms, 1500ms, 1500ms}) {
      const auto wait = backoff.next_upper_half();
      CHECK(wait >= bound / 2);
      CHECK(wait <= bound);
      if (bound == 1000ms) waits.insert(wait);
    }
  }
  CHECK(waits.size() > 100);
  CHECK(*waits.begin() < 600ms);
  CHECK(*waits.rbegin() > 900ms);
}

TEST_CASE("years of failures do not overflow") {
  Backoff backoff(1ms, std::chrono::hours(24));
  for (int i = 0; i < 1000; ++i) backoff.next();
  CHECK(backoff.next_without_jitter() == std::chrono::hours(24));
}

TEST_CASE("random_between stays within, bounds included") {
  std::set<std::chrono::milliseconds> drawn;
  for (int i = 0; i < 500; ++i) drawn.insert(random_between(3ms, 5ms));
  CHECK(drawn == std::set<std::chrono::milliseconds>{3ms, 4ms, 5ms});
  CHECK(random_between(7ms, 7ms) == 7ms);
}
