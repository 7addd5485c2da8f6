#include "agent/poller.h"

#include "agent_test_tools.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace webmacs;
using namespace webmacs::agent_tests;

namespace {

using Clock = std::chrono::steady_clock;

// A poller on fake units, and what it reported.
struct Bench {
  std::shared_ptr<FakeUnit> add(const std::string& device,
                                const std::vector<std::pair<std::string, Clock::duration>>& with) {
    auto unit = std::make_shared<FakeUnit>();
    line.devices.push_back(std::make_unique<FakeDevice>(device, unit));
    for (const auto& [id, interval] : with) {
      events.push_back(event_of(device, id, std::chrono::duration_cast<std::chrono::microseconds>(interval)));
    }
    return unit;
  }
  void start() {
    line.name = "tcp fake:502";
    poller = std::make_unique<Poller>(std::move(line), events,
                                      PollerSink{[this](std::vector<Reading> turn) {
                                                   const std::lock_guard<std::mutex> lock(mutex);
                                                   turns.push_back(std::move(turn));
                                                 },
                                                 [this](const DeviceStatus& status) {
                                                   const std::lock_guard<std::mutex> lock(mutex);
                                                   states.push_back(status);
                                                 }});
  }
  std::vector<Reading> readings(const std::string& id = "") {
    const std::lock_guard<std::mutex> lock(mutex);
    std::vector<Reading> found;
    for (const auto& turn : turns) {
      for (const Reading& reading : turn) {
        if (id.empty() || reading.event_public_id == id) found.push_back(reading);
      }
    }
    return found;
  }
  std::vector<DeviceStatus> device_states() {
    const std::lock_guard<std::mutex> lock(mutex);
    return states;
  }

  Line line;
  std::vector<EventSettings> events;
  std::mutex mutex;
  std::vector<std::vector<Reading>> turns;
  std::vector<DeviceStatus> states;
  std::unique_ptr<Poller> poller;  // last: stops before the rest goes
};

}  // namespace

TEST_CASE("events of a device that are due together are read in one poll and reported in one turn") {
  Bench bench;
  const auto unit = bench.add("plc", {{"evt_a", 200ms}, {"evt_b", 200ms}, {"evt_c", 400ms}});
  bench.start();
  REQUIRE(eventually([&] { return unit->poll_count() >= 4; }));
  bench.poller->stop();
  const auto polls = unit->polls();
  CHECK(polls[0] == std::vector<std::string>{"evt_a", "evt_b", "evt_c"});
  CHECK(polls[1] == std::vector<std::string>{"evt_a", "evt_b"});
  CHECK(polls[2] == std::vector<std::string>{"evt_a", "evt_b", "evt_c"});
  CHECK(bench.turns[0].size() == 3);
  CHECK(bench.turns[1].size() == 2);
}

TEST_CASE("the schedule is absolute: polling time does not add up") {
  Bench bench;
  const auto unit = bench.add("plc", {{"evt_a", 20ms}});
  unit->poll_takes_ms = 8;
  const auto start = Clock::now();
  bench.start();
  REQUIRE(eventually([&] { return unit->poll_count() >= 26; }));
  const auto took = Clock::now() - start;
  bench.poller->stop();
  CHECK(took >= 495ms);  // 25 periods; with the polling time added it would be 700 ms
  CHECK(took < 640ms);
}

TEST_CASE("a device slower than its interval misses cycles, which are counted, and never gets a burst") {
  Bench bench;
  const auto unit = bench.add("plc", {{"evt_a", 20ms}});
  bench.start();
  REQUIRE(eventually([&] { return unit->poll_count() >= 2; }));
  unit->poll_takes_ms = 110;
  REQUIRE(eventually([&] { return bench.poller->missed_cycles() >= 4; }));
  unit->poll_takes_ms = 0;
  const std::size_t polled = unit->poll_count();
  const auto resumed = Clock::now();
  REQUIRE(eventually([&] { return unit->poll_count() >= polled + 6; }));
  CHECK(Clock::now() - resumed >= 90ms);  // six polls a period apart, the first perhaps at once
  bench.poller->stop();
}

