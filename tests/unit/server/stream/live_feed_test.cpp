#include "live_feed_bench.h"

using namespace webmacs;
using std::chrono::milliseconds;

namespace {

// One of many: it keeps only what it needs to tell what came.
struct Listener : Subscriber {
  std::string frames;
  int deliveries = 0;
  void deliver(const SharedFrame& more) override {
    ++deliveries;
    frames += *more;
  }
};

}  // namespace

TEST_CASE("the default format is one frame per good datapoint, with exactly the seed's members") {
  FeedBench bench;
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
  FeedBench bench;
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
  FeedBench bench;
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
  FeedBench bench;
  const auto single = bench.subscribe({StreamFormat::single, EventFilter({"b"}), std::nullopt});
  const auto batched = bench.subscribe(batch({"b", "c"}));
  bench.feed.publish({point("a", 1), point("b", 2), point("c", 3)});
  REQUIRE(single->heard.size() == 1);
  CHECK(single->heard[0]["event_public_id"] == "b");
  REQUIRE(batched->heard.size() == 1);
  CHECK(batched->heard[0]["datapoints"].size() == 2);
}

TEST_CASE("a batch carries bad datapoints with their reason") {
  FeedBench bench;
  const auto client = bench.subscribe(batch());
  bench.feed.publish({point("a", std::nullopt)});
  REQUIRE(client->heard.size() == 1);
  CHECK(client->heard[0]["datapoints"][0]["quality"] == "bad");
  CHECK(client->heard[0]["datapoints"][0]["reason"] == "timeout");
}

TEST_CASE("a lone datapoint leaves at once, those right behind it together") {
  FeedBench bench;
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
  FeedBench bench;
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
  FeedBench bench;
  bench.feed.publish({point("a", 1), point("a", 2), point("b", 5, true)});
  const auto frames = payloads(*bench.feed.welcome(batch()));
  REQUIRE(frames.size() == 1);
  CHECK(frames[0]["type"] == "connected");
  CHECK(frames[0]["recovered"] == false);
  REQUIRE(frames[0]["latest"].size() == 2);
  CHECK(frames[0]["latest"][0]["value"] == 2);
  CHECK(frames[0]["latest"][1]["value"] == 5);
}

TEST_CASE("a newcomer does not get twice what was waiting for the others") {
  FeedBench bench;
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

TEST_CASE("a controller's status reaches batch clients only") {
  FeedBench bench;
  const auto single = bench.subscribe({});
  const auto batched = bench.subscribe(batch({"x"}));
  ControllerState state;
  state.name = "rig1";
  bench.feed.announce(state);
  CHECK(single->heard.empty());
  REQUIRE(batched->heard.size() == 1);
  CHECK(batched->heard[0]["type"] == "status");
}
