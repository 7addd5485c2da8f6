#include "server/stream/live_feed.h"

#include "common/timestamp.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace webmacs;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Text frames of a server, as RFC 6455 section 5.2 lays them out.
std::vector<json> payloads(const std::string& frames) {
  std::vector<json> result;
  for (std::size_t at = 0; at < frames.size();) {
    REQUIRE(static_cast<unsigned char>(frames[at]) == 0x81);
    std::size_t size = static_cast<unsigned char>(frames[at + 1]);
    at += 2;
    const int more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (more > 0) size = 0;
    for (int i = 0; i < more; ++i) size = size << 8 | static_cast<unsigned char>(frames[at++]);
    result.push_back(json::parse(frames.substr(at, size)));
    at += size;
  }
  return result;
}

struct Client : Subscriber {
  std::vector<json> heard;
  int deliveries = 0;
  void deliver(const SharedFrame& frames) override {
    ++deliveries;
    for (auto& payload : payloads(*frames)) heard.push_back(std::move(payload));
  }
};

// One of many: it keeps only what it needs to tell what came.
struct Listener : Subscriber {
  std::string frames;
  int deliveries = 0;
  void deliver(const SharedFrame& more) override {
    ++deliveries;
    frames += *more;
  }
};

struct Bench {
  boost::asio::io_context io;
  ConnectionManager connections;
  LiveFeed feed;
  explicit Bench(milliseconds interval = milliseconds(20), std::size_t history = 1 << 20)
      : feed(io, connections, interval, history) {}

  std::shared_ptr<Client> subscribe(const Subscription& subscription) {
    auto client = std::make_shared<Client>();
    feed.subscribe(subscription, client);
    return client;
  }
};

// All that a client hears that comes (back) with this subscription.
std::vector<json> greet(LiveFeed& feed, const Subscription& subscription, std::size_t limit = 1 << 20) {
  auto frames = payloads(*feed.welcome(subscription));
  if (!feed.recovers(subscription)) return frames;
  auto position = feed.position();
  position.number = subscription.since->number;
  do {
    const auto missed = feed.replay(subscription, position, limit);
    REQUIRE(missed);
    CHECK(missed->frames->size() <= limit);
    for (auto& payload : payloads(*missed->frames)) frames.push_back(std::move(payload));
    position = missed->reached;
  } while (position.number < feed.position().number);
  return frames;
}

int serial = 0;

LiveFeed::Point point(const std::string& event, std::optional<double> value, bool backlog = false) {
  const Timestamp time = from_microseconds(to_microseconds(utc_now()) + ++serial);
  return {{"dp_" + std::to_string(serial), {event, time, value, value ? "" : "timeout"}, std::nullopt}, backlog};
}

Subscription batch(std::vector<std::string> events = {}) {
  return {StreamFormat::batch, EventFilter(std::move(events)), std::nullopt};
}

}  // namespace

TEST_CASE("the default format is one frame per good datapoint, with exactly the seed's members") {
  Bench bench;
  const auto client = bench.subscribe({});
  bench.feed.publish({point("a", 1), point("b", std::nullopt), point("c", 3, true), point("d", 4)});
  REQUIRE(client->heard.size() == 2);
  CHECK(client->deliveries == 1);
  CHECK(client->heard[0]["event_public_id"] == "a");
  CHECK(client->heard[1]["event_public_id"] == "d");
  CHECK(client->heard[0].size() == 5);
  CHECK(client->heard[0]["experiment_public_id"].is_null());
}

TEST_CASE("with many subscribers a lone datapoint leaves at once, and those that follow closely leave together") {
  constexpr int count = 500;
  Bench bench;
  std::vector<std::shared_ptr<Listener>> listeners;
  for (int i = 0; i < 100; ++i) {
    listeners.push_back(std::make_shared<Listener>());
    bench.feed.subscribe({}, listeners.back());
  }
  bench.feed.publish({point("a", 0)});
  CHECK(listeners.front()->deliveries == 1);
  for (int i = 1; i < count; ++i) bench.feed.publish({point("a", i)});
  bench.io.run_for(milliseconds(100));
  CHECK(listeners.front()->deliveries < count);
  const auto frames = payloads(listeners.front()->frames);
  REQUIRE(frames.size() == count);
  for (int i = 0; i < count; ++i) REQUIRE(frames[static_cast<std::size_t>(i)]["value"] == i);
  CHECK(listeners.back()->frames == listeners.front()->frames);
}

