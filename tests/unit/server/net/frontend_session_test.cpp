#include "server/net/frontend_session.h"

#include "unit/capture_stderr.h"
#include "unit/common/websocket/peers.h"
#include "unit/server/stream/live_feed_bench.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace webmacs;
using namespace webmacs::test;
using nlohmann::json;

namespace {

struct Hub {
  Loop loop;
  ConnectionManager connections;
  LiveFeed feed{loop.io, connections, 1ms, 1 << 20};
  SessionSet sessions;

  // `count` readings of one event, as one commit brings them.
  void publish(int count) {
    std::vector<LiveFeed::Point> points;
    for (int i = 0; i < count; ++i) points.push_back(point("evt_a", ++last));
    feed.publish(points);
  }
  // The same, gone out to whoever is there.
  void broadcast(int count) {
    const auto frames = feed.counters().frames;
    publish(count);
    REQUIRE(loop.until([&] { return feed.counters().frames > frames; }));
  }
  int last = 0;
};

struct Frontend : Peer {
  explicit Frontend(Hub& its_hub, const Subscription& subscription, std::size_t queue_bytes = 1 << 20,
                    int socket_buffer = 0)
      : Peer(its_hub.loop, socket_buffer), hub(its_hub) {
    ConnectionLimits limits;
    limits.queue_bytes = queue_bytes;
    session = std::make_shared<FrontendSession>(hub.feed, hub.sessions, Identity{"anna", Role::viewer, "hash"},
                                                subscription, queue_bytes, "192.0.2.7");
    session->attach(Connection::accept(make_plain_stream(std::move(sockets.ours)), upgrade_request, "", limits,
                                       loop.deadlines, session));
    REQUIRE(loop.until(
        [&] { return hub.connections.subscribers(subscription.topic()) > 0 && sockets.theirs.available() > 0; }));
    read_answer();
  }
  json next() {
    const auto frame = next_frame();
    REQUIRE(frame);
    REQUIRE(frame->first_byte == 0x81);
    return json::parse(frame->payload);
  }

  Hub& hub;
  std::shared_ptr<FrontendSession> session;
};

Subscription single() {
  return {StreamFormat::single, EventFilter(), std::nullopt};
}

constexpr int small_socket = 4096;
constexpr std::size_t small_queue = 128 * 1024;  // the least that client_queue may be
constexpr int flood = 5000;                      // more readings than queue and sockets of that size hold

}  // namespace

TEST_CASE("a batch client is greeted, and then hears what is stored") {
  Hub hub;
  Frontend frontend(hub, batch());
  CHECK(frontend.next()["type"] == "connected");
  hub.publish(3);
  const json heard = frontend.next();
  CHECK(heard["type"] == "datapoints_batch");
  CHECK(heard["datapoints"].size() == 3);
  CHECK(hub.feed.counters().deliveries == 1);
}

TEST_CASE("a client of the default format hears datapoints and nothing else") {
  Hub hub;
  Frontend frontend(hub, single());
  hub.publish(2);
  CHECK(frontend.next()["value"] == 1);
  CHECK(frontend.next()["value"] == 2);
}

TEST_CASE("a ping is answered, and anything else is refused without an end") {
  Hub hub;
  Frontend frontend(hub, single());
  frontend.send(text(R"({"type":"ping"})"));
  CHECK(frontend.next()["type"] == "pong");
  frontend.send(text("nonsense"));
  const json refused = frontend.next();
  CHECK(refused["type"] == "error");
  CHECK(refused["message"].get<std::string>().find("may only send") != std::string::npos);
  frontend.send(text(R"({"type":"ping"})"));
  CHECK(frontend.next()["type"] == "pong");
}

TEST_CASE("a client that comes back hears what it missed, in parts that fit its queue") {
  Hub hub;
  std::string cursor;
  {
    Frontend frontend(hub, batch());
    cursor = frontend.next()["cursor"];
  }
  REQUIRE(hub.loop.until([&] { return hub.sessions.empty(); }));
  constexpr int missed = 2000;
  hub.publish(missed);
  Subscription again = batch();
  again.since = parse_cursor(cursor);
  Frontend frontend(hub, again, small_queue);
  CHECK(frontend.next()["recovered"] == true);
  std::size_t heard = 0;
  while (heard < missed) {
    const json frame = frontend.next();
    REQUIRE_FALSE(frame.contains("skipped"));
    heard += frame["datapoints"].size();
  }
  hub.publish(1);
  CHECK(frontend.next()["datapoints"][0]["value"] == missed + 1);
}

TEST_CASE("a batch client that does not read gets the latest value when it does, and how many it was not sent") {
  Hub hub;
  Frontend frontend(hub, batch(), small_queue, small_socket);
  CHECK(frontend.next()["type"] == "connected");
  // Without reading, until it is behind.
  auto& counters = hub.feed.counters();
  while (counters.deliveries == counters.frames && hub.last < 100'000) hub.broadcast(100);
  hub.broadcast(100);
  std::size_t told = 0;
  json frame;
  do {
    frame = frontend.next();
    told += frame["datapoints"].size();
  } while (!frame.contains("skipped"));
  CHECK(frame["datapoints"].back()["value"] == hub.last);
  CHECK(told + frame["skipped"].get<std::size_t>() == static_cast<std::size_t>(hub.last));
  // And hears all from then on.
  hub.publish(1);
  CHECK(frontend.next()["datapoints"][0]["value"] == hub.last);
}

TEST_CASE("a client of the default format that does not read is closed with 1013 and counted") {
  Hub hub;
  Frontend frontend(hub, single(), small_queue, small_socket);
  CaptureStderr log;
  hub.publish(flood);
  REQUIRE(hub.loop.until([&] { return hub.feed.counters().too_slow == 1; }));
  CHECK(log.take().find("frontend anna at 192.0.2.7 is too slow for the stream") != std::string::npos);
  std::optional<Frame> frame;
  do frame = frontend.next_frame();
  while (frame && frame->first_byte == 0x81);
  REQUIRE(frame);
  CHECK(frame->code() == 1013);
}

TEST_CASE("a client that has gone is no longer served") {
  Hub hub;
  Frontend frontend(hub, single());
  CHECK(hub.sessions.size() == 1);
  frontend.sockets.theirs.close();
  REQUIRE(hub.loop.until([&] { return hub.sessions.empty(); }));
  CHECK(frontend.session.use_count() == 1);  // neither the feed nor the connection has it
  CHECK(hub.sessions.close_codes().all() == std::map<std::uint16_t, std::uint64_t>{{1006, 1}});
}
