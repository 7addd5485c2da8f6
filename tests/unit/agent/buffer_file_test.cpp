#include "agent/buffer_file.h"

#include "agent/buffer_lock.h"
#include "agent_test_tools.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

using namespace webmacs;
using namespace webmacs::agent_tests;
namespace fs = std::filesystem;

namespace {

BufferSettings at(const std::string& path, std::int64_t max_size = 64 * 1024 * 1024, bool drop_oldest = true) {
  BufferSettings settings;
  settings.path = path;
  settings.max_size = max_size;
  settings.drop_oldest = drop_oldest;
  return settings;
}

BufferVisit keep(std::int64_t first, std::int64_t count) {
  BufferVisit visit;
  for (std::int64_t i = first; i < first + count; ++i) visit.keep.push_back({i, false, numbered(i), {}});
  return visit;
}

BufferVisit read_all() {
  BufferVisit visit;
  visit.page_size = 1'000'000;
  visit.read_through = INT64_MAX;
  return visit;
}

BufferVisit forget(std::int64_t first, std::int64_t last) {
  BufferVisit visit;
  visit.forget = {{first, last}};
  return visit;
}

std::vector<std::string> set_aside_in(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    const std::string name = entry.path().filename().string();
    const bool companion = name.find("-wal") != std::string::npos || name.find("-shm") != std::string::npos;
    if (name.find(".damaged-") != std::string::npos && !companion) names.push_back(name);
  }
  return names;
}

