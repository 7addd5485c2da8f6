#include "common/watchdog.h"

#include "unit/capture_stderr.h"
#include "unit/notify_socket.h"

#include <doctest/doctest.h>

#include <thread>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

// A program with two threads, watched by a manager that asks for a sign every `asked`.
struct Bench {
  explicit Bench(const char* asked = "60000000", Watchdog::Clock::duration look_every = 10ms)
      : timing{500ms, look_every} {
    setenv("WATCHDOG_USEC", asked, 1);
    setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  }
  ~Bench() {
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  // Turns the loop until `holds`; false when that takes ten seconds.
  bool run_until(const std::function<bool()>& holds) {
    const auto end = Watchdog::Clock::now() + 10s;
    for (listen(); !holds(); listen()) {
      if (Watchdog::Clock::now() > end) return false;
      io.restart();
      io.run_one_for(100ms);
    }
    return true;
  }
  // Notes what has come: a manager that did not would block the program.
  void listen() {
    while (systemd.take() == "WATCHDOG=1") ++fed;
  }

  const Watchdog::Timing timing;
  NotifySocket systemd;
  boost::asio::io_context io;
  bool writer_hangs = false;
  Watchdog::Clock::time_point stuck_since;
  bool gave_up = false;
  int fed = 0;
  Watchdog watchdog{io,
                    [this]() -> std::vector<Watchdog::Thread> {
                      const auto now = Watchdog::Clock::now();
                      return {{"the poller", now}, {"the writer", writer_hangs ? stuck_since : now}};
                    },
                    [this] { gave_up = true; }, timing};
};

}  // namespace

TEST_CASE("a program whose threads turn feeds its watchdog again and again") {
  Bench bench;
  bench.watchdog.start();
  CHECK(bench.run_until([&] { return bench.fed >= 3; }));
  CHECK_FALSE(bench.gave_up);
}

TEST_CASE("a manager that asks more often than we look is fed as often as it asks") {
  Bench bench("10000", 1h);  // microseconds
  bench.watchdog.start();
  CHECK(bench.run_until([&] { return bench.fed > 0; }));
}

TEST_CASE("a thread that hangs is named, and the program gives up without feeding once more") {
  Bench bench;
  CaptureStderr log;
  bench.watchdog.start();
  bench.stuck_since = Watchdog::Clock::now();
  bench.writer_hangs = true;
  REQUIRE(bench.run_until([&] { return bench.gave_up; }));
  CHECK(Watchdog::Clock::now() - bench.stuck_since >= 500ms);
  CHECK(log.take() == "<3>the writer has been hanging for 0 s: the program ends, to be started anew\n");
  bench.fed = 0;
  bench.io.restart();
  bench.io.run();  // nothing is armed any more
  bench.listen();
  CHECK(bench.fed == 0);
}

TEST_CASE("a process that was stopped as a whole is given its time anew") {
  Bench bench;
  bench.watchdog.start();
  bench.stuck_since = Watchdog::Clock::now();
  bench.writer_hangs = true;           // as it was when the process was frozen
  std::this_thread::sleep_for(600ms);  // longer than a thread may hang
  REQUIRE(bench.run_until([&] { return bench.fed > 0; }));
  CHECK_FALSE(bench.gave_up);
}

TEST_CASE("a watchdog that was stopped, or that nobody asked for, does nothing") {
  Bench bench;
  bench.watchdog.start();
  bench.watchdog.stop();
  bench.io.restart();
  bench.io.run();
  CHECK(bench.systemd.take() == "nothing");
  unsetenv("WATCHDOG_USEC");
  bench.watchdog.start();
  bench.io.restart();
  CHECK(bench.io.run() == 0);
}
