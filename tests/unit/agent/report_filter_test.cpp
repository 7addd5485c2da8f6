#include "agent/report_filter.h"

#include "agent_test_tools.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::agent_tests;

namespace {

struct Polls {
  explicit Polls(EventSettings event) : filter(event) {}

  std::optional<Reading> good(double value, std::chrono::milliseconds at, bool forced = false) {
    return filter.pass({time_of(at.count()), value, "", {}}, start + at, forced);
  }
  std::optional<Reading> bad(const std::string& reason, std::chrono::milliseconds at, bool forced = false) {
    return filter.pass({time_of(at.count()), std::nullopt, reason, {}}, start + at, forced);
  }
  std::optional<Reading> at_time(Timestamp time) { return filter.pass({time, 1.0, "", {}}, start += 1ms, false); }

  ReportFilter filter;
  ReportFilter::Instant start{};
};

EventSettings plain() {
  return event_of("plc", "evt_a", 100ms);
}

EventSettings with_deadband(double deadband, std::optional<std::chrono::microseconds> max_silence = std::nullopt) {
  EventSettings event = plain();
  event.deadband = deadband;
  event.max_silence = max_silence;
  return event;
}

}  // namespace

TEST_CASE("without a deadband every good poll is reported, with its value and time") {
  Polls polls(plain());
  for (int i = 0; i < 3; ++i) {
    const auto reading = polls.good(7, i * 100ms);
    REQUIRE(reading);
    CHECK(*reading == Reading{"evt_a", time_of(i * 100), 7.0, ""});
  }
}

TEST_CASE("a deadband holds back what did not move that far since the last report") {
  Polls polls(with_deadband(0.5));
  CHECK(polls.good(10, 0ms));
  CHECK_FALSE(polls.good(10.4, 100ms));
  CHECK_FALSE(polls.good(9.6, 200ms));
  CHECK(polls.good(10.5, 300ms));
  CHECK_FALSE(polls.good(10.1, 400ms));  // counted from 10.5, not from 10
  CHECK(polls.good(10.0, 500ms));
}

TEST_CASE("a deadband counts decimals: the last digit of a display has moved by a tenth, whatever it shows") {
  for (int tenths = -500; tenths < 500; ++tenths) {
    Polls polls(with_deadband(0.1));
    CHECK(polls.good(tenths / 10.0, 0ms));
    CHECK(polls.good((tenths + 1) / 10.0, 100ms));
  }
}

TEST_CASE("a slow drift is reported once it has added up to the deadband") {
  Polls polls(with_deadband(1));
  int reported = 0;
  for (int i = 0; i <= 40; ++i) reported += polls.good(i * 0.25, i * 100ms) ? 1 : 0;
  CHECK(reported == 11);
}

TEST_CASE("a deadband of zero reports changes only") {
  Polls polls(with_deadband(0));
  CHECK(polls.good(1, 0ms));
  CHECK_FALSE(polls.good(1, 100ms));
  CHECK(polls.good(1.0000001, 200ms));
}

TEST_CASE("max_silence reports an unmoved value when the time has come, on the schedule's clock") {
  Polls polls(with_deadband(1, 300ms));
  CHECK(polls.good(5, 0ms));
  CHECK_FALSE(polls.good(5, 100ms));
  CHECK_FALSE(polls.good(5, 200ms));
  CHECK(polls.good(5, 300ms));
  CHECK_FALSE(polls.good(5, 400ms));
  CHECK(polls.good(5, 600ms));
}

TEST_CASE("one bad reading per transition: good to bad, another reason, and back to good") {
  Polls polls(with_deadband(10));
  CHECK(polls.good(1, 0ms));
  const auto bad = polls.bad("timeout", 100ms);
  REQUIRE(bad);
  CHECK_FALSE(bad->good());
  CHECK(bad->reason == "timeout");
  CHECK_FALSE(polls.bad("timeout", 200ms));
  CHECK_FALSE(polls.bad("timeout", 300ms));
  CHECK(polls.bad("exception 2", 400ms));
  CHECK_FALSE(polls.bad("exception 2", 500ms));
  CHECK(polls.good(1, 600ms));  // within the deadband of the last good one, and reported all the same
  CHECK_FALSE(polls.good(1, 700ms));
}

TEST_CASE("an event that is bad from the beginning is reported once") {
  Polls polls(plain());
  CHECK(polls.bad("disconnected", 0ms));
  CHECK_FALSE(polls.bad("disconnected", 100ms));
}

TEST_CASE("a forced report ignores the deadband and an unchanged badness") {
  Polls polls(with_deadband(10));
  CHECK(polls.good(1, 0ms));
  CHECK(polls.good(1, 100ms, true));
  CHECK(polls.bad("timeout", 200ms));
  CHECK(polls.bad("timeout", 300ms, true));
  CHECK_FALSE(polls.bad("timeout", 400ms));
}

TEST_CASE("equal times are moved apart by one microsecond each") {
  Polls polls(plain());
  const Timestamp t = time_of(5);
  CHECK(polls.at_time(t)->time == t);
  CHECK(polls.at_time(t)->time == t + 1us);
  CHECK(polls.at_time(t)->time == t + 2us);
  CHECK(polls.at_time(t + 1us)->time == t + 3us);
  CHECK(polls.at_time(t + 50us)->time == t + 50us);
}

TEST_CASE("a clock that stepped back is let through, and strictly increases from there") {
  Polls polls(plain());
  CHECK(polls.at_time(time_of(3'600'000))->time == time_of(3'600'000));
  CHECK(polls.at_time(time_of(10))->time == time_of(10));
  CHECK(polls.at_time(time_of(10))->time == time_of(10) + 1us);
  CHECK(polls.at_time(time_of(20))->time == time_of(20));
}

TEST_CASE("a long reason is cut and an empty one is named") {
  Polls polls(plain());
  CHECK(polls.bad(std::string(500, 'x'), 0ms)->reason.size() == max_reason_bytes);
  CHECK(polls.bad("", 100ms)->reason == "unknown");
}
