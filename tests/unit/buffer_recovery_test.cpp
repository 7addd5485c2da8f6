// Buffers that a worn card, a cut cable or a clumsy hand has damaged: what comes back is what was written, and nearly
// all of it does.

#include "agent/buffer_recovery.h"

#include "agent/buffer_file.h"
#include "agent_test_tools.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace webmacs;
using namespace webmacs::agent_tests;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t rows = 5000;

BufferSettings at(const std::string& path) {
  BufferSettings settings;
  settings.path = path;
  settings.max_size = 64 * 1024 * 1024;
  return settings;
}

// Of many events, good and bad: the n-th is known by its time.
BufferedReading written(std::int64_t seq) {
  const std::string event = "evt_" + std::to_string(seq % 20);
  Reading reading = numbered(seq, event);
  if (seq % 50 == 0) {
    reading.value.reset();
    reading.reason = seq % 100 == 0 ? "timeout" : "exception 2";
  }
  return {seq, seq % 33 == 0, reading, {}};
}

void write_buffer(const std::string& path, std::int64_t count = rows) {
  BufferVisit visit;
  for (std::int64_t seq = 1; seq <= count; ++seq) visit.keep.push_back(written(seq));
  BufferFile file(at(path));
  REQUIRE(file.visit(visit).kept_all);
}

struct Found {
  std::int64_t readings = 0;
  std::int64_t wrong = 0;
  int visits = 0;
  bool usable = false;
};

// What the outbox does: opens, takes what is read back as new readings, reads all of it.
Found drain(const std::string& path) {
  BufferFile file(at(path));
  std::map<Timestamp, Reading> found;
  const auto note = [&](const std::vector<BufferedReading>& readings) {
    for (const BufferedReading& buffered : readings) found.emplace(buffered.reading.time, buffered.reading);
  };
  Found result;
  BufferVisit visit;
  std::int64_t next_seq = 10'000'000;
  bool rest = true;
  while (rest && ++result.visits < 200) {
    const BufferVisitResult answer = file.visit(visit);
    result.usable = answer.state.usable;
    note(answer.page);
    note(answer.recovered);
    visit = {};
    if (!answer.state.usable) continue;
    rest = answer.state.recovering || !answer.page_is_last;
    for (const BufferedReading& buffered : answer.recovered)
      visit.keep.push_back({next_seq++, buffered.retried, buffered.reading, {}});
    if (answer.state.recovering) visit.recover_size = 2000;
    visit.page_size = 1'000'000;
    visit.read_through = INT64_MAX;
  }
  for (const auto& [time, reading] : found) {
    const std::int64_t number = (to_microseconds(time) - to_microseconds(time_of(0))) / 1000;
    if (number >= 1 && number <= rows && reading == written(number).reading) {
      ++result.readings;
    } else {
      ++result.wrong;
    }
  }
  return result;
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> names_in(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path())) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("500 flips, cuts and garbage tails of a buffer: it works on, no value is wrong, and 90 % come back") {
  TemporaryFolder folder;
  const std::string whole = folder.file("whole.db");
  write_buffer(whole);
  REQUIRE(drain(whole).readings == rows);
  const std::string pristine = contents(whole);
  std::mt19937 random(20251);
  const auto any = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random); };
  std::int64_t reachable = 0;
  std::int64_t recovered = 0;
  for (int run = 0; run < 500; ++run) {
    std::string damaged = pristine;
    std::int64_t there = rows;
    switch (run % 5) {
      case 0:
      case 1:
        damaged[any(damaged.size())] ^= static_cast<char>(1 << any(8));
        break;
      case 2:
        for (int flip = 0; flip < 20; ++flip) damaged[any(damaged.size())] ^= static_cast<char>(1 << any(8));
        break;
      case 3: {
        // Rows lie in the order in which they were written.
        damaged.resize(any(damaged.size()));
        there = static_cast<std::int64_t>(static_cast<double>(rows) * static_cast<double>(damaged.size()) /
                                          static_cast<double>(pristine.size()));
        break;
      }
      default:
        for (std::size_t i = any(8000) + 1; i > 0; --i) damaged.push_back(static_cast<char>(any(256)));
        break;
    }
    TemporaryFolder own;
    write_file(own.file("b.db"), damaged);
    const Found found = drain(own.file("b.db"));
    INFO("run " << run);
    CHECK(found.usable);
    CHECK(found.wrong == 0);
    CHECK(found.visits < 100);
    reachable += there;
    recovered += std::min(there, found.readings);
  }
  const double share = static_cast<double>(recovered) / static_cast<double>(reachable);
  MESSAGE("recovered " << share * 100 << " % of what was left in the files");
  CHECK(share >= 0.9);
}

TEST_CASE("flips and cuts of the WAL: the buffer opens, and no value is wrong") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  BufferFile file(at(path));
  for (std::int64_t first = 1; first <= 3000; first += 100) {
    BufferVisit visit;
    for (std::int64_t seq = first; seq < first + 100; ++seq) visit.keep.push_back(written(seq));
    REQUIRE(file.visit(visit).kept_all);
  }
  const std::string database = contents(path);
  const std::string wal = contents(path + "-wal");
  REQUIRE(wal.size() > 100'000);
  std::mt19937 random(7);
  for (int run = 0; run < 100; ++run) {
    std::string damaged = wal;
    const std::size_t place = std::uniform_int_distribution<std::size_t>(0, wal.size() - 1)(random);
    if (run % 2 == 0) {
      damaged[place] ^= static_cast<char>(1 << (run % 8));
    } else {
      damaged.resize(place);
    }
    TemporaryFolder own;
    write_file(own.file("b.db"), database);
    write_file(own.file("b.db-wal"), damaged);
    const Found found = drain(own.file("b.db"));
    INFO("run " << run);
    CHECK(found.usable);
    CHECK(found.wrong == 0);
  }
}

TEST_CASE("a value whose bits flipped is left out, and its neighbours come back") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  write_buffer(path, 1000);
  Database(path).execute("UPDATE readings SET value = 1e6 WHERE seq = 501");
  const Found found = drain(path);
  CHECK(found.usable);
  CHECK(found.wrong == 0);
  CHECK(found.readings == 999);
}

TEST_CASE("recovery that was interrupted begins anew and ends with a file that says so") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  write_buffer(path);
  Database(path).execute("UPDATE meta SET sum = 0");
  {
    BufferFile file(at(path));
    CHECK(file.visit({}).set_aside);
    BufferVisit visit;
    visit.recover_size = 2000;
    CHECK(file.visit(visit).recovered.size() == 2000);  // and then the power fails
  }
  CHECK(drain(path).readings == rows);
  const auto names = names_in(folder);
  REQUIRE(names.size() == 2);
  CHECK(names[0] == "b.db");
  CHECK(names[1].rfind("b.db.damaged-20", 0) == 0);
  CHECK(names[1].find(".recovered") != std::string::npos);
  BufferFile again(at(path));
  CHECK_FALSE(again.visit({}).state.recovering);
}

TEST_CASE("of the files that were read back two are kept, and none overwrites another") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  for (int i = 0; i < 4; ++i) {
    write_buffer(path, 10);
    Database(path).execute("UPDATE meta SET sum = 0");
    CHECK(drain(path).readings >= 10);
  }
  CHECK(names_in(folder).size() == 3);
}
