#include "server/stream/publisher.h"

#include "common/timestamp.h"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

using namespace webmacs;

namespace {

constexpr auto stream_interval = std::chrono::milliseconds(50);
constexpr std::size_t history_bytes = 1024 * 1024;

struct Stage {
  boost::asio::io_context io;
  ConnectionManager connections;
  LiveFeed feed{io, connections, stream_interval, history_bytes};
  EventCatalog events;
  Experiments experiments;
  Publisher publisher{feed, events, experiments};
  const Timestamp now = utc_now();

  std::string latest() { return feed.latest().encode(EventFilter(), now); }
  CommittedPoint committed(const std::string& event, double value, const std::string& controller) const {
    return {7, Reading{event, now - std::chrono::seconds(10), value, {}}, false, controller};
  }
};

ExperimentRecord experiment(const std::string& id, const std::string& controller, Timestamp from) {
  ExperimentRecord record;
  record.public_id = id;
  record.name = id;
  record.controllers = std::vector<std::string>{controller};
  record.started_on = from;
  return record;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a committed reading becomes a datapoint with its experiment, and its event has an owner") {
  Stage stage;
  stage.experiments.replace({experiment("exp_a", "rig1", stage.now - std::chrono::minutes(1))});
  std::vector<CommittedPoint> points{stage.committed("evt_a", 1.5, "rig1"), stage.committed("evt_b", 2.5, "rig2")};
  stage.publisher.publish(points);
  const std::string latest = stage.latest();
  CHECK(holds(latest, R"("event_public_id":"evt_a")"));
  CHECK(holds(latest, R"("public_id":"dp_)"));
  const std::size_t second = latest.find("evt_b");
  CHECK(latest.find(R"("experiment_public_id":"exp_a")") < second);
  CHECK(latest.find(R"("experiment_public_id":null)") > second);
  CHECK(stage.events.all().at("evt_a").controller == "rig1");
  CHECK(stage.events.all().at("evt_b").controller == "rig2");
}

TEST_CASE("an experiment that is moved, begins or ends labels the latest values anew") {
  Stage stage;
  std::vector<CommittedPoint> points{stage.committed("evt_a", 1.5, "rig1")};
  stage.publisher.publish(points);
  CHECK(holds(stage.latest(), R"("experiment_public_id":null)"));
  stage.experiments.replace({experiment("exp_a", "rig1", stage.now - std::chrono::minutes(1))});
  CHECK(holds(stage.latest(), R"("experiment_public_id":"exp_a")"));
  stage.experiments.replace({experiment("exp_a", "rig1", stage.now - std::chrono::seconds(5))});
  CHECK(holds(stage.latest(), R"("experiment_public_id":null)"));
}

TEST_CASE("what the store has as the latest is labelled at start") {
  Stage stage;
  EventRecord event;
  event.key = 7;
  event.controller = "rig1";
  event.description.event_public_id = "evt_a";
  stage.events.load({event});
  stage.experiments.replace({experiment("exp_a", "rig1", stage.now - std::chrono::minutes(1))});
  stage.publisher.preload({{7, Reading{"evt_a", stage.now - std::chrono::seconds(10), 1.5, {}}}});
  CHECK(holds(stage.latest(), R"("experiment_public_id":"exp_a")"));
}
