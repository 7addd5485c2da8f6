#include "agent/reading_inbox.h"

#include "agent_test_tools.h"
#include "unit/capture_stderr.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::agent_tests;

namespace {

struct Bench {
  boost::asio::io_context io;
  std::vector<std::vector<Reading>> delivered;
  ReadingInbox inbox{io, [this](std::vector<Reading> readings) { delivered.push_back(std::move(readings)); }, 5};
};

}  // namespace

TEST_CASE("what several polls put before the network thread's turn is delivered once, in order") {
  Bench bench;
  bench.inbox.put(numbered_range(0, 2));
  bench.inbox.put(numbered_range(2, 1));
  CHECK(bench.delivered.empty());
  CHECK(bench.io.run() == 1);  // one wake-up
  REQUIRE(bench.delivered.size() == 1);
  CHECK(bench.delivered[0] == numbered_range(0, 3));
}

TEST_CASE("after a delivery the next poll wakes the network thread again") {
  Bench bench;
  bench.inbox.put(numbered_range(0, 1));
  bench.io.run();
  bench.inbox.put(numbered_range(1, 1));
  bench.io.restart();
  bench.io.run();
  CHECK(bench.delivered.size() == 2);
}

TEST_CASE("what is delivered ahead of its turn is not delivered again") {
  Bench bench;
  bench.inbox.put(numbered_range(0, 1));
  bench.inbox.deliver_now();
  bench.io.run();
  CHECK(bench.delivered.size() == 1);
}

TEST_CASE("a poll that finds no room is given up as a whole, and said") {
  Bench bench;
  CaptureStderr log;
  bench.inbox.put(numbered_range(0, 4));
  bench.inbox.put(numbered_range(4, 2));
  bench.inbox.put(numbered_range(6, 1));
  CHECK(log.take() == "<3>the network thread lags: 2 readings of one poll are given up\n");
  bench.io.run();
  REQUIRE(bench.delivered.size() == 1);
  std::vector<Reading> kept = numbered_range(0, 4);
  kept.push_back(numbered(6));
  CHECK(bench.delivered[0] == kept);
}

TEST_CASE("no reading of many threads is lost or doubled") {
  boost::asio::io_context io;
  auto work = boost::asio::make_work_guard(io);
  std::size_t delivered = 0;
  ReadingInbox inbox(io, [&](std::vector<Reading> readings) {
    if ((delivered += readings.size()) == 4000) work.reset();
  });
  std::vector<std::thread> pollers;
  for (int i = 0; i < 4; ++i) {
    pollers.emplace_back([&] {
      for (int n = 0; n < 500; ++n) inbox.put(numbered_range(n, 2));
    });
  }
  io.run_for(20s);
  for (std::thread& poller : pollers) poller.join();
  CHECK(delivered == 4000);
}
