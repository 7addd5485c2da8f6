#include "ingest_bench.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::testing;
using namespace std::chrono_literals;

namespace {

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a lone batch is committed at once, then broadcast, then acknowledged") {
  Bench bench;
  REQUIRE(bench.submit("first", "rig1", {good("evt_a", at(0), 1), bad("evt_b", at(0), "timeout")}, true, true));
  CHECK(bench.happened.empty());
  REQUIRE(bench.run_until_happened(2));
  CHECK(bench.happened == Strings{"commit 2", "first stored"});
  REQUIRE(bench.points.size() == 2);
  CHECK(bench.points[0].reading == Reading{"evt_a", at(0), 1.0, ""});
  CHECK(bench.points[0].controller == "rig1");
  CHECK(bench.points[0].backlog);
  CHECK(bench.points[1].reading.reason == "timeout");
  CHECK(bench.points[0].event_key == bench.answers["first"][0].event_key);
  CHECK(everything(*bench.open(), "evt_a").size() == 1);
}

TEST_CASE("what arrives while the writer commits is the next transaction") {
  Bench bench;
  bench.control.set_hold(true);
  REQUIRE(bench.submit_many("first", 1));
  bench.control.wait_until_inside();
  Strings expected{"commit 1", "first stored", "commit 10"};
  for (int i = 0; i < 5; ++i) {
    const std::string name = "batch" + std::to_string(i);
    REQUIRE(bench.submit_many(name, 2));
    expected.push_back(name + " stored");
  }
  CHECK(bench.ingest->counters().queued_readings == 11);
  bench.control.set_hold(false);
  REQUIRE(bench.run_until_happened(8));
  CHECK(bench.happened == expected);
  CHECK(bench.control.sizes() == std::vector<std::size_t>{1, 10});
  CHECK(bench.ingest->counters().transactions == 2);
  CHECK(bench.ingest->counters().stored == 11);
  CHECK(bench.ingest->counters().queued_readings == 0);
}

TEST_CASE("a transaction takes batches until it holds its bound") {
  IngestLimits limits;
  limits.transaction_readings = 10;
  Bench bench(limits);
  bench.control.set_hold(true);
  REQUIRE(bench.submit_many("first", 1));
  bench.control.wait_until_inside();
  for (int i = 0; i < 6; ++i) REQUIRE(bench.submit_many("batch", 4));
  REQUIRE(bench.submit_many("large", 50));
  REQUIRE(bench.submit_many("last", 1));
  bench.control.set_hold(false);
  REQUIRE(bench.run_until([&] { return bench.ingest->counters().stored == 76; }));
  CHECK(bench.control.sizes() == std::vector<std::size_t>{1, 12, 12, 50, 1});
}

TEST_CASE("only what is new is broadcast, and each sender hears of its own") {
  Bench bench;
  bench.submit("one", "rig1", {good("evt_a", at(0), 1), good("evt_a", at(0), 1), good("evt_a", at(0), 2)});
  bench.submit("two", "rig2", {good("evt_a", at(1), 1)});
  bench.submit("three", "rig1", {received("evt_a", at(0), 1)}, false);
  REQUIRE(bench.run_until([&] { return bench.answers.size() == 3; }));
  CHECK(outcomes(bench.answers["one"]) == std::vector{Outcome::stored, Outcome::duplicate, Outcome::conflict});
  CHECK(bench.answers["two"].at(0).owner == "rig1");
  REQUIRE(bench.points.size() == 2);
  CHECK(bench.points[1].reading.time == at(1));  // as stored, not as sent
  CHECK_FALSE(bench.points[1].backlog);
  const IngestCounters& counters = bench.ingest->counters();
  CHECK(counters.stored == 2);
  CHECK(counters.duplicates == 1);
  CHECK(counters.conflicts == 1);
  CHECK(counters.foreign == 1);
}