// Visits until the file is usable; false when it does not get there in three.
bool comes_back(BufferFile& file) {
  for (int i = 0; i < 3; ++i) {
    if (file.visit({}).state.usable) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("readings come back as they were kept: good, bad, retried, in order") {
  TemporaryFolder folder;
  BufferVisit visit;
  visit.keep = {{5, false, {"evt_a", time_of(1), 23.45, ""}, {}},
                {6, false, {"evt_b", time_of(2), std::nullopt, "timeout"}, {}},
                {7, true, {"evt_a", time_of(3), -0.1, ""}, {}}};
  {
    BufferFile file(at(folder.file("b.db")));
    CHECK(file.visit(visit).state.usable);
  }
  BufferFile file(at(folder.file("b.db")));
  const auto opened = file.visit({});
  CHECK(opened.opened);
  CHECK_FALSE(opened.empty_at_open);
  CHECK(opened.state.rows == 3);
  CHECK(opened.state.next_seq == 8);
  const auto page = file.visit(read_all()).page;
  REQUIRE(page.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(page[i].seq == visit.keep[i].seq);
    CHECK(page[i].retried == visit.keep[i].retried);
    CHECK(page[i].reading == visit.keep[i].reading);
  }
}

TEST_CASE("pages are read by ascending seq, and the last one says so") {
  TemporaryFolder folder;
  BufferFile file(at(folder.file("b.db")));
  file.visit(keep(1, 25));
  BufferVisit visit;
  visit.page_size = 10;
  visit.read_through = 22;
  std::vector<std::size_t> sizes;
  for (;;) {
    const auto result = file.visit(visit);
    sizes.push_back(result.page.size());
    if (!result.page.empty()) visit.read_after = result.page.back().seq;
    if (result.page_is_last) break;
  }
  CHECK(sizes == std::vector<std::size_t>{10, 10, 2});
  CHECK(visit.read_after == 22);
}

TEST_CASE("forgotten rows are gone, and their numbers are not used again after a restart") {
  TemporaryFolder folder;
  {
    BufferFile file(at(folder.file("b.db")));
    file.visit(keep(1, 10));
    CHECK(file.visit(forget(3, 10)).state.rows == 2);
    file.visit(forget(1, 2));
  }
  BufferFile file(at(folder.file("b.db")));
  const auto opened = file.visit({});
  CHECK(opened.state.rows == 0);
  CHECK(opened.empty_at_open);
  CHECK(opened.state.next_seq == 11);
}

TEST_CASE("keeping the same reading twice changes nothing") {
  TemporaryFolder folder;
  BufferFile file(at(folder.file("b.db")));
  file.visit(keep(1, 10));
  CHECK(file.visit(keep(1, 10)).state.rows == 10);
}

TEST_CASE("a damaged file is set aside with its date and a new one is begun") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  SUBCASE("garbage") {
    write_file(path, std::string(20000, '\x5a'));
  }
  SUBCASE("a short text") {
    write_file(path,
               "this is no database, but somebody put it here all the same, long enough"
               " to look like a header of one hundred bytes at least");
  }
  SUBCASE("a newer schema") {
    BufferFile(at(path)).visit(keep(1, 10));
    Database(path).execute("PRAGMA user_version = 99");
  }
  SUBCASE("a damaged application id") {
    BufferFile(at(path)).visit(keep(1, 10));
    Database(path).execute("PRAGMA application_id = 7");
  }
  SUBCASE("the meta row is gone") {
    BufferFile(at(path)).visit(keep(1, 10));
    Database(path).execute("DELETE FROM meta");
  }
  BufferFile file(at(path));
  CHECK(comes_back(file));
  const auto kept = file.visit(keep(1, 5));
  CHECK(kept.state.usable);
  CHECK(kept.state.rows == 5);
  const auto aside = set_aside_in(folder);
  REQUIRE(aside.size() == 1);
  CHECK(aside[0].rfind("b.db.damaged-20", 0) == 0);
}

TEST_CASE("a truncated file stops nothing: sooner or later it is set aside, and readings are kept again") {
  for (const int percent : {10, 40, 70, 95}) {
    TemporaryFolder folder;
    const std::string path = folder.file("b.db");
    BufferFile(at(path)).visit(keep(1, 20000));
    fs::resize_file(path, fs::file_size(path) * static_cast<std::uintmax_t>(percent) / 100);
    BufferFile file(at(path));
    bool usable = false;
    for (int i = 0; i < 4; ++i) {
      file.visit(read_all());
      usable = file.visit(keep(100'000 + i, 1)).state.usable;
    }
    CHECK(usable);
    CHECK(set_aside_in(folder).size() == 1);
  }
}

TEST_CASE("another program's database is left alone") {
  TemporaryFolder folder;
  const std::string path = folder.file("hub.db");
  Database(path).execute("CREATE TABLE datapoints (id INTEGER PRIMARY KEY); INSERT INTO datapoints VALUES (1)");
  BufferFile file(at(path));
  const auto result = file.visit(keep(1, 1));
  CHECK_FALSE(result.state.usable);
  CHECK_FALSE(result.kept_all);
  CHECK(result.state.trouble.find("another program") != std::string::npos);
  CHECK(set_aside_in(folder).empty());
  CHECK(Database(path).pragma("user_version") == 0);
}

TEST_CASE("a folder that cannot be made is a trouble with a reason, and the file works when it can") {
  TemporaryFolder folder;
  write_file(folder.file("in_the_way"), "a file where the folder should be");
  BufferFile file(at(folder.file("in_the_way/b.db")));
  const auto result = file.visit(keep(1, 1));
  CHECK_FALSE(result.state.usable);
  CHECK_FALSE(result.state.trouble.empty());
  fs::remove(folder.file("in_the_way"));
  CHECK(file.visit(keep(1, 1)).state.rows == 1);
}

TEST_CASE("max_size bounds database and WAL together, and drop_oldest gives up the oldest") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  constexpr std::int64_t max_size = 1024 * 1024;
  BufferFile file(at(path, max_size));
  std::int64_t dropped = 0;
  std::int64_t most_bytes = 0;
  BufferVisitResult last;
  for (std::int64_t first = 1; first <= 100'000; first += 1000) {
    last = file.visit(keep(first, 1000));
    REQUIRE(last.state.usable);
    CHECK(last.kept_all);
    dropped += last.dropped_now;
    most_bytes = std::max(most_bytes, buffer_bytes(path));
  }
  CHECK(most_bytes <= max_size);
  CHECK(most_bytes > max_size / 2);
  CHECK(dropped > 0);
  CHECK(last.state.dropped == dropped);
  const auto page = file.visit(read_all()).page;
  CHECK(static_cast<std::int64_t>(page.size()) == 100'000 - dropped + 1);
  CHECK(page[0].reading == Reading{"evt_a", time_of(dropped), std::nullopt, "dropped"});  // the end of the range
  CHECK(page[1].seq == dropped + 1);  // without a hole, up to the newest
  CHECK(page.back().seq == 100'000);
}

TEST_CASE("each event that lost readings has one bad reading at the end of what it lost") {
  TemporaryFolder folder;
  BufferFile file(at(folder.file("b.db"), 1024 * 1024));
  for (std::int64_t first = 1; first <= 60'000; first += 500) {
    BufferVisit visit;
    for (std::int64_t seq = first; seq < first + 500; ++seq)
      visit.keep.push_back({seq, false, numbered(seq, "evt_" + std::to_string(seq % 7)), {}});
    REQUIRE(file.visit(visit).kept_all);
  }
  const auto result = file.visit(read_all());
  REQUIRE(result.state.dropped > 20'000);
  std::map<std::string, int> marks;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(result.page.size()); ++i) {
    const BufferedReading& buffered = result.page[static_cast<std::size_t>(i)];
    CHECK(buffered.reading.time == time_of(buffered.seq));
    if (buffered.reading.good()) continue;
    CHECK(buffered.reading.reason == "dropped");
    CHECK(i < 7);  // before all that is kept
    ++marks[buffered.reading.event_public_id];
  }
  CHECK(marks.size() == 7);
  for (const auto& [event, count] : marks) CHECK(count == 1);
  CHECK(result.state.dropped == 60'000 - (static_cast<std::int64_t>(result.page.size()) - 7));
}

TEST_CASE("what a full buffer gives up at a time is at most 1 MiB") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  constexpr std::int64_t max_size = 32 * 1024 * 1024;
  BufferFile file(at(path, max_size));
  std::int64_t most_dropped = 0;
  std::int64_t most_bytes = 0;
  std::int64_t rows = 0;
  for (std::int64_t first = 1; first <= 1'000'000; first += 5000) {
    const auto result = file.visit(keep(first, 5000));
    REQUIRE(result.kept_all);
    most_dropped = std::max(most_dropped, result.dropped_now);
    most_bytes = std::max(most_bytes, buffer_bytes(path));
    rows = result.state.rows;
  }
  REQUIRE(most_dropped > 0);
  CHECK(most_bytes <= max_size);
  const std::int64_t bytes_per_row = most_bytes / rows + 1;  // the WAL counted in: more than a row takes
  CHECK(most_dropped * bytes_per_row * 3 / 4 <= 1024 * 1024);
}

TEST_CASE("drop_newest keeps what is there and takes no more until room is made") {
  TemporaryFolder folder;
  BufferFile file(at(folder.file("b.db"), 1024 * 1024, false));
  std::int64_t first = 1;
  BufferVisitResult result;
  do {
    result = file.visit(keep(first, 1000));
    first += 1000;
  } while (result.kept_all && first < 100'000);
  REQUIRE_FALSE(result.kept_all);
  CHECK(result.state.usable);
  CHECK(result.dropped_now == 0);
  CHECK(file.visit(read_all()).page.front().seq == 1);
  file.visit(forget(1, first / 2));
  CHECK(file.visit(keep(first, 1000)).kept_all);
}

TEST_CASE("dropped readings stay counted over a restart") {
  TemporaryFolder folder;
  BufferVisit visit;
  visit.dropped_in_memory = 7;
  BufferFile(at(folder.file("b.db"))).visit(visit);
  CHECK(BufferFile(at(folder.file("b.db"))).visit({}).state.dropped == 7);
}

TEST_CASE("the file shrinks after an outage") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  BufferFile file(at(path));
  file.visit(keep(1, 200'000));
  const std::int64_t full = buffer_bytes(path);
  REQUIRE(full > 4 * 1024 * 1024);
  auto result = file.visit(forget(1, 200'000));
  for (int i = 0; i < 50 && result.more_to_shrink; ++i) result = file.visit({});
  CHECK_FALSE(result.more_to_shrink);
  CHECK(buffer_bytes(path) < full / 4);
}

TEST_CASE("the summary reads the buffer while an agent has it open") {
  TemporaryFolder folder;
  BufferFile file(at(folder.file("b.db")));
  auto visit = keep(10, 5);
  visit.dropped_in_memory = 3;
  file.visit(visit);
  const BufferSummary summary = summarise_buffer(folder.file("b.db"));
  CHECK(summary.rows == 5);
  CHECK(summary.dropped == 3);
  CHECK(summary.bytes > 0);
  CHECK(summary.oldest == time_of(10));
  CHECK(summary.newest == time_of(14));
  CHECK_THROWS_WITH(summarise_buffer(folder.file("none.db")), doctest::Contains("no buffer"));
  CHECK_FALSE(fs::exists(folder.file("none.db")));
}

TEST_CASE("a buffer has one agent at a time") {
  TemporaryFolder folder;
  {
    const BufferLock first(folder.file("b.db"));
    CHECK_THROWS_WITH(BufferLock(folder.file("b.db")), doctest::Contains("in use by another agent"));
    const BufferLock another(folder.file("c.db"));
  }
  const BufferLock after(folder.file("b.db"));
}
