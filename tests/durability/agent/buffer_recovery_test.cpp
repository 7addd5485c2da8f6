// Buffers that a worn card, a cut cable or a clumsy hand has damaged: what comes back is what was written, and nearly
// all of it does.

#include "agent/buffer_recovery.h"

#include "agent/buffer_file.h"
#include "unit/agent/agent_test_tools.h"
#include "unit/random_seed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

using namespace webmacs;
using namespace webmacs::agent_tests;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t rows = 5000;
constexpr std::int64_t events = 20;

BufferSettings at(const std::string& path) {
  BufferSettings settings;
  settings.path = path;
  settings.max_size = 64 * 1024 * 1024;
  return settings;
}

// Of many events, good and bad: the n-th is known by its time.
BufferedReading written(std::int64_t seq) {
  const std::string event = "evt_" + std::to_string(seq % events);
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
  std::set<std::int64_t> readings;
  std::int64_t wrong = 0;
  int visits = 0;
  bool usable = false;
};

// What the outbox does: opens, takes what is read back as new readings, reads all of it.
Found drain(const std::string& path) {
  BufferFile file(at(path));
  Found result;
  const auto note = [&](const std::vector<BufferedReading>& readings) {
    for (const BufferedReading& buffered : readings) {
      const std::int64_t number = (to_microseconds(buffered.reading.time) - to_microseconds(time_of(0))) / 1000;
      if (number >= 1 && number <= rows && buffered.reading == written(number).reading) {
        result.readings.insert(number);
      } else {
        ++result.wrong;
      }
    }
  };
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
  return result;
}

bool is_whole(const Statement& row, std::int64_t number) {
  const BufferedReading expected = written(number);
  const BufferedReading there = buffered_reading(row, expected.reading.event_public_id);
  return there.seq == number && there.retried == expected.retried && there.reading == expected.reading &&
         row.integer(1) == (number - 1) % events + 1 && row.integer(6) == row_sum(expected);
}

// The rows that are found whole when each is asked for by its number.
std::set<std::int64_t> probe(const std::string& path) {
  std::set<std::int64_t> found;
  try {
    Database database(path, Database::Mode::read_only);
    database.execute("PRAGMA writable_schema = ON");
    Statement row =
        database.prepare("SELECT seq, event, time, value, reason, retried, sum FROM readings WHERE seq = ?");
    for (std::int64_t number = 1; number <= rows; ++number) {
      try {
        row.reset();
        row.bind(1, number);
        if (row.step() && is_whole(row, number)) found.insert(number);
      } catch (const SqliteError&) {
        continue;
      }
    }
  } catch (const SqliteError&) {
    return found;
  }
  return found;
}

// One way to damage a file.
struct Damage {
  std::string name;
  int runs;
  std::function<void(std::string& bytes, std::mt19937& random)> spoil;
};

std::size_t any(std::size_t below, std::mt19937& random) {
  return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
}

void flip_a_bit(std::string& bytes, std::mt19937& random) {
  bytes[any(bytes.size(), random)] ^= static_cast<char>(1 << any(8, random));
}

const Damage damages[] = {
    {"one bit flipped", 140, flip_a_bit},
    {"20 bits flipped", 100,
     [](std::string& bytes, std::mt19937& random) {
       for (int flip = 0; flip < 20; ++flip) flip_a_bit(bytes, random);
     }},
    {"a sector of noise", 60,
     [](std::string& bytes, std::mt19937& random) {
       const std::size_t first = any(bytes.size() / 512, random) * 512;
       for (std::size_t i = first; i < first + 512; ++i) bytes[i] = static_cast<char>(any(256, random));
     }},
    {"truncated", 80, [](std::string& bytes, std::mt19937& random) { bytes.resize(any(bytes.size(), random)); }},
    {"a garbage tail", 120,
     [](std::string& bytes, std::mt19937& random) {
       for (std::size_t i = any(8000, random) + 1; i > 0; --i) bytes.push_back(static_cast<char>(any(256, random)));
     }},
};

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

