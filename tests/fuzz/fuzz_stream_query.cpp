// The query of /ws/datapoints/stream, from the request's target to the first frames that come of it: whatever stands
// there, only what was asked for comes, in whole frames that fit, and a cursor recovers only what it may.

#include "common/feed_messages.h"
#include "common/timestamp.h"
#include "property.h"
#include "server/net/stream_query.h"

#include <boost/asio/io_context.hpp>

#include <cstdint>

using namespace webmacs;

namespace {

constexpr std::size_t limit = 64 * 1024;
constexpr int entries = 40;

// A feed with some history: good and bad points of a few events, and backlog.
struct Feed {
  boost::asio::io_context io;
  ConnectionManager connections;
  LiveFeed feed{io, connections, std::chrono::milliseconds(50), 1024 * 1024};

  Feed() {
    for (int i = 0; i < entries; ++i) {
      const Timestamp time = from_microseconds(1736951530000000 + i);
      const std::string event = "evt_" + std::string(1, static_cast<char>('a' + i % 5));
      feed.publish({{{"dp_" + std::to_string(i), {event, time, i * 0.5, ""}, std::nullopt}, false}});
    }
  }
};

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

void check_frames(const std::string& frames, const EventFilter& filter) {
  WEBMACS_PROPERTY(frames.size() <= limit);
  for (char name = 'a'; name <= 'e'; ++name) {
    const std::string event = "evt_" + std::string(1, name);
    if (!filter.matches(event)) WEBMACS_PROPERTY(count(frames, "\"" + event + "\"") == 0);
  }
}

void check_greeting(Feed& bench, const Subscription& subscription) {
  auto& feed = bench.feed;
  const auto welcome = feed.welcome(subscription);
  check_frames(*welcome, subscription.filter);
  if (!feed.recovers(subscription)) {
    WEBMACS_PROPERTY(welcome->find("\"recovered\":false") != std::string::npos);
    return;
  }
  WEBMACS_PROPERTY(subscription.since->number <= entries);
  WEBMACS_PROPERTY(welcome->find("\"recovered\":true") != std::string::npos);
  auto position = feed.position();
  position.number = subscription.since->number;
  const auto missed = feed.replay(subscription, position, limit);
  WEBMACS_PROPERTY(missed && missed->reached.number == entries);
  check_frames(*missed->frames, subscription.filter);
  if (subscription.filter.key().empty()) {
    WEBMACS_PROPERTY(count(*missed->frames, "\"public_id\"") == entries - subscription.since->number);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Feed bench;
  // The epoch is another in each run: E stands for it in the inputs.
  static const std::string epoch = [] {
    const auto greeting = *bench.feed.welcome({StreamFormat::batch, {}, std::nullopt});
    const auto start = greeting.find("\"cursor\":\"") + 10;
    return greeting.substr(start, greeting.find(':', start) - start);
  }();
  std::string target(reinterpret_cast<const char*>(data), size);
  if (const auto at = target.find("=E:"); at != std::string::npos) target.replace(at + 1, 1, epoch);

  HttpRequest request{{}, {}, {}};
  parse_target(target, request.path, request.query);
  const auto subscription = subscription_of(request);
  const bool batch = request.parameter("format") == "batch";
  WEBMACS_PROPERTY((subscription.format == StreamFormat::batch) == batch);
  WEBMACS_PROPERTY(batch || !subscription.since);
  WEBMACS_PROPERTY(subscription.filter.key().size() <= request.parameter("events").size() + 1);
  if (subscription.since) {
    const auto again = parse_cursor(format_cursor(*subscription.since));
    WEBMACS_PROPERTY(again && again->epoch == subscription.since->epoch && again->number == subscription.since->number);
  }
  if (batch) check_greeting(bench, subscription);
  return 0;
}
