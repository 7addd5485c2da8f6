#include "agent/agent.h"

#include "scripted_hub.h"

#include <boost/asio/executor_work_guard.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <unistd.h>

using namespace webmacs;
using namespace webmacs::agent_tests;

namespace {

// An agent on fake units, run on this thread; a timer plays the operator.
struct Bench {
  explicit Bench(const std::string& hub_url = "ws://127.0.0.1:1/ws/controller/telemetry") : url(hub_url) { write(""); }

  void write(const std::string& extra, const std::string& interval = "10ms") {
    write_file(folder.file("rig1.ini"), "[agent]\npoll_interval = " + interval + "\n[hub]\nurl = " + url +
                                            "\ntoken = wm_test\n[buffer]\npath = " + folder.file("b.db") +
                                            "\n[device:one]\nhost = one.lab\n[device:two]\nhost = two.lab\n" +
                                            "[event:evt_one]\ndevice = one\nregister = holding:1\ntype = uint16\n" +
                                            "[event:evt_two]\ndevice = two\nregister = holding:1\ntype = uint16\n" +
                                            extra);
  }
  void make() {
    agent = std::make_unique<Agent>(
        load_agent_settings(folder.file("rig1.ini")),
        [this](const RigSettings& rig) {
          std::vector<Line> lines;
          for (const DeviceSettings& device : rig.devices) {
            auto unit = std::make_shared<FakeUnit>();
            if (answer) unit->answer_with(answer);
            units[device.name].push_back(unit);
            Line line;
            line.name = device.line();
            line.devices.push_back(std::make_unique<FakeDevice>(device, unit));
            lines.push_back(std::move(line));
          }
          return lines;
        },
        clock);
  }
  int run(const std::function<void()>& when, std::chrono::milliseconds after) {
    boost::asio::steady_timer timer(agent->io(), after);
    timer.async_wait([&](const boost::system::error_code&) { when(); });
    return agent->run();
  }

  TemporaryFolder folder;
  std::string url;
  std::shared_ptr<RigClock> clock = std::make_shared<RigClock>(SystemClocks{}, false);
  std::map<std::string, std::vector<std::shared_ptr<FakeUnit>>> units;
  FakeUnit::Answer answer;  // of units that are made from now on
  std::unique_ptr<Agent> agent;
};

}  // namespace

TEST_CASE("without a hub the agent polls, and stopping leaves every reading in the buffer") {
  Bench bench;
  bench.make();
  const auto before = std::chrono::steady_clock::now();
  CHECK(bench.run([&] { bench.agent->stop(); }, 200ms) == 0);
  CHECK(std::chrono::steady_clock::now() - before < 3s);
  const auto polled = bench.units["one"][0]->poll_count() + bench.units["two"][0]->poll_count();
  const auto rows = static_cast<std::size_t>(summarise_buffer(bench.folder.file("b.db")).rows);
  CHECK(rows >= 20);
  CHECK(rows + 2 >= polled);  // only polls in the air at the stop may miss
  CHECK(rows <= polled);
}

TEST_CASE("SIGTERM stops it, and a second one changes nothing") {
  Bench bench;
  bench.make();
  CHECK(bench.run(
            [] {
              ::kill(::getpid(), SIGTERM);
              ::kill(::getpid(), SIGINT);
            },
            100ms) == 0);
  CHECK(summarise_buffer(bench.folder.file("b.db")).rows > 0);
}

TEST_CASE("a reload polls on what did not change, restarts what did, and starts what is new") {
  Bench bench;
  bench.make();
  boost::asio::steady_timer later(bench.agent->io());
  bench.run(
      [&] {
        bench.write(
            "unit = bar\n[event:evt_more]\ndevice = two\nregister = holding:9\ntype = uint16\n[device:three]\nhost = "
            "three.lab\n[event:evt_three]\ndevice = three\nregister = coil:1\n");
        bench.agent->reload();
        later.expires_after(150ms);
        later.async_wait([&](const boost::system::error_code&) { bench.agent->stop(); });
      },
      150ms);
  CHECK(bench.units["one"].size() == 1);
  CHECK(bench.units["one"][0]->poll_count() >= 20);
  REQUIRE(bench.units["two"].size() == 1);  // only its events changed
  CHECK(bench.units["two"][0]->polls().back() == std::vector<std::string>{"evt_two", "evt_more"});
  CHECK(bench.units["three"].size() == 1);
  CHECK(bench.units["three"][0]->poll_count() > 0);
}

