// kill -9 at random moments: what the outbox called durable is there afterwards.
#include "agent/outbox.h"
#include "common/worker.h"
#include "unit/agent/agent_test_tools.h"
#include "unit/random_seed.h"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <csignal>
#include <set>
#include <unistd.h>

using namespace webmacs;
using namespace webmacs::agent_tests;

namespace {

struct Report {
  std::int64_t durable;  // the reading of this number may be sent: it is durable
};

// The agent's part: polls as fast as it can with spill_after = 0, and reports through the pipe what may be sent.
[[noreturn]] void poll_until_killed(const std::string& path, std::int64_t first, int pipe) {
  boost::asio::io_context io;
  BufferSettings settings;
  settings.path = path;
  settings.spill_after = 0us;
  Outbox outbox(io, settings);
  outbox.connection_made();
  std::int64_t batch = 0;
  outbox.on_ready([&] {
    std::vector<Report> reports;
    outbox.take(Outbox::Kind::live, ++batch, [&](const Reading& reading) {
      reports.push_back({static_cast<std::int64_t>(*reading.value)});
      return true;
    });
    if (reports.empty()) return;
    const auto bytes = reports.size() * sizeof(Report);
    if (::write(pipe, reports.data(), bytes) != static_cast<ssize_t>(bytes)) std::_Exit(1);
  });
  for (std::int64_t next = first;; next += 5) {
    outbox.add(numbered_range(next, 5));
    run_for(io, 1ms);
  }
}

}  // namespace

TEST_CASE("kill -9 at random moments: every reading that was durable is there after the restart, once, and whole") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  std::set<std::int64_t> durable;
  std::int64_t first = 0;
  std::minstd_rand random(testing::random_seed(20));
  for (int round = 0; round < 10; ++round) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(ends[0]);
      poll_until_killed(path, first, ends[1]);
    }
    ::close(ends[1]);
    std::this_thread::sleep_for(std::chrono::milliseconds(30 + random() % 120));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    Report report{};
    while (::read(ends[0], &report, sizeof report) == static_cast<ssize_t>(sizeof report))
      durable.insert(report.durable);
    ::close(ends[0]);
    first += 1'000'000;
  }
  REQUIRE(durable.size() > 100);

  BufferSettings settings;
  settings.path = path;
  BufferFile file(settings);
  BufferVisit all;
  all.page_size = 10'000'000;
  all.read_through = INT64_MAX;
  REQUIRE(file.visit({}).state.usable);
  const auto page = file.visit(all).page;
  std::set<std::int64_t> found;
  std::int64_t last_seq = 0;
  for (const BufferedReading& buffered : page) {
    const auto number = static_cast<std::int64_t>(*buffered.reading.value);
    CHECK(buffered.reading == numbered(number));
    CHECK(buffered.seq > last_seq);
    CHECK(found.insert(number).second);
    last_seq = buffered.seq;
  }
  std::size_t missing = 0;
  for (const std::int64_t number : durable) missing += found.count(number) == 0 ? 1 : 0;
  CHECK(missing == 0);
}