TEST_CASE("a full queue refuses, and calls once when it has room again") {
  IngestLimits limits;
  limits.queued_readings = 10;
  Bench bench(limits);
  bench.control.set_hold(true);
  REQUIRE(bench.submit_many("first", 4));
  bench.control.wait_until_inside();
  REQUIRE(bench.submit_many("second", 6));
  CHECK_FALSE(bench.submit_many("third", 1));
  CHECK(bench.ingest->counters().refused == 1);
  int resumed = 0;
  bench.ingest->when_room([&] { ++resumed; });
  bench.io.poll();
  CHECK(resumed == 0);
  bench.control.set_hold(false);
  REQUIRE(bench.run_until([&] { return bench.ingest->counters().stored == 10; }));
  REQUIRE(bench.run_until([&] { return resumed > 0; }));
  REQUIRE(bench.submit_many("larger than the queue", 20));
  REQUIRE(bench.run_until([&] { return bench.ingest->counters().stored == 30; }));
  CHECK(resumed == 1);
}

TEST_CASE("descriptions keep their place among the readings") {
  Bench bench;
  bench.control.set_hold(true);
  REQUIRE(bench.submit_many("first", 1));
  bench.control.wait_until_inside();
  const EventDescription theirs{"evt_b", "Theirs", "analog", "", {}, {}, {}, {}, ""};
  bench.submit("before", "rig1", {good("evt_c", at(0), 1)});
  REQUIRE(bench.ingest->try_describe("rig2", {theirs, {"evt_c", "", "analog", "", {}, {}, {}, {}, ""}},
                                     [&](const std::vector<DescribeResult>& refused) {
                                       bench.happened.push_back("described, " + std::to_string(refused.size()) +
                                                                " of " + refused.at(0).owner);
                                     }));
  bench.submit("after", "rig1", {good("evt_b", at(0), 1)});
  bench.control.set_hold(false);
  REQUIRE(bench.run_until_happened(7));
  CHECK(bench.happened == Strings{"commit 1", "first stored", "commit 1", "before stored", "described, 1 of rig1",
                                  "commit 0", "after stored"});
  CHECK(bench.answers["after"].at(0).outcome == Outcome::foreign_event);
}

TEST_CASE("store fails: who can come again is told so at once, the others wait and lose nothing") {
  Bench bench;
  bench.control.set_failure("store /x: the disk is full");
  bench.control.set_hold(true);
  REQUIRE(bench.submit_many("seed1", 2, false));
  bench.control.wait_until_inside();
  REQUIRE(bench.submit_many("agent1", 3));
  REQUIRE(bench.submit_many("seed2", 4, false));
  int described = 0;
  REQUIRE(bench.ingest->try_describe("rig1", {{"evt_a", "A", "analog", "", {}, {}, {}, {}, ""}},
                                     [&](const std::vector<DescribeResult>&) { ++described; }));
  bench.control.set_hold(false);
  REQUIRE(bench.run_until_happened(1));
  CHECK(bench.happened == Strings{"agent1 refused"});
  CHECK_FALSE(bench.ingest->healthy());
  CHECK(bench.ingest->failure() == "store /x: the disk is full");
  CHECK(bench.ingest->counters().queued_readings == 6);

  // While it is away nobody waits for a retry to hear of it.
  REQUIRE(bench.submit_many("agent2", 1));
  CHECK(bench.happened.size() == 1);
  REQUIRE(bench.run_until_happened(2));
  CHECK(bench.happened.back() == "agent2 refused");
  REQUIRE(bench.run_until([&] { return bench.ingest->counters().failed_transactions >= 3; }));

  bench.control.set_failure("");
  REQUIRE(bench.run_until([&] { return described == 1; }));
  CHECK(bench.ingest->healthy());
  CHECK(bench.ingest->failure().empty());
  CHECK(bench.happened == Strings{"agent1 refused", "agent2 refused", "commit 6", "seed1 stored", "seed2 stored"});
  CHECK(everything(*bench.open(), "evt_a").size() == 6);
  REQUIRE(bench.submit_many("agent3", 1));
  REQUIRE(bench.run_until([&] { return bench.ingest->counters().stored == 7; }));
}

