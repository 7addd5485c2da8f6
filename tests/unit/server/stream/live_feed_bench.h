#pragma once
// A live feed with subscribers that keep what they hear.

#include "common/timestamp.h"
#include "server/stream/live_feed.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace webmacs {

// Text frames of a server, as RFC 6455 section 5.2 lays them out.
inline std::vector<nlohmann::json> payloads(const std::string& frames) {
  std::vector<nlohmann::json> result;
  for (std::size_t at = 0; at < frames.size();) {
    REQUIRE(static_cast<unsigned char>(frames[at]) == 0x81);
    std::size_t size = static_cast<unsigned char>(frames[at + 1]);
    at += 2;
    const int more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (more > 0) size = 0;
    for (int i = 0; i < more; ++i) size = size << 8 | static_cast<unsigned char>(frames[at++]);
    result.push_back(nlohmann::json::parse(frames.substr(at, size)));
    at += size;
  }
  return result;
}

struct FeedClient : Subscriber {
  std::vector<nlohmann::json> heard;
  int deliveries = 0;
  void deliver(const SharedFrame& frames) override {
    ++deliveries;
    for (auto& payload : payloads(*frames)) heard.push_back(std::move(payload));
  }
};

struct FeedBench {
  boost::asio::io_context io;
  ConnectionManager connections;
  LiveFeed feed;
  explicit FeedBench(std::chrono::milliseconds interval = std::chrono::milliseconds(20), std::size_t history = 1 << 20)
      : feed(io, connections, interval, history) {}

  std::shared_ptr<FeedClient> subscribe(const Subscription& subscription) {
    auto client = std::make_shared<FeedClient>();
    feed.subscribe(subscription, client);
    return client;
  }
};

// All that a client hears that comes (back) with this subscription.
inline std::vector<nlohmann::json> greet(LiveFeed& feed, const Subscription& subscription,
                                         std::size_t limit = 1 << 20) {
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

inline LiveFeed::Point point(const std::string& event, std::optional<double> value, bool backlog = false) {
  static int serial = 0;
  const Timestamp time = from_microseconds(to_microseconds(utc_now()) + ++serial);
  return {{"dp_" + std::to_string(serial), {event, time, value, value ? "" : "timeout"}, std::nullopt}, backlog};
}

inline Subscription batch(std::vector<std::string> events = {}) {
  return {StreamFormat::batch, EventFilter(std::move(events)), std::nullopt};
}

}  // namespace webmacs
