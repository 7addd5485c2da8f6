#include "common/liveness.h"

#include <doctest/doctest.h>

#include <thread>

using namespace webmacs;

namespace {

// So that a later turn has a later time.
void let_the_clock_tick() {
  const auto now = Liveness::Clock::now();
  while (Liveness::Clock::now() == now) std::this_thread::yield();
}

}  // namespace

TEST_CASE("a thread turned when it was made, and whenever it says so") {
  const auto before = Liveness::Clock::now();
  Liveness liveness;
  const auto made = liveness.last_turn();
  CHECK(made >= before);
  let_the_clock_tick();
  CHECK(liveness.last_turn() == made);  // it ages by itself
  liveness.turn();
  CHECK(liveness.last_turn() > made);
}

TEST_CASE("what a watched thread runs can say that it turns, a thread that is not watched says nothing") {
  Liveness liveness;
  const auto made = liveness.last_turn();
  let_the_clock_tick();
  std::thread([&] {
    note_turn();
    CHECK(liveness.last_turn() == made);
    liveness.watch_this_thread();
    const auto watched = liveness.last_turn();
    CHECK(watched > made);
    let_the_clock_tick();
    note_turn();
    CHECK(liveness.last_turn() > watched);
  }).join();
  const auto ended = liveness.last_turn();
  let_the_clock_tick();
  note_turn();  // of this thread
  CHECK(liveness.last_turn() == ended);
}