TEST_CASE("any other write keeps its place among the readings, and is told when the store is away") {
  Bench bench;
  bench.control.set_hold(true);
  REQUIRE(bench.submit_many("first", 1));
  bench.control.wait_until_inside();
  std::size_t events = 99;
  const auto write = [&] {
    return bench.ingest->try_write([&](Store& store) { events = store.events().size(); },
                                   [&](const std::string& failure) { bench.happened.push_back("written " + failure); });
  };
  REQUIRE(write());
  REQUIRE(bench.submit("after", "rig1", {good("evt_b", at(0), 1)}));
  bench.control.set_hold(false);
  REQUIRE(bench.run_until_happened(5));
  CHECK(bench.happened == Strings{"commit 1", "first stored", "written ", "commit 1", "after stored"});
  CHECK(events == 1);

  bench.happened.clear();
  bench.control.set_failure("away");
  REQUIRE(bench.submit_many("failing", 1));
  REQUIRE(bench.run_until_happened(1));
  REQUIRE(write());
  REQUIRE(bench.run_until_happened(2));
  CHECK(bench.happened == Strings{"failing refused", "written away"});
}

TEST_CASE("store comes back while nobody sends: noticed by itself") {
  Bench bench;
  bench.control.set_failure("away");
  REQUIRE(bench.submit_many("agent", 1));
  REQUIRE(bench.run_until_happened(1));
  CHECK_FALSE(bench.ingest->healthy());
  bench.control.set_failure("");
  REQUIRE(bench.run_until([&] { return bench.ingest->healthy(); }));
  CHECK(bench.control.checks == 1);
  CHECK(bench.ingest->counters().failed_transactions == 1);
}

TEST_CASE("drain commits what is queued and takes no more") {
  Bench bench;
  bench.control.set_hold(true);
  REQUIRE(bench.submit_many("first", 1));
  bench.control.wait_until_inside();
  REQUIRE(bench.submit_many("second", 1));
  bench.ingest->drain(10s, [&] { bench.happened.push_back("drained"); });
  CHECK_FALSE(bench.submit_many("late", 1));
  bench.control.set_hold(false);
  REQUIRE(bench.run_until_happened(5));
  CHECK(bench.happened == Strings{"commit 1", "first stored", "commit 1", "second stored", "drained"});
}

TEST_CASE("drain of an idle ingest ends at once; of a failing store at its deadline") {
  Bench bench;
  SUBCASE("idle") {
    bench.ingest->drain(10s, [&] { bench.happened.push_back("drained"); });
    bench.io.run_for(5s);
    CHECK(bench.happened == Strings{"drained"});
  }
  SUBCASE("with summaries to make, which can wait for the next start") {
    bench.control.summaries_to_make = 1'000'000;
    bench.ingest->maintain();
    bench.io.run_for(20ms);
    bench.ingest->drain(10s, [&] { bench.happened.push_back("drained"); });
    REQUIRE(bench.run_until_happened(1));
    bench.io.restart();
    CHECK(bench.io.run_for(10s) < 10);
    CHECK(bench.io.stopped());
    CHECK(bench.control.summaries_to_make > 0);
  }
  SUBCASE("failing") {
    bench.control.set_failure("away");
    REQUIRE(bench.submit_many("seed", 1, false));
    bench.ingest->drain(100ms, [&] { bench.happened.push_back("drained"); });
    REQUIRE(bench.run_until_happened(1));
    CHECK(bench.happened == Strings{"drained"});
    CHECK(bench.ingest->counters().queued_readings == 1);
    // Nothing is left that would keep the hub from ending.
    bench.io.restart();
    CHECK(bench.io.run_for(10s) < 10);
    CHECK(bench.io.stopped());
  }
}

TEST_CASE("an ingest that is gone calls nobody any more") {
  Bench bench;
  SUBCASE("while the writer is busy") {
    bench.control.set_hold(true);
    REQUIRE(bench.submit_many("first", 1));
    bench.control.wait_until_inside();
    REQUIRE(bench.submit_many("second", 1));
    bench.control.set_hold(false);
  }
  SUBCASE("while a refusal is on its way") {
    bench.control.set_failure("away");
    REQUIRE(bench.submit_many("first", 1));
    REQUIRE(bench.run_until_happened(1));
    REQUIRE(bench.submit_many("second", 1));
    bench.happened.clear();
  }
  bench.ingest.reset();
  bench.io.restart();
  bench.io.run_for(200ms);
  CHECK(bench.happened.empty());
}

