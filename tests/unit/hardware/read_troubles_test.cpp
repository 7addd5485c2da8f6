// Values that a unit refuses or does not answer for: when they rest, when they are asked for again.
#include "hardware/read_troubles.h"

#include "unit/capture_stderr.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

const auto start = ReadTroubles::Clock::time_point(1h);

PlannedRead read_at(int address, int count = 1) {
  return {RegisterKind::holding, address, count};
}

}  // namespace

TEST_CASE("a refused value rests for a second, then longer, and is a hole meanwhile") {
  ReadTroubles troubles("PLC");
  const auto before = troubles.version();
  troubles.remember_refusal(read_at(100, 2), "exception 2", start);
  CHECK(troubles.version() != before);
  CHECK(troubles.holes().covered(RegisterKind::holding, 100, 102));
  REQUIRE(troubles.resting(read_at(100, 2), start));
  CHECK(*troubles.resting(read_at(100, 2), start) == "exception 2");
  CHECK_FALSE(troubles.resting(read_at(100, 1), start));  // another read
  CHECK_FALSE(troubles.resting(read_at(100, 2), start + 1s));

  auto now = start;
  auto rest = 1s;
  for (int i = 0; i < 10; ++i) {
    now += rest;
    CHECK_FALSE(troubles.resting(read_at(100, 2), now));
    troubles.remember_refusal(read_at(100, 2), "exception 2", now);
    rest = std::min<std::chrono::seconds>(2 * rest, 60s);
    CHECK(troubles.resting(read_at(100, 2), now + rest - 1ms));
  }
  CHECK(troubles.holes().size() == 1);
}

TEST_CASE("a refusal that may pass costs one poll, and the log hears of what comes and goes once in ten minutes") {
  ReadTroubles troubles("PLC");
  CaptureStderr capture;
  auto now = start;
  for (int i = 0; i < 590; ++i, now += 1s) {
    troubles.remember_refusal(read_at(100), "exception 4", now, true);
    if (i % 10 == 0) continue;  // twice in a row now and then
    CHECK((troubles.resting(read_at(100), now) != nullptr) == (i % 10 == 1));
    troubles.forget(read_at(100));
  }
  troubles.forget(read_at(100));
  std::string log = capture.take();
  CHECK(std::count(log.begin(), log.end(), '\n') == 2);  // that it rests, and that it reads again
  troubles.remember_refusal(read_at(100), "exception 4", start + 11min, true);
  troubles.remember_refusal(read_at(100), "exception 4", start + 11min, true);
  CHECK(troubles.resting(read_at(100), start + 11min));
  log = capture.take();
  CHECK(std::count(log.begin(), log.end(), '\n') == 1);
}

TEST_CASE("one silence may be chance; from the second on a value costs a twentieth of the line's time") {
  ReadTroubles troubles("PLC");
  troubles.remember_silence(read_at(7), "timeout", start, 500ms);
  CHECK(troubles.known(read_at(7)));
  CHECK_FALSE(troubles.resting(read_at(7), start));
  troubles.remember_silence(read_at(7), "timeout", start, 500ms);
  CHECK(troubles.resting(read_at(7), start + 10s - 1ms));
  CHECK_FALSE(troubles.resting(read_at(7), start + 10s));
  // However much it cost, it is asked for every five minutes.
  troubles.remember_silence(read_at(7), "timeout", start, 1h);
  CHECK(troubles.resting(read_at(7), start + 5min - 1ms));
  CHECK_FALSE(troubles.resting(read_at(7), start + 5min));
}

TEST_CASE("however many values are silent, they cost a twentieth of the line's time together, each in its turn") {
  constexpr int values = 12;
  ReadTroubles troubles("PLC");
  std::vector<int> asked(values);
  std::chrono::milliseconds spent{0};
  for (auto passed = 0ms; passed < 4h; passed += 500ms) {
    for (int value = 0; value < values; ++value) {
      if (troubles.resting(read_at(value), start + passed)) continue;
      troubles.remember_silence(read_at(value), "timeout", start + passed, 300ms);
      ++asked[static_cast<std::size_t>(value)];
      spent += 300ms;
    }
  }
  CHECK(spent <= std::chrono::milliseconds(4h) / 20 + 2 * values * 300ms);
  const auto [least, most] = std::minmax_element(asked.begin(), asked.end());
  CHECK(*least > 150);
  CHECK(*most - *least <= 5);
}