TEST_CASE("a reload of a wrong file is refused and changes nothing") {
  Bench bench;
  bench.make();
  boost::asio::steady_timer later(bench.agent->io());
  std::size_t polled = 0;
  bench.run(
      [&] {
        bench.write("nonsense = 1\n");
        bench.agent->reload();
        polled = bench.units["one"][0]->poll_count();
        later.expires_after(100ms);
        later.async_wait([&](const boost::system::error_code&) { bench.agent->stop(); });
      },
      100ms);
  CHECK(bench.units["one"].size() == 1);
  CHECK(bench.units["one"][0]->poll_count() > polled);
}

TEST_CASE("a hanging device does not keep the agent from stopping in time") {
  Bench bench;
  bench.make();
  const auto before = std::chrono::steady_clock::now();
  CHECK(bench.run(
            [&] {
              bench.units["one"][0]->hangs = true;
              bench.agent->stop();
            },
            100ms) == 0);
  CHECK(std::chrono::steady_clock::now() - before < 2s);
  CHECK(summarise_buffer(bench.folder.file("b.db")).rows > 0);
}

TEST_CASE("two agents on one buffer: the second says so and does not start") {
  Bench bench;
  bench.make();
  CHECK_THROWS_WITH(Agent(
                        load_agent_settings(bench.folder.file("rig1.ini")),
                        [](const RigSettings&) { return std::vector<Line>(); }, bench.clock),
                    doctest::Contains("in use by another agent"));
}

TEST_CASE("from device to hub: descriptions, status and readings arrive; stopping closes with 1001") {
  boost::asio::io_context hub_io;
  ScriptedHub hub(hub_io);
  auto work = boost::asio::make_work_guard(hub_io);
  std::thread hub_thread;
  {
    Bench bench(hub.url());
    bench.make();
    bool enough = false;
    hub.on_batch = [&](ScriptedHub::Client& client, const ReadingsFrame& frame) {
      hub.acknowledge(client, frame);
      const bool online = !hub.statuses.empty() && hub.statuses.back().devices.at(0).online;
      if (enough || !online || hub.values(false).size() < 40) return;
      enough = true;
      boost::asio::post(bench.agent->io(), [&] { bench.agent->stop(); });
    };
    hub_thread = std::thread([&] { hub_io.run(); });
    CHECK(bench.run([&] { bench.agent->stop(); }, 20s) == 0);
  }
  work.reset();
  hub_io.stop();
  hub_thread.join();
  REQUIRE(hub.descriptions.size() == 2);
  CHECK(hub.descriptions[0].event_public_id == "evt_one");
  CHECK(hub.descriptions[0].poll_interval == 0.01);
  REQUIRE_FALSE(hub.statuses.empty());
  CHECK(hub.statuses.back().agent == "rig1");
  REQUIRE(hub.statuses.back().devices.size() == 2);
  CHECK(hub.statuses.back().devices[0].online);
  CHECK(hub.values(false).size() >= 40);
  CHECK(hub.values(true).empty());
  REQUIRE(hub.close_codes.size() == 1);
  CHECK(hub.close_codes[0] == close_code::going_away);
}

TEST_CASE("a box that boots with last week's time: the hub gets every reading, none under a wrong time") {
  boost::asio::io_context hub_io;
  ScriptedHub hub(hub_io);
  auto work = boost::asio::make_work_guard(hub_io);
  std::thread hub_thread([&] { hub_io.run(); });
  const Timestamp began = utc_now();
  std::size_t polls = 0;
  {
    std::atomic<std::int64_t> hours_wrong{-168};
    std::atomic<bool> synchronised{false};
    SystemClocks clocks;
    clocks.wall = [&] { return utc_now() + std::chrono::hours(hours_wrong); };
    clocks.synchronised = [&] { return synchronised.load(); };
    Bench bench(hub.url());
    bench.clock = std::make_shared<RigClock>(clocks, true);
    bench.answer = [clock = bench.clock](const EventSettings&) { return PolledValue{clock->now(), 1.0, "", {}}; };
    bench.make();
    boost::asio::steady_timer set(bench.agent->io(), 300ms);
    set.async_wait([&](const boost::system::error_code&) {
      hours_wrong = 0;
      synchronised = true;
    });
    CHECK(bench.run([&] { bench.agent->stop(); }, 2000ms) == 0);
    for (const auto& [name, units] : bench.units) polls += units.front()->polls().size();
  }
  work.reset();
  hub_io.stop();
  hub_thread.join();
  std::size_t good = 0;
  for (const ReadingsFrame& frame : hub.batches) {
    for (const ReceivedReading& received : frame.readings) {
      REQUIRE(received.reading.time >= began);
      REQUIRE(received.reading.time <= utc_now());
      good += received.reading.good() ? 1 : 0;
    }
  }
  CHECK(good + 4 >= polls);  // the last may still be on their way
}
