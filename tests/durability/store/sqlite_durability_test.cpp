// What is left after SIGKILL and after a disk that takes no more. The writers are child processes; they never touch
// doctest and leave with _exit.

#include "common/sqlite.h"
#include "server/open_store.h"
#include "unit/random_seed.h"
#include "unit/server/store/store_support.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <iostream>
#include <random>
#include <thread>
#include <unistd.h>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

constexpr int events = 5;
constexpr int readings_per_event = 20;

std::string event_name(int index) {
  return "evt_" + std::to_string(index);
}

// Batch number n: every reading has the value n, at times of its own.
IncomingBatch numbered_batch(std::int64_t number) {
  IncomingBatch batch{"rig1", {}};
  for (int i = 0; i < readings_per_event; ++i) {
    for (int event = 0; event < events; ++event) {
      batch.readings.push_back(good(event_name(event), at(number * 1000 + i), static_cast<double>(number)));
    }
  }
  return batch;
}

// Forks; `work` runs in the child with the pipe's end to write to and returns its exit code.
template <typename Work>
pid_t start_child(int& output, Work work) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::cout.flush();  // or the child would print it again
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    int code = 99;
    try {
      code = work(ends[1]);
    } catch (...) {
    }
    _exit(code);
  }
  close(ends[1]);
  output = ends[0];
  return child;
}

void report(int output, std::int64_t number) {
  if (write(output, &number, sizeof number) != sizeof number) _exit(98);
}

std::vector<std::int64_t> read_reports(int input) {
  std::vector<std::int64_t> numbers;
  std::int64_t number = 0;
  while (read(input, &number, sizeof number) == sizeof number) numbers.push_back(number);
  return numbers;
}

std::string integrity(const std::string& path) {
  Database database(path);
  Statement check = database.prepare("PRAGMA integrity_check");
  return check.step() ? check.text(0) : "";
}

}  // namespace

TEST_CASE("every batch that was reported as committed survives SIGKILL, whole and once") {
  const TemporaryFolder folder;
  const std::string url = "sqlite://" + folder.file("hub.db");
  std::mt19937 random(testing::random_seed(20250115));
  std::vector<std::int64_t> reported;
  std::int64_t next = 0;
  for (int round = 0; round < 20; ++round) {
    int output = -1;
    const pid_t child = start_child(output, [&](int to) {
      auto store = open_store(url);
      for (std::int64_t number = next;; ++number) {
        const IncomingBatch batch = numbered_batch(number);
        store->append(std::array{&batch});
        report(to, number);
      }
      return 0;
    });
    std::int64_t first = -1;
    REQUIRE(read(output, &first, sizeof first) == sizeof first);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 40000));
    REQUIRE(kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    reported.push_back(first);
    for (const std::int64_t number : read_reports(output)) reported.push_back(number);
    close(output);
    // The batch in the air at the kill may be there or not; the next child leaves its number out.
    next = reported.back() + 2;
  }

  CHECK(integrity(folder.file("hub.db")) == "ok");
  auto store = open_store(url);
  const auto expected = static_cast<std::size_t>(readings_per_event);
  std::vector<std::size_t> found(static_cast<std::size_t>(next) + 1);
  for (int event = 0; event < events; ++event) {
    std::vector<std::size_t> of_event(found.size());
    for (const StoredPoint& point : everything(*store, event_name(event))) {
      const auto number = static_cast<std::size_t>(point.reading.value.value());
      REQUIRE(number < of_event.size());
      CHECK(point.reading.time >= at(static_cast<std::int64_t>(number) * 1000));
      CHECK(point.reading.time < at(static_cast<std::int64_t>(number) * 1000 + readings_per_event));
      ++of_event[number];
    }
    for (const std::int64_t number : reported) CHECK(of_event[static_cast<std::size_t>(number)] == expected);
    if (event == 0) found = of_event;
    CHECK(of_event == found);  // what was not reported is there whole or not at all
  }
  for (const std::size_t count : found) CHECK((count == 0 || count == expected));
  MESSAGE(reported.size() << " batches reported");
}

TEST_CASE("a disk that takes no more loses nothing that was acknowledged, and the store works again afterwards") {
  const TemporaryFolder folder;
  const std::string url = "sqlite://" + folder.file("hub.db");
  int output = -1;
  const pid_t child = start_child(output, [&](int to) {
    // No file may grow beyond the limit: write fails, as on a full disk.
    signal(SIGXFSZ, SIG_IGN);
    auto store = open_store(url);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t unlimited = limit.rlim_cur;
    limit.rlim_cur = 600 * 1024;
    setrlimit(RLIMIT_FSIZE, &limit);
    std::int64_t number = 0;
    // At first opening the file again makes room in its log; at last the file itself is as large as it may be.
    int failures_in_a_row = 0;
    while (failures_in_a_row < 5) {
      if (number > 5000) return 3;  // the limit is not felt
      const IncomingBatch batch = numbered_batch(number);
      try {
        store->append(std::array{&batch});
        report(to, number);
        ++number;
        failures_in_a_row = 0;
      } catch (const StoreError& error) {
        if (std::string(error.what()).find(folder.file("hub.db")) == std::string::npos) return 4;
        ++failures_in_a_row;
      }
    }
    bool noticed = false;
    try {
      store->check();
    } catch (const StoreError&) {
      noticed = true;
    }
    if (!noticed) return 5;
    limit.rlim_cur = unlimited;
    setrlimit(RLIMIT_FSIZE, &limit);
    store->check();
    for (const std::int64_t end = number + 20; number < end; ++number) {
      const IncomingBatch batch = numbered_batch(number);
      const auto results = store->append(std::array{&batch});
      for (const AppendResult& result : results.at(0)) {
        if (result.outcome != Outcome::stored) return 6;  // the batch that failed left something behind
      }
      report(to, number);
    }
    return 0;
  });
  const std::vector<std::int64_t> reported = read_reports(output);
  close(output);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(reported.size() > 20);

  CHECK(integrity(folder.file("hub.db")) == "ok");
  auto store = open_store(url);
  for (int event = 0; event < events; ++event) {
    CHECK(everything(*store, event_name(event)).size() == reported.size() * readings_per_event);
  }
}

TEST_CASE("a file that another program holds locked fails in words, and works again afterwards") {
  const TemporaryFolder folder;
  auto store = open_store("sqlite://" + folder.file("hub.db"));
  append(*store, "rig1", {good("evt_a", at(0), 1)});
  {
    Database holder(folder.file("hub.db"));
    const Transaction held(holder);
    try {
      append(*store, "rig1", {good("evt_b", at(1), 1)});
      FAIL("the lock was ignored");
    } catch (const StoreError& error) {
      CHECK(contains(error.what(), folder.file("hub.db")));
      CHECK(contains(error.what(), "locked"));
    }
    CHECK(everything(*store, "evt_a").size() == 1);  // readers never wait
  }
  store->check();
  CHECK(append(*store, "rig1", {good("evt_b", at(1), 1)})[0].outcome == Outcome::stored);
}
