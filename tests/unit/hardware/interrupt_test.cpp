// The flag that ends a wait.
#include "hardware/interrupt.h"

#include <doctest/doctest.h>

#include <poll.h>
#include <thread>
#include <unistd.h>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

const auto now = std::chrono::steady_clock::now;

}  // namespace

TEST_CASE("a wait ends at its deadline, with what came, or when it is interrupted") {
  Interrupt interrupt;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto begin = now();
  CHECK(interrupt.wait(ends[0], POLLIN, begin + 20ms) == Interrupt::Wake::deadline);
  CHECK(now() - begin >= 20ms);
  CHECK(interrupt.wait(-1, 0, begin) == Interrupt::Wake::deadline);  // over already
  REQUIRE(::write(ends[1], "x", 1) == 1);
  CHECK(interrupt.wait(ends[0], POLLIN, now() + 1h) == Interrupt::Wake::ready);

  char byte;
  REQUIRE(::read(ends[0], &byte, 1) == 1);
  std::thread other([&] { interrupt.raise(); });
  CHECK(interrupt.wait(ends[0], POLLIN, now() + 1h) == Interrupt::Wake::interrupted);
  other.join();
  // It stays raised: also whoever waits later is woken.
  CHECK(interrupt.raised());
  CHECK(interrupt.wait(-1, 0, now() + 1h) == Interrupt::Wake::interrupted);
  ::close(ends[0]);
  ::close(ends[1]);
}