TEST_CASE(
    "500 flips, cuts and garbage tails of a buffer: it works on, no value is wrong, all that is there comes back") {
  TemporaryFolder folder;
  const std::string whole = folder.file("whole.db");
  write_buffer(whole);
  REQUIRE(probe(whole).size() == rows);
  REQUIRE(drain(whole).readings.size() == rows);
  const std::string pristine = contents(whole);
  std::mt19937 random(testing::random_seed(20251));
  double all = 0;
  double left = 0;  // what a cut did not take away: rows lie in the order in which they were written
  double recovered = 0;
  for (const Damage& damage : damages) {
    double reached_so = 0;
    double recovered_so = 0;
    for (int run = 0; run < damage.runs; ++run) {
      INFO(damage.name << ", run " << run);
      TemporaryFolder own;
      std::string damaged = pristine;
      damage.spoil(damaged, random);
      write_file(own.file("b.db"), damaged);
      const std::set<std::int64_t> there = probe(own.file("b.db"));
      const Found found = drain(own.file("b.db"));
      CHECK(found.usable);
      CHECK(found.wrong == 0);
      CHECK(found.visits < 100);
      CHECK(std::includes(found.readings.begin(), found.readings.end(), there.begin(), there.end()));
      reached_so += static_cast<double>(there.size());
      recovered_so += static_cast<double>(found.readings.size());
      left += rows * std::min(1.0, static_cast<double>(damaged.size()) / static_cast<double>(pristine.size()));
    }
    const double all_so = static_cast<double>(rows) * damage.runs;
    MESSAGE(damage.name << ", " << damage.runs << " times: " << 100 * reached_so / all_so
                        << " % of all rows are reached by number, " << 100 * recovered_so / all_so << " % came back");
    all += all_so;
    recovered += recovered_so;
  }
  MESSAGE("over all runs " << 100 * recovered / all << " % of all rows, " << 100 * recovered / left
                           << " % of those that were left in the files");
  CHECK(recovered >= 0.9 * all);
  CHECK(recovered >= 0.95 * left);
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
  std::mt19937 random(testing::random_seed(7));
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
  CHECK(found.readings.size() == 999);
}

TEST_CASE("the table of the events' names is gone: their index knows them too") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  write_buffer(path, 1000);
  std::int64_t page = 0;
  {
    Database database(path);
    Statement root(database, "SELECT rootpage FROM sqlite_master WHERE name = 'events'");
    REQUIRE(root.step());
    page = database.pragma("page_size") * (root.integer(0) - 1);
  }
  std::string bytes = contents(path);
  bytes.replace(static_cast<std::size_t>(page), 4096, 4096, '\x5a');
  write_file(path, bytes);
  const Found found = drain(path);
  CHECK(found.usable);
  CHECK(found.wrong == 0);
  CHECK(found.readings.size() == 1000);
}

TEST_CASE("the file's first hundred bytes are noise: all comes back") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  write_buffer(path);
  std::string bytes = contents(path);
  bytes.replace(0, 100, 100, '\x5a');
  write_file(path, bytes);
  const Found found = drain(path);
  CHECK(found.usable);
  CHECK(found.wrong == 0);
  CHECK(found.readings.size() == rows);
}

TEST_CASE("no name is left, and no row can be believed: the walk ends, and never takes long at a time") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  write_buffer(path, 60'000);
  Database(path).execute("DELETE FROM events; UPDATE meta SET sum = 0");
  BufferRecovery recovery(path);
  int turns = 0;
  while (!recovery.ended() && ++turns < 1'000'000) CHECK(recovery.next(1000, 0ms).empty());
  CHECK(recovery.ended());
  CHECK(turns > 1);
  CHECK(recovery.damaged_rows() == 60'000);
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
  CHECK(drain(path).readings.size() == rows);
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
    CHECK(drain(path).readings.size() >= 10);
  }
  CHECK(names_in(folder).size() == 3);
}
