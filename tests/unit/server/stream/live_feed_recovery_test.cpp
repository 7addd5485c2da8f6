// What who was away or fell behind gets of the live feed.

#include "live_feed_bench.h"

using namespace webmacs;
using nlohmann::json;
using std::chrono::milliseconds;

TEST_CASE("a client that comes back with its cursor gets what it missed, once, in order") {
  FeedBench bench;
  bench.feed.publish({point("a", 1)});
  const auto first = payloads(*bench.feed.welcome(batch()));
  bench.feed.publish({point("a", 2), point("b", 3)});
  bench.feed.publish({point("a", 4)});
  auto again = batch();
  again.since = parse_cursor(first[0]["cursor"].get<std::string>());
  const auto frames = greet(bench.feed, again);
  REQUIRE(frames.size() == 2);
  CHECK(frames[0]["recovered"] == true);
  CHECK(frames[0]["latest"].empty());
  std::vector<double> values;
  for (const auto& datapoint : frames[1]["datapoints"]) values.push_back(datapoint["value"]);
  CHECK(values == std::vector<double>{2, 3, 4});

  SUBCASE("and nothing more from where it is now") {
    again.since = parse_cursor(frames[1]["cursor"].get<std::string>());
    CHECK(greet(bench.feed, again).size() == 1);
  }
}

TEST_CASE("however much was missed, it comes in parts that fit, each with the cursor it reaches") {
  FeedBench bench(milliseconds(20), 8 << 20);
  auto again = batch({"a"});
  again.since = parse_cursor(payloads(*bench.feed.welcome(again))[0]["cursor"].get<std::string>());
  constexpr int count = 10000;
  for (int i = 0; i < count; ++i) bench.feed.publish({point("a", i), point("b", i)});
  bench.feed.publish({point("a", count, true)});
  bench.io.run_for(milliseconds(50));
  const auto frames = greet(bench.feed, again, 64 << 10);
  CHECK(frames.size() > 20);
  int next = 0;
  std::uint64_t covered = 0;
  for (const auto& frame : frames) {
    const auto cursor = parse_cursor(frame["cursor"].get<std::string>())->number;
    CHECK(cursor >= covered);
    covered = cursor;
    if (frame["type"] != "datapoints_batch") continue;
    for (const auto& datapoint : frame["datapoints"]) {
      if (datapoint["value"] != next++) FAIL("not " << next - 1 << " but " << datapoint.dump());
    }
    CHECK(covered >= static_cast<std::uint64_t>(2 * next - 1));  // of every second entry
    CHECK(covered <= static_cast<std::uint64_t>(2 * next + 1));
  }
  CHECK(next == count);
  CHECK(frames.back()["type"] == "backfilled");
}

TEST_CASE("a ring that moves on under a replay is said to have") {
  FeedBench bench(milliseconds(20), 1 << 20);
  auto position = bench.feed.position();
  for (int i = 0; i < 10000; ++i) bench.feed.publish({point("a", i)});
  CHECK_FALSE(bench.feed.replay(batch(), position, 64 << 10));
  const auto frames = payloads(*bench.feed.catch_up(batch(), position));
  REQUIRE(frames.size() == 1);
  CHECK(frames[0]["skipped"] == 9999);
  CHECK(frames[0]["datapoints"].size() == 1);
  CHECK(frames[0]["datapoints"][0]["value"] == 9999);
}

TEST_CASE("a cursor of another run, of the future or beyond the ring recovers nothing, and says so") {
  FeedBench bench(milliseconds(20), 4096);
  bench.feed.publish({point("a", 1)});
  const auto cursor = parse_cursor(payloads(*bench.feed.welcome(batch()))[0]["cursor"].get<std::string>());
  auto again = batch();
  SUBCASE("another run") {
    again.since = FeedCursor{"other", cursor->number};
  }
  SUBCASE("the future") {
    again.since = FeedCursor{cursor->epoch, cursor->number + 1};
  }
  SUBCASE("beyond the ring") {
    again.since = cursor;
    for (int i = 0; i < 100; ++i) bench.feed.publish({point("a", i)});
  }
  const auto frames = greet(bench.feed, again);
  REQUIRE(frames.size() == 1);
  CHECK(frames[0]["recovered"] == false);
  CHECK(frames[0]["latest"].size() == 1);
}

TEST_CASE("who fell behind gets the latest value per event and the number of those left out") {
  FeedBench bench;
  bench.feed.publish({point("a", 1)});
  const auto position = bench.feed.position();
  for (int i = 0; i < 10; ++i) bench.feed.publish({point("a", 10 + i), point("b", 20 + i)});
  const auto frames = payloads(*bench.feed.catch_up(batch(), position));
  REQUIRE(frames.size() == 1);
  CHECK(frames[0]["skipped"] == 18);
  REQUIRE(frames[0]["datapoints"].size() == 2);
  CHECK(frames[0]["datapoints"][0]["value"] == 19);
  CHECK(frames[0]["datapoints"][1]["value"] == 29);
}

TEST_CASE("who fell behind gets each controller's newest status, and no cursor before what it covers") {
  FeedBench bench;
  bench.feed.publish({point("a", 1)});
  ControllerState rig1, rig2;
  rig1.name = "rig1";
  rig2.name = "rig2";
  bench.feed.announce(rig2);
  const auto position = bench.feed.position();
  rig1.online = true;
  bench.feed.announce(rig1);
  bench.feed.publish({point("a", 2)});
  bench.feed.publish({point("b", 1, true)});
  bench.io.run_for(milliseconds(50));
  rig1.online = false;
  bench.feed.announce(rig1);
  const auto frames = payloads(*bench.feed.catch_up(batch(), position));
  REQUIRE(frames.size() == 3);
  CHECK(frames[0]["type"] == "backfilled");
  CHECK(parse_cursor(frames[0]["cursor"].get<std::string>())->number == position.number);
  CHECK(frames[1]["datapoints"][0]["value"] == 2);
  CHECK(frames[2]["name"] == "rig1");
  CHECK(frames[2]["online"] == false);
}

TEST_CASE("backlog is told as ranges, at most once a second, and replayed as such") {
  FeedBench bench;
  const auto client = bench.subscribe(batch());
  const auto elsewhere = bench.subscribe(batch({"other"}));
  auto cursor = parse_cursor(payloads(*bench.feed.welcome(batch()))[0]["cursor"].get<std::string>());
  const auto first = point("a", 1, true), last = point("b", 2, true);
  bench.feed.publish({first});
  bench.feed.publish({last});
  bench.io.run_for(milliseconds(50));
  REQUIRE(client->heard.size() == 1);
  CHECK(elsewhere->heard.empty());
  CHECK(client->heard[0]["type"] == "backfilled");
  CHECK(client->heard[0]["event_public_ids"] == json({"a", "b"}));
  CHECK(client->heard[0]["from"] == format_timestamp(first.datapoint.reading.time));
  CHECK(client->heard[0]["to"] == format_timestamp(last.datapoint.reading.time));
  bench.feed.publish({point("a", 3, true)});
  bench.io.restart();
  bench.io.run_for(milliseconds(200));
  CHECK(client->heard.size() == 1);

  auto again = batch();
  again.since = cursor;
  const auto frames = greet(bench.feed, again);
  REQUIRE(frames.size() == 2);
  CHECK(frames[1]["type"] == "backfilled");
}