TEST_CASE("an ingest may be destroyed by the callback it makes") {
  Bench bench;
  bench.ingest->try_submit({"rig1", {good("evt_a", at(0), 1)}}, false, true, [&](const std::vector<AppendResult>&) {
    bench.happened.push_back("answered");
    bench.ingest.reset();
  });
  REQUIRE(bench.run_until_happened(2));
  CHECK(bench.happened == Strings{"commit 1", "answered"});
}

TEST_CASE("many senders at once: every reading is stored, broadcast and acknowledged once") {
  Bench bench;
  constexpr int senders = 20, rounds = 50, size = 7;
  int acknowledged = 0;
  std::function<void(int, int)> send = [&](int sender, int round) {
    if (round == rounds) return;
    IncomingBatch batch{"rig" + std::to_string(sender), {}};
    for (int i = 0; i < size; ++i) {
      batch.readings.push_back(good("evt_" + std::to_string(sender), at(round * size + i), round));
    }
    REQUIRE(bench.ingest->try_submit(std::move(batch), false, true,
                                     [&, sender, round](const std::vector<AppendResult>& results) {
                                       for (const auto& result : results) {
                                         acknowledged += result.outcome == Outcome::stored ? 1 : 0;
                                       }
                                       send(sender, round + 1);
                                     }));
  };
  for (int sender = 0; sender < senders; ++sender) send(sender, 0);
  REQUIRE(bench.run_until([&] { return acknowledged == senders * rounds * size; }));
  CHECK(bench.points.size() == static_cast<std::size_t>(acknowledged));
  auto store = bench.open();
  for (int sender = 0; sender < senders; ++sender) {
    CHECK(everything(*store, "evt_" + std::to_string(sender)).size() == rounds * size);
  }
  CHECK(bench.ingest->counters().transactions < senders * rounds);
  CHECK(std::chrono::steady_clock::now() - bench.ingest->last_turn() < 5s);
}

TEST_CASE("a hub that never gets to the end of its retention goes on storing, counts, and stops at once") {
  Bench bench;
  bench.control.retention = {7, true, false, 4096};
  bench.ingest->housekeeping().set_rules({std::chrono::hours(24), 0});
  const auto steps = [&] {
    const std::lock_guard<std::mutex> lock(bench.control.mutex);
    return bench.control.retention_steps;
  };
  bench.ingest->maintain();
  REQUIRE(bench.run_until([&] { return steps() >= 5; }));  // by itself, after the first
  for (int i = 0; i < 10; ++i) bench.submit_many("batch " + std::to_string(i), 3);
  REQUIRE(bench.run_until([&] { return bench.answers.size() == 10; }));
  REQUIRE(bench.run_until([&] { return bench.ingest->housekeeping().counters().removed >= 7 * 10; }));
  CHECK(bench.ingest->housekeeping().counters().bytes == 4096);
  bench.ingest->drain(10s, [&] { bench.happened.push_back("drained"); });
  REQUIRE(bench.run_until([&] { return bench.happened.back() == "drained"; }));
  const auto started = std::chrono::steady_clock::now();
  bench.io.restart();
  bench.io.run_for(10s);  // until nothing is left to do
  CHECK(std::chrono::steady_clock::now() - started < 9s);
}

TEST_CASE("a size that cannot be held is known until it can") {
  Bench bench;
  bench.control.retention = {1, false, true, 100};
  bench.ingest->housekeeping().set_rules({{}, 10});
  bench.ingest->maintain();
  REQUIRE(bench.run_until([&] { return bench.ingest->housekeeping().counters().too_large; }));
  bench.ingest->housekeeping().set_rules({{}, 1000});
  {
    const std::lock_guard<std::mutex> lock(bench.control.mutex);
    bench.control.retention = {0, false, false, 90};
  }
  bench.ingest->maintain();
  REQUIRE(bench.run_until([&] { return !bench.ingest->housekeeping().counters().too_large; }));
  CHECK(bench.ingest->housekeeping().counters().bytes == 90);
  CHECK(bench.ingest->healthy());
}