TEST_CASE("values that were read together in vain rest at once, each for as long as its turn takes to come") {
  ReadTroubles troubles("PLC");
  for (int value = 0; value < 5; ++value) troubles.assume_silence(read_at(value), "timeout", start, 1s);
  for (int value = 0; value < 5; ++value) {
    const auto turn = start + (value + 1) * 20s;
    CHECK(troubles.resting(read_at(value), turn - 1ms));
    CHECK_FALSE(troubles.resting(read_at(value), turn));
    troubles.remember_silence(read_at(value), "timeout", turn, 1s);
  }
  troubles.let_silent_ones_try();
  for (int value = 0; value < 5; ++value) CHECK_FALSE(troubles.resting(read_at(value), start + 100s));
}

TEST_CASE("when one of several silent values is answered for again the others are tried at once, until one is not") {
  ReadTroubles troubles("PLC");
  for (int value = 0; value < 6; ++value) {
    for (int i = 0; i < 2; ++i) troubles.remember_silence(read_at(value), "timeout", start, 1s);
  }
  const auto now = start + 20s;
  CHECK_FALSE(troubles.resting(read_at(0), now));
  CHECK(troubles.resting(read_at(1), now));
  troubles.forget(read_at(0));
  for (const int value : {1, 2, 3, 4}) CHECK_FALSE(troubles.resting(read_at(value), now));
  troubles.forget(read_at(1));
  troubles.remember_silence(read_at(2), "timeout", now, 1s);
  for (const int value : {2, 3, 4, 5}) CHECK(troubles.resting(read_at(value), now));
  CHECK_FALSE(troubles.resting(read_at(3), now + 20s));
}

TEST_CASE("a value that reads again is no hole any more") {
  ReadTroubles troubles("PLC");
  troubles.forget(read_at(5));
  const auto before = troubles.version();
  troubles.remember_refusal(read_at(5), "exception 2", start);
  troubles.remember_refusal(read_at(9), "exception 3", start);
  troubles.forget(read_at(5));
  CHECK(troubles.version() > before + 1);
  CHECK_FALSE(troubles.known(read_at(5)));
  CHECK_FALSE(troubles.holes().covered(RegisterKind::holding, 5, 6));
  CHECK(troubles.holes().covered(RegisterKind::holding, 9, 10));
}

TEST_CASE("a seam is kept for a minute, and twice as long each time that it shows again") {
  ReadTroubles troubles("PLC");
  const auto kept = [&] { return troubles.holes().size() == 1; };
  troubles.remember_seam(read_at(10, 5), read_at(15, 5), start);
  troubles.forget_old_seams(start + 60s - 1ms);
  CHECK(kept());
  troubles.forget_old_seams(start + 60s);
  CHECK_FALSE(kept());
  CHECK_FALSE(troubles.empty());  // it may show again
  troubles.remember_seam(read_at(10, 5), read_at(15, 5), start + 61s);
  troubles.forget_old_seams(start + 61s + 119s);
  CHECK(kept());
  troubles.forget_old_seams(start + 61s + 120s);
  CHECK_FALSE(kept());
  troubles.forget_old_seams(start + 61s + 240s);
  CHECK(troubles.empty());
}

TEST_CASE("after a new connection everything is asked for at once") {
  ReadTroubles troubles("PLC");
  troubles.remember_refusal(read_at(5), "exception 2", start);
  troubles.remember_refusal(read_at(5), "exception 2", start);
  troubles.remember_seam(read_at(10, 5), read_at(15, 5), start);
  REQUIRE(troubles.resting(read_at(5), start));
  troubles.try_everything();
  CHECK_FALSE(troubles.resting(read_at(5), start));
  CHECK(troubles.known(read_at(5)));    // a hole until it reads
  CHECK(troubles.holes().size() == 1);  // the seam's is gone
  troubles.remember_refusal(read_at(5), "exception 2", start);
  CHECK_FALSE(troubles.resting(read_at(5), start + 1s));  // it begins with a second again
}
