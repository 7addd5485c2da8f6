// Units that do not answer, and what trying them costs their neighbours.
#include "hardware/unit_rest.h"

#include "hardware/gateway_stall.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

const auto start = UnitRest::Clock::time_point(1h);
using State = UnitRest::State;

UnitRest down(UnitRest::Duration own_cost) {
  UnitRest rest;
  rest.note_failure(start, own_cost);
  rest.note_failure(start, own_cost);
  REQUIRE(rest.state() == State::down);
  return rest;
}

}  // namespace

TEST_CASE(
    "one poll in vain is forgiven, then pauses grow: to a second alone, to a minute and a quarter beside others") {
  const UnitRest::Neighbourhood alone;
  const UnitRest::Neighbourhood beside{.alone = false};
  UnitRest rest;
  CHECK_FALSE(rest.rests(start, alone));
  rest.note_failure(start, 10ms);
  CHECK(rest.state() == State::doubted);
  CHECK_FALSE(rest.rests(start, alone));
  std::chrono::milliseconds quick = 250ms;
  for (const std::chrono::milliseconds usual : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    rest.note_failure(start, 10ms);
    CHECK(rest.rests(start + usual - 1ms, beside));
    CHECK_FALSE(rest.rests(start + usual * 5 / 4, beside));
    CHECK(rest.rests(start + quick - 11ms, alone));
    CHECK_FALSE(rest.rests(start + quick * 5 / 4 - 9ms, alone));  // 250 ms are 312.5
    quick = std::min(2 * quick, std::chrono::milliseconds(800));
  }
  rest.note_answer();
  CHECK(rest.up());
  rest.note_failure(start, 1s);
  CHECK_FALSE(rest.rests(start, alone));
}

TEST_CASE("a unit that is alone on its line and was waited for is asked again at once") {
  const UnitRest rest = down(1s);
  CHECK_FALSE(rest.rests(start, {.alone = true}));
  CHECK(rest.rests(start, {.alone = false}));
}

TEST_CASE("beside other units a pause is twenty times what the try cost them, at most five minutes") {
  const UnitRest rest = down(1s);
  CHECK(rest.pause({.alone = false}) >= 20s);
  CHECK(rest.pause({.alone = false}) <= 25s);
  CHECK(rest.pause({.alone = false, .cost = 10s}) >= 200s);
  CHECK(rest.pause({.alone = false, .cost = 10s}) <= 250s);
  CHECK(rest.pause({.alone = false, .cost = 30s}) == 5min);
  CHECK(rest.pause({.alone = false, .dead_units = 3}) >= 60s);
  CHECK(rest.pause({.alone = true, .cost = 10s}) < 2s);
}

TEST_CASE("a gateway that stood still tells at the first time that the unit is away; lost frames do not") {
  UnitRest rest;
  rest.note_failure(start, 2s);
  CHECK(rest.pause({.alone = false, .cost = 2100ms}) == 0s);
  CHECK(rest.pause({.alone = false, .cost = 20s}) == 5min);
}

TEST_CASE("beside a unit that is away one poll in vain puts nobody to rest, two do") {
  UnitRest rest;
  rest.note_failure(start, 300ms);
  CHECK_FALSE(rest.rests(start, {.alone = false, .dead_units = 2, .cost = 1600ms}));
  rest.note_failure(start, 300ms);
  CHECK(rest.pause({.alone = false, .dead_units = 2, .cost = 1600ms}) >= 64s);
}

TEST_CASE("no second try before another unit has answered") {
  UnitRest rest;
  rest.note_failure(start, 2s);
  CHECK(rest.rests(start + 10s, {.alone = false, .stops_others = true}));
  CHECK_FALSE(rest.rests(start + 61s, {.alone = false, .stops_others = true}));
}

TEST_CASE("a unit that was heard too late is asked again at once") {
  UnitRest rest = down(10s);
  rest.ask_at_once();
  CHECK_FALSE(rest.rests(start, {.alone = false, .cost = 10s}));
}

TEST_CASE("who stops a gateway is told by whose silence the others' follows") {
  GatewayStall stall;
  stall.note_answer(1, 30ms);
  CHECK_FALSE(stall.behind_another(1));
  stall.note_silence(9, 1s, false);
  stall.note_silence(9, 1s, true);
  CHECK(stall.behind_another(1));
  CHECK_FALSE(stall.behind_another(9));
  CHECK_FALSE(stall.stops_others(9));
  stall.note_silence(1, 1s, false);
  stall.note_silence(2, 1s, false);
  CHECK(stall.behind_another(1));
  CHECK(stall.stops_others(9));
  stall.note_answer(3, 500ms);
  CHECK_FALSE(stall.behind_another(1));
  CHECK(stall.cost(9) == 4500ms);
  CHECK(stall.cost(1) == 0s);
}

TEST_CASE("a gateway that goes on with an earlier try after others were answered waits for the same unit") {
  GatewayStall stall;
  stall.note_silence(9, 1s, false);
  stall.note_silence(9, 1s, true);
  stall.note_silence(1, 1s, false);
  stall.note_answer(2, 500ms);
  CHECK(stall.cost(9) == 3500ms);
  stall.note_silence(1, 1s, false);  // behind the second try of unit 9, which was sent before
  CHECK(stall.behind_another(1));
  CHECK(stall.stops_others(9));
  stall.note_answer(3, 500ms);
  CHECK(stall.cost(9) == 5s);
  CHECK(stall.cost(1) == 0s);
  // There was no third try: a silence is the unit's own again.
  stall.note_silence(1, 1s, false);
  CHECK_FALSE(stall.behind_another(1));
}

TEST_CASE("a try that a gateway has forgotten is no excuse for ever") {
  GatewayStall stall;
  stall.note_silence(9, 1s, false);
  stall.note_silence(9, 1s, true);
  stall.note_silence(1, 1s, false);
  for (int i = 0; i < 40; ++i) stall.note_answer(2, 30ms);
  stall.note_silence(1, 1s, false);
  CHECK_FALSE(stall.behind_another(1));
}

TEST_CASE(
    "a unit that answers after all has stopped nobody, and a gateway that is silent for long is at fault itself") {
  GatewayStall stall;
  stall.note_silence(9, 1s, false);
  stall.note_answer(9, 10ms);
  CHECK(stall.cost(9) == 0s);
  stall.note_silence(9, 1s, false);
  for (int i = 0; i < 31; ++i) stall.note_silence(1, 1s, false);
  CHECK_FALSE(stall.behind_another(1));
}
