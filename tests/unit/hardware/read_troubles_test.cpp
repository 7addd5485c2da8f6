// Values that a unit refuses or does not answer for: when they rest, when they are asked for again.
#include "hardware/read_troubles.h"

#include <doctest/doctest.h>

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