TEST_CASE("a slow device does not starve its neighbour on the same line") {
  Bench bench;
  const auto slow = bench.add("slow", {{"evt_s", 10ms}});
  const auto quick = bench.add("quick", {{"evt_q", 10ms}});
  slow->poll_takes_ms = 30;
  bench.start();
  REQUIRE(eventually([&] { return slow->poll_count() >= 5; }));
  bench.poller->stop();
  CHECK(quick->poll_count() + 1 >= slow->poll_count());
}

TEST_CASE("a device that goes away yields one bad reading per event, and one good one when it returns") {
  Bench bench;
  const auto unit = bench.add("plc", {{"evt_a", 10ms}});
  bench.start();
  REQUIRE(eventually([&] { return bench.readings().size() >= 3; }));
  unit->offline = true;
  unit->answer_bad("timeout");
  REQUIRE(eventually([&] { return !bench.readings().back().good(); }));
  const std::size_t polled = unit->poll_count();
  REQUIRE(eventually([&] { return unit->poll_count() > polled + 5; }));
  unit->offline = false;
  unit->answer_value(2);
  REQUIRE(eventually([&] { return bench.readings().back().good(); }));
  bench.poller->stop();
  const auto readings = bench.readings();
  CHECK(std::count_if(readings.begin(), readings.end(), [](const Reading& r) { return !r.good(); }) == 1);
  const auto states = bench.device_states();
  REQUIRE(states.size() == 3);
  CHECK(states[0].online);
  CHECK_FALSE(states[1].online);
  CHECK(states[1].error == "timeout");
  CHECK(states[2].online);
}

TEST_CASE("report_all makes the next poll of each event a reading, whatever its deadband or badness") {
  Bench bench;
  const auto steady = bench.add("steady", {{"evt_steady", 10ms}});
  const auto broken = bench.add("broken", {{"evt_broken", 10ms}});
  bench.events[0].deadband = 100;
  broken->answer_bad("exception 2");
  bench.start();
  REQUIRE(eventually([&] { return steady->poll_count() > 5 && broken->poll_count() > 5; }));
  CHECK(bench.readings("evt_steady").size() == 1);
  CHECK(bench.readings("evt_broken").size() == 1);
  bench.poller->report_all();
  REQUIRE(eventually([&] { return bench.readings().size() == 4; }));
  const std::size_t polled = broken->poll_count();
  REQUIRE(eventually([&] { return broken->poll_count() > polled + 5; }));
  bench.poller->stop();
  CHECK(bench.readings("evt_steady").size() == 2);
  CHECK(bench.readings("evt_broken").size() == 2);
}

TEST_CASE("time stamps of an event strictly increase though the device's clock stands still") {
  Bench bench;
  const auto unit = bench.add("plc", {{"evt_a", 10ms}});
  unit->answer_with([](const EventSettings&) { return PolledValue{time_of(1), 1.0, "", {}}; });
  bench.start();
  REQUIRE(eventually([&] { return bench.readings().size() >= 4; }));
  bench.poller->stop();
  const auto readings = bench.readings();
  for (std::size_t i = 1; i < readings.size(); ++i) CHECK(readings[i].time > readings[i - 1].time);
}

