// Many deadlines on one timer.

#include "common/websocket/deadline_list.h"

#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

using namespace webmacs;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

struct Waiter final : DeadlineOwner {
  std::vector<TimePoint> fired;
  std::function<void()> then;
  void on_deadline(TimePoint now) override {
    fired.push_back(now);
    if (then) then();
  }
};

struct Bench {
  boost::asio::io_context io;
  DeadlineList list{io};
};

}  // namespace

TEST_CASE("deadlines fire in their order, each at its time, and then the loop may end") {
  Bench bench;
  const auto start = Clock::now();
  std::vector<int> order;
  Waiter late;
  Waiter soon;
  late.then = [&] { order.push_back(2); };
  soon.then = [&] { order.push_back(1); };
  bench.list.set(late, start + 40ms);
  bench.list.set(soon, start + 20ms);
  bench.io.run();
  CHECK(order == std::vector<int>{1, 2});
  CHECK(soon.fired.at(0) >= start + 20ms);
  CHECK(late.fired.at(0) >= start + 40ms);
}

TEST_CASE("a deadline that is set again replaces the one before, earlier or later") {
  Bench bench;
  const auto start = Clock::now();
  Waiter put_off;
  Waiter hurried;
  bench.list.set(put_off, start + 5ms);
  bench.list.set(put_off, start + 30ms);
  bench.list.set(hurried, start + 1h);
  bench.list.set(hurried, start + 10ms);
  bench.io.run();
  REQUIRE(put_off.fired.size() == 1);
  CHECK(put_off.fired[0] >= start + 30ms);
  REQUIRE(hurried.fired.size() == 1);
}

TEST_CASE("a deadline that is removed, or whose owner has gone, does not fire and does not hold the loop") {
  Bench bench;
  Waiter removed;
  bench.list.set(removed, Clock::now() + 1h);
  bench.list.remove(removed);
  bench.list.remove(removed);
  auto gone = std::make_unique<Waiter>();
  bench.list.set(*gone, Clock::now() + 1h);
  gone.reset();
  const auto start = Clock::now();
  bench.io.run();
  CHECK(Clock::now() - start < 10min);
  CHECK(removed.fired.empty());
}

TEST_CASE("an owner may set itself due, remove another or end it while deadlines fire") {
  Bench bench;
  const auto due = Clock::now();
  Waiter again;
  Waiter removed;
  auto ended = std::make_unique<Waiter>();
  again.then = [&] {
    if (again.fired.size() < 3) bench.list.set(again, due);  // due already: the next turn's
    bench.list.remove(removed);
    ended.reset();
  };
  bench.list.set(again, due);
  bench.list.set(removed, due);
  bench.list.set(*ended, due);
  bench.io.run();
  CHECK(again.fired.size() == 3);
  CHECK(removed.fired.empty());
}

TEST_CASE("an owner that is always due leaves the loop its turns") {
  Bench bench;
  Waiter greedy;
  greedy.then = [&] { bench.list.set(greedy, Clock::now()); };
  bench.list.set(greedy, Clock::now());
  bool had_a_turn = false;
  boost::asio::post(bench.io, [&] { had_a_turn = true; });
  for (int turn = 0; turn < 100 && !had_a_turn; ++turn) bench.io.run_one();
  CHECK(had_a_turn);
}

TEST_CASE("an owner may outlive the list") {
  boost::asio::io_context io;
  Waiter waiter;
  {
    DeadlineList list(io);
    list.set(waiter, Clock::now());
  }
  io.run();
  CHECK(waiter.fired.empty());
  DeadlineList next(io);
  next.set(waiter, Clock::now());
  io.restart();
  io.run();
  CHECK(waiter.fired.size() == 1);
}