TEST_CASE("who subscribes gets nothing that was stored before, even when it waits for company") {
  Bench bench;
  std::vector<std::shared_ptr<Listener>> listeners(50);
  for (auto& listener : listeners) bench.feed.subscribe({}, listener = std::make_shared<Listener>());
  for (int i = 0; i < 10; ++i) bench.feed.publish({point("a", i)});
  const auto late = std::make_shared<Listener>();
  bench.feed.subscribe({}, late);
  CHECK(payloads(listeners.front()->frames).size() == 10);
  bench.io.run_for(milliseconds(20));
  CHECK(late->deliveries == 0);
}

TEST_CASE("events= leaves the others out, in both formats") {
  Bench bench;
  const auto single = bench.subscribe({StreamFormat::single, EventFilter({"b"}), std::nullopt});
  const auto batched = bench.subscribe(batch({"b", "c"}));
  bench.feed.publish({point("a", 1), point("b", 2), point("c", 3)});
  REQUIRE(single->heard.size() == 1);
  CHECK(single->heard[0]["event_public_id"] == "b");
  REQUIRE(batched->heard.size() == 1);
  CHECK(batched->heard[0]["datapoints"].size() == 2);
}

TEST_CASE("a batch carries bad datapoints with their reason") {
  Bench bench;
  const auto client = bench.subscribe(batch());
  bench.feed.publish({point("a", std::nullopt)});
  REQUIRE(client->heard.size() == 1);
  CHECK(client->heard[0]["datapoints"][0]["quality"] == "bad");
  CHECK(client->heard[0]["datapoints"][0]["reason"] == "timeout");
}

TEST_CASE("a lone datapoint leaves at once, those right behind it together") {
  Bench bench;
  const auto client = bench.subscribe(batch());
  bench.feed.publish({point("a", 1)});
  CHECK(client->deliveries == 1);
  bench.feed.publish({point("a", 2)});
  bench.feed.publish({point("a", 3)});
  CHECK(client->deliveries == 1);
  bench.io.run_for(milliseconds(200));
  REQUIRE(client->deliveries == 2);
  CHECK(client->heard[1]["datapoints"].size() == 2);
}

TEST_CASE("a flood leaves in envelopes of bounded size, none of which covers what it does not hold") {
  Bench bench;
  const auto client = bench.subscribe(batch());
  std::vector<LiveFeed::Point> flood;
  for (int i = 0; i < 3000; ++i) flood.push_back(point("a", i));
  bench.feed.publish(flood);
  bench.io.run_for(milliseconds(100));
  std::size_t seen = 0;
  for (const auto& envelope : client->heard) {
    CHECK(envelope["datapoints"].size() < 1000);
    seen += envelope["datapoints"].size();
    CHECK(parse_cursor(envelope["cursor"].get<std::string>())->number == seen);
  }
  CHECK(seen == 3000);
  CHECK(client->heard.size() > 3);
}

TEST_CASE("welcome has the latest value of each event") {
  Bench bench;
  bench.feed.publish({point("a", 1), point("a", 2), point("b", 5, true)});
  const auto frames = payloads(*bench.feed.welcome(batch()));
  REQUIRE(frames.size() == 1);
  CHECK(frames[0]["type"] == "connected");
  CHECK(frames[0]["recovered"] == false);
  REQUIRE(frames[0]["latest"].size() == 2);
  CHECK(frames[0]["latest"][0]["value"] == 2);
  CHECK(frames[0]["latest"][1]["value"] == 5);
}

TEST_CASE("a client that comes back with its cursor gets what it missed, once, in order") {
  Bench bench;
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
  Bench bench(milliseconds(20), 8 << 20);
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
  Bench bench(milliseconds(20), 1 << 20);
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
  Bench bench(milliseconds(20), 4096);
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

TEST_CASE("a newcomer does not get twice what was waiting for the others") {
  Bench bench;
  const auto old = bench.subscribe(batch());
  bench.feed.publish({point("a", 1)});
  bench.feed.publish({point("a", 2)});  // waits for the interval
  const auto frames = payloads(*bench.feed.welcome(batch()));
  const auto fresh = bench.subscribe(batch());
  bench.io.run_for(milliseconds(100));
  CHECK(frames[0]["latest"][0]["value"] == 2);
  CHECK(fresh->heard.empty());
  CHECK(old->heard.size() == 2);
}

TEST_CASE("who fell behind gets the latest value per event and the number of those left out") {
  Bench bench;
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
  Bench bench;
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
  Bench bench;
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

TEST_CASE("a controller's status reaches batch clients only") {
  Bench bench;
  const auto single = bench.subscribe({});
  const auto batched = bench.subscribe(batch({"x"}));
  ControllerState state;
  state.name = "rig1";
  bench.feed.announce(state);
  CHECK(single->heard.empty());
  REQUIRE(batched->heard.size() == 1);
  CHECK(batched->heard[0]["type"] == "status");
}
