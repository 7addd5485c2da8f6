#include "agent/rig_clock.h"

#include "clock_box.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace webmacs;
using namespace webmacs::agent_tests;

namespace {

using State = RigClock::State;
using Kind = RigClock::Change::Kind;

}  // namespace

TEST_CASE("a clock that is synchronised at the start is trusted at the first look") {
  Box box;
  box.synchronised = true;
  RigClock clock(box.clocks(), true);
  CHECK(clock.look().kind == Kind::synchronised);
  CHECK(clock.state() == State::trusted);
  CHECK(clock.now() == noon);
}

TEST_CASE("a box that boots with last week's time: stamps wait, and get their right time when the clock is set") {
  Box box;
  box.wrong_by = -168h;
  RigClock clock(box.clocks(), true);
  std::vector<Timestamp> stamps;
  for (int i = 0; i < 5; ++i) {
    stamps.push_back(clock.now());
    CHECK(RigClock::is_provisional(stamps.back()));
    CHECK(clock.look().kind == Kind::none);
    box.pass(10s);
  }
  box.wrong_by = 0s;  // something sets the clock, the kernel does not say so yet …
  box.pass(1s);
  CHECK(clock.look().kind == Kind::none);
  box.synchronised = true;  // … and then it does
  CHECK(clock.look().kind == Kind::synchronised);
  for (int i = 0; i < 5; ++i) {
    CHECK(clock.resolved(stamps[static_cast<std::size_t>(i)]) == noon + i * 10s);
  }
  CHECK(clock.now() == noon + 51s);
  CHECK(clock.resolved(clock.now()) == clock.now());
}

TEST_CASE("a hub whose time agrees is as good, one whose time differs is not") {
  Box box;
  box.wrong_by = 1500ms;
  RigClock clock(box.clocks(), true);
  box.pass(2s);
  clock.hear_hub(noon + 2s);
  CHECK(clock.look().kind == Kind::none);
  box.wrong_by = 900ms;  // is being adjusted
  box.pass(10s);
  CHECK(clock.look().kind == Kind::synchronised);
  CHECK(clock.state() == State::trusted);
}

TEST_CASE("when nobody tells the time for two minutes, the clock is trusted as it is") {
  Box box;
  RigClock clock(box.clocks(), true);
  const Timestamp stamp = clock.now();
  box.pass(119s);
  CHECK(clock.look().kind == Kind::none);
  box.pass(1s);
  CHECK(clock.look().kind == Kind::without_source);
  CHECK(clock.state() == State::trusted);
  CHECK(clock.resolved(stamp) == noon);
}

TEST_CASE("when after two minutes the hub alone knows the time, its time counts until the clock is set") {
  Box box;
  box.wrong_by = -168h;
  RigClock clock(box.clocks(), true);
  const Timestamp stamp = clock.now();
  box.pass(5s);
  clock.hear_hub(noon + 5s);
  CHECK(clock.look().kind == Kind::none);
  box.pass(115s);
  const RigClock::Change change = clock.look();
  CHECK(change.kind == Kind::hub_differs);
  CHECK(change.before == noon + 120s - 168h);
  CHECK(change.after == noon + 120s);
  CHECK(clock.resolved(stamp) == noon);
  box.pass(60s);
  CHECK(clock.now() == noon + 180s);
  box.wrong_by = 200ms;
  CHECK(clock.look().kind == Kind::synchronised);
  CHECK(clock.now() == noon + 180s + 200ms);
}

TEST_CASE("a step of a clock that was trusted is told with both times, adjusting it is none") {
  Box box;
  RigClock clock(box.clocks(), false);
  CHECK(clock.look().kind == Kind::none);
  for (int i = 0; i < 1000; ++i) {  // 0.5 ms a second
    box.pass(1s);
    box.wrong_by += 500us;
    CHECK(clock.look().kind == Kind::none);
  }
  for (const auto step :
       {std::chrono::microseconds(1h), std::chrono::microseconds(-2h), std::chrono::microseconds(150ms)}) {
    const Timestamp before = clock.now();
    box.wrong_by += step;
    const RigClock::Change change = clock.look();
    CHECK(change.kind == Kind::was_set);
    CHECK(change.before == before);
    CHECK(change.after == before + step);
    CHECK(clock.look().kind == Kind::none);  // once
  }
}

TEST_CASE("what an earlier program of this boot found is right while the system's clock agrees with it") {
  Box box;
  RigClock first(box.clocks(), true);
  box.synchronised = true;
  CHECK(first.look().kind == Kind::synchronised);
  const Timestamp zero = first.steady_zero();

  box.synchronised = false;
  box.pass(1h);
  RigClock second(box.clocks(), true);
  const Timestamp stamp = second.now();
  second.recall(zero);
  CHECK(second.look().kind == Kind::synchronised);
  CHECK(second.resolved(stamp) == noon + 1h);

  box.wrong_by = -168h;  // set wrong in between
  RigClock third(box.clocks(), true);
  const Timestamp waits = third.now();
  third.recall(zero);
  CHECK(third.look().kind == Kind::none);
  box.wrong_by = 0s;
  box.synchronised = true;
  CHECK(third.look().kind == Kind::synchronised);
  CHECK(third.resolved(waits) == noon + 1h);
  CHECK(third.steady_zero() == zero);
}