TEST_CASE("an update in operation: what did not change goes on in its rhythm, the rest is replaced, added or gone") {
  Bench bench;
  const auto kept = bench.add("kept", {{"evt_a", 50ms}, {"evt_b", 50ms}});
  const auto changed = bench.add("changed", {{"evt_c", 50ms}});
  const auto gone = bench.add("gone", {{"evt_d", 50ms}});
  bench.events[0].deadband = 100;  // reported once: what was reported is not forgotten
  bench.start();
  REQUIRE(eventually([&] { return kept->poll_count() >= 3 && gone->poll_count() >= 3; }));

  RigSettings part;
  const auto fresh = std::make_shared<FakeUnit>();
  const auto added = std::make_shared<FakeUnit>();
  for (const char* name : {"added", "kept", "changed"}) {
    part.devices.emplace_back();
    part.devices.back().name = name;
  }
  part.events = {bench.events[0], bench.events[1], event_of("kept", "evt_new", 50ms),
                 event_of("changed", "evt_c", 50ms), event_of("added", "evt_e", 50ms)};
  std::vector<std::unique_ptr<Device>> devices;
  devices.push_back(std::make_unique<FakeDevice>("changed", fresh));
  bench.poller->update(part, std::move(devices));
  devices.clear();
  devices.push_back(std::make_unique<FakeDevice>("added", added));
  bench.poller->update(part, std::move(devices));  // perhaps before the first was taken: nothing of it may be lost
  REQUIRE(eventually([&] { return fresh->poll_count() >= 1 && added->poll_count() >= 1; }));
  const std::size_t before[] = {changed->poll_count(), gone->poll_count()};
  const std::size_t polled = kept->poll_count();
  REQUIRE(eventually([&] { return kept->poll_count() >= polled + 3 && fresh->poll_count() >= 3; }));
  bench.poller->stop();
  CHECK(changed->poll_count() == before[0]);
  CHECK(gone->poll_count() == before[1]);
  CHECK(kept->polls().back() == std::vector<std::string>{"evt_a", "evt_b", "evt_new"});  // in one poll
  CHECK(bench.readings("evt_a").size() == 1);
  CHECK(kept->interrupted);  // by stop() alone
  CHECK(fresh->interrupted);
  CHECK_FALSE(gone->interrupted);
  for (const auto& poll : kept->polls()) CHECK(poll.size() >= 2);
}

TEST_CASE("stop interrupts a hanging poll at once, and what was interrupted is no reading") {
  Bench bench;
  const auto unit = bench.add("plc", {{"evt_a", 10ms}});
  unit->hangs = true;
  bench.start();
  REQUIRE(eventually([&] { return unit->poll_count() == 1; }));
  const auto before = Clock::now();
  CHECK(bench.poller->stop());
  CHECK(Clock::now() - before < 500ms);
  CHECK(bench.readings().empty());
  CHECK(bench.device_states().empty());
}

TEST_CASE("a device that ignores the interrupt holds stop up for a second, and reports nothing afterwards") {
  auto unit = std::make_shared<FakeUnit>();
  std::atomic<int> told{0};
  {
    Line line;
    line.name = "stuck";
    line.devices.push_back(std::make_unique<FakeDevice>("plc", unit));
    unit->hangs = true;
    unit->ignores_interrupt = true;
    Poller poller(std::move(line), {event_of("plc", "evt_a", 10ms)},
                  {[&](const std::vector<Reading>&) { ++told; }, [&](const DeviceStatus&) { ++told; }});
    REQUIRE(eventually([&] { return unit->poll_count() == 1; }));
    const auto before = Clock::now();
    CHECK_FALSE(poller.stop());
    CHECK(Clock::now() - before < 1500ms);
  }
  unit->ignores_interrupt = false;
  REQUIRE(eventually([&] { return unit.use_count() == 1; }));  // the thread ended and let go of everything
  CHECK(told == 0);
}

TEST_CASE("the last turn stays young while nothing is due, and ages while a poll hangs") {
  Bench bench;
  const auto unit = bench.add("plc", {{"evt_a", 1h}});
  bench.start();
  REQUIRE(eventually([&] { return unit->poll_count() == 1; }));
  const auto turned = bench.poller->last_turn();
  CHECK(eventually([&] { return bench.poller->last_turn() > turned; }, 2000ms));
  bench.poller->stop();

  Bench hanging;
  const auto stuck = hanging.add("plc", {{"evt_a", 10ms}});
  stuck->hangs = true;
  hanging.start();
  REQUIRE(eventually([&] { return stuck->poll_count() == 1; }));
  const auto last = hanging.poller->last_turn();
  std::this_thread::sleep_for(600ms);
  CHECK(hanging.poller->last_turn() == last);
}
