// Readings that wait on disk for the clock to be set, from one start of the program or the machine to the next.
#include "agent/waiting_room.h"

#include "agent/rig_clock.h"
#include "common/timestamp.h"
#include "unit/temporary_folder.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using namespace webmacs;

namespace {

const Timestamp zero = from_microseconds(1'700'000'000'000'000);

Reading reading(std::int64_t stamp, std::optional<double> value, std::string reason = "") {
  return {"evt_bed", from_microseconds(stamp), value, std::move(reason)};
}

// A program that starts, and what it finds.
struct Started {
  Started(const std::string& path, const std::string& boot) : room(io, path, boot) {
    bool opened = false;
    room.open([&](WaitingRoom::Found what) {
      found = std::move(what);
      opened = true;
    });
    run_until(opened);
  }
  void run_until(const bool& happened) {
    const auto guard = boost::asio::make_work_guard(io);
    io.restart();
    while (!happened) io.run_one();
  }
  void remember(Timestamp steady_zero) {
    bool done = false;
    room.remember(steady_zero, [&] { done = true; });
    run_until(done);
  }

  boost::asio::io_context io;
  WaitingRoom room;
  WaitingRoom::Found found;
};

}  // namespace

TEST_CASE("a program that starts anew finds what the one before it kept, as it was") {
  TemporaryFolder folder;
  const std::string path = folder.file("new/waiting.db");
  CHECK_FALSE(WaitingRoom::exists(path));
  const std::vector<Reading> kept = {reading(5, 20.5), reading(6, std::nullopt, "timeout")};
  {
    Started program(path, "boot1");
    CHECK(program.found.readings.empty());
    program.room.keep(kept);
  }
  CHECK(WaitingRoom::exists(path));
  Started program(path, "boot1");
  CHECK(program.found.readings == kept);
  CHECK_FALSE(program.found.steady_zero);
  CHECK(program.found.lost == 0);
}

TEST_CASE("once the time is known each reading has it, also after the machine has started anew") {
  TemporaryFolder folder;
  const std::string path = folder.file("waiting.db");
  {
    Started program(path, "boot1");
    program.room.keep({reading(5, 1)});
    program.remember(zero);
    program.remember(zero + std::chrono::hours(1));  // the first one counts
  }
  for (const char* boot : {"boot1", "boot2"}) {
    Started program(path, boot);
    REQUIRE(program.found.readings.size() == 1);
    CHECK(program.found.readings[0].time == RigClock::time_of(from_microseconds(5), zero));
    CHECK(program.found.lost == 0);
    CHECK(program.found.steady_zero.has_value() == (boot == std::string("boot1")));
  }
}

TEST_CASE("readings of a start of the machine whose time nobody learnt are counted once, as lost") {
  TemporaryFolder folder;
  const std::string path = folder.file("waiting.db");
  {
    Started program(path, "boot1");
    program.room.keep({reading(5, 1), reading(6, 2)});
  }
  {
    Started program(path, "boot2");
    CHECK(program.found.lost == 2);
    CHECK(program.found.readings.empty());
  }
  CHECK(Started(path, "boot2").found.lost == 0);
}

TEST_CASE("what is safe elsewhere is forgotten, and a damaged file is set aside") {
  TemporaryFolder folder;
  const std::string path = folder.file("waiting.db");
  {
    Started program(path, "boot1");
    program.room.keep({reading(5, 1)});
    program.room.forget();
  }
  CHECK(Started(path, "boot1").found.readings.empty());
  std::ofstream(path, std::ios::trunc) << std::string(8192, 'x');
  {
    Started program(path, "boot1");
    CHECK(program.found.readings.empty());
    program.room.keep({reading(7, 3)});
  }
  CHECK(std::filesystem::exists(path + ".damaged"));
  CHECK(Started(path, "boot1").found.readings.size() == 1);
}
