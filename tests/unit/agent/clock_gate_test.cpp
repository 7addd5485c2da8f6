#include "agent/clock_gate.h"

#include "clock_box.h"
#include "unit/temporary_folder.h"

#include <doctest/doctest.h>

#include <filesystem>

using namespace webmacs;
using namespace webmacs::agent_tests;

namespace {

// The part of an agent that is about its clock, from its start until it goes.
struct Program {
  struct Seen {
    std::vector<Reading> passed;
    std::vector<ClockGate::Steady> received;
    int reports = 0;
  };

  Program(Box& box, const std::string& file, const std::string& boot = "this boot")
      : clock(std::make_shared<RigClock>(box.clocks(), true)) {
    ClockGate::Hooks hooks;
    hooks.pass = [this](std::vector<Reading> readings, ClockGate::Steady when) {
      for (Reading& reading : readings) seen.passed.push_back(std::move(reading));
      seen.received.push_back(when);
    };
    hooks.event_public_ids = [] { return std::vector<std::string>{"evt_a", "evt_b"}; };
    hooks.report_all = [this] { ++seen.reports; };
    hooks.changed = [] {};
    gate = std::make_unique<ClockGate>(io, clock, file, 0s, std::move(hooks), boot);
    gate->start();
  }

  void measure(double value) { gate->add({{"evt_a", clock->now(), value, ""}}); }

  template <typename Condition>
  void run_until(Condition condition) {
    const auto latest = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < latest) io.run_one_for(50ms);
  }

  boost::asio::io_context io;
  std::shared_ptr<RigClock> clock;
  Seen seen;
  std::unique_ptr<ClockGate> gate;
};

}  // namespace

TEST_CASE(
    "readings pass the gate with right times only, in the order in which they were measured, and as old as they are") {
  Box box;
  box.wrong_by = -168h;
  const TemporaryFolder folder;
  Program program(box, folder.file("rig.db.waiting"));
  auto& [passed, received, reports] = program.seen;
  ClockGate& gate = *program.gate;
  const auto measure = [&](double value) { program.measure(value); };

  measure(1);
  box.pass(30s);
  measure(2);
  CHECK(passed.empty());
  CHECK(gate.status() == "; 2 readings wait for the clock to be set");
  const auto before_release = std::chrono::steady_clock::now();
  box.wrong_by = 0s;
  gate.hear_hub(noon + 30s);
  program.run_until([&] { return passed.size() == 2; });
  REQUIRE(passed.size() == 2);
  CHECK(passed[0].time == noon);
  CHECK(passed[1].time == noon + 30s);
  CHECK(received[0] <= before_release);
  CHECK(gate.status() == "");
  box.pass(1s);
  measure(3);
  REQUIRE(passed.size() == 3);
  CHECK(passed[2].time == noon + 31s);

  // A step is marked once for each event, between what was measured before and after it.
  box.pass(1s);
  box.wrong_by = 1h;
  measure(4);
  measure(5);
  REQUIRE(passed.size() == 7);
  for (const std::size_t i : {3, 4}) {
    CHECK(passed[i].event_public_id == (i == 3 ? "evt_a" : "evt_b"));
    CHECK(passed[i].time == noon + 32s);
    CHECK_FALSE(passed[i].good());
    CHECK(passed[i].reason == "clock was set");
  }
  CHECK(passed[5].time == noon + 32s + 1h);
  CHECK(reports == 1);

  box.pass(1s);
  box.wrong_by = -1h;
  measure(6);
  REQUIRE(passed.size() == 10);
  CHECK(passed[7].time == noon + 33s - 1h);  // from there on things were measured twice
}

TEST_CASE("a program that is killed while its clock waits leaves its readings to the next one, each under one time") {
  Box box;
  box.wrong_by = -168h;
  const TemporaryFolder folder;
  const std::string file = folder.file("rig.db.waiting");
  {
    Program killed(box, file);  // goes without stop()
    killed.measure(1);
    box.pass(1s);
    killed.measure(2);
    killed.run_until([&] { return std::filesystem::exists(file); });
  }
  box.pass(10s);
  std::vector<Reading> first;
  {
    Program next(box, file);
    next.measure(3);
    next.run_until([&] { return next.gate->status() == "; 3 readings wait for the clock to be set"; });
    CHECK(next.seen.passed.empty());
    box.wrong_by = 0s;
    box.synchronised = true;
    next.gate->hear_hub(noon + 11s);
    next.run_until([&] { return next.seen.passed.size() == 3; });
    first = next.seen.passed;
  }
  REQUIRE(first.size() == 3);
  for (const Reading& reading : first) CHECK(reading.event_public_id == "evt_a");
  CHECK(first[0].time == noon);
  CHECK(first[1].time == noon + 1s);
  CHECK(first[2].time == noon + 11s);

  // Killed before any of it was safe elsewhere; the clock is adjusted a little, and the times stay.
  box.wrong_by = 3ms;
  box.pass(5s);
  Program last(box, file);
  last.run_until([&] { return last.seen.passed.size() == 3; });
  REQUIRE(last.seen.passed.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(last.seen.passed[i].time == first[i].time);
    CHECK(last.seen.passed[i].value == first[i].value);
  }
}

TEST_CASE("a program that ends while its clock waits stores nothing under a time that nobody knows") {
  Box box;
  box.wrong_by = -168h;
  const TemporaryFolder folder;
  const std::string file = folder.file("rig.db.waiting");
  {
    Program ends(box, file);
    ends.measure(1);
    ends.gate->stop();
    CHECK(ends.seen.passed.empty());
  }
  SUBCASE("the next one of the same boot has it") {
    box.wrong_by = 0s;
    box.synchronised = true;
    Program next(box, file);
    next.run_until([&] { return !next.seen.passed.empty(); });
    REQUIRE(next.seen.passed.size() == 1);
    CHECK(next.seen.passed[0].time == noon);
  }
  SUBCASE("after another start of the machine it is given up, and what is measured then is not") {
    box.synchronised = true;
    box.wrong_by = 0s;
    Program next(box, file, "next boot");
    next.measure(2);
    next.run_until([&] { return !next.seen.passed.empty(); });
    REQUIRE(next.seen.passed.size() == 1);
    CHECK(next.seen.passed[0].value == 2.0);
  }
}

TEST_CASE("a box on which the clock was right once is not waited for again in the same boot") {
  Box box;
  const TemporaryFolder folder;
  const std::string file = folder.file("rig.db.waiting");
  {
    Program first(box, file);
    first.measure(1);
    first.gate->hear_hub(noon);
    first.run_until([&] { return !first.seen.passed.empty(); });
  }
  box.pass(60s);
  Program next(box, file);                                       // no hub tells it the time
  next.run_until([&] { return next.seen.passed.size() == 1; });  // what the first one left
  next.measure(2);
  REQUIRE(next.seen.passed.size() == 2);
  CHECK(next.seen.passed[1].time == noon + 60s);
}
