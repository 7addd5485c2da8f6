#include "agent/rowid_walk.h"

#include "unit/temporary_folder.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

constexpr const char* select_rows = "SELECT id, text FROM rows WHERE id";

// A file with these rows, about thirty to a page.
std::string make_file(const TemporaryFolder& folder, std::int64_t first, std::int64_t last, std::int64_t step = 1) {
  std::string path = folder.file("rows.db");
  Database database(path);
  database.execute("PRAGMA page_size = 4096; CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)");
  Statement insert = database.prepare("INSERT INTO rows VALUES (?, ?)");
  Transaction transaction(database);
  for (std::int64_t id = first; id <= last; id += step) insert.bind(1, id).bind(2, std::string(100, 'x')).run();
  transaction.commit();
  return path;
}

struct Walked {
  std::set<std::int64_t> rows;
  std::int64_t twice = 0;
  std::int64_t places = 0;
};

// Accepts whatever the walk comes upon.
Walked walk(const std::string& path) {
  Database database(path, Database::Mode::read_only);
  RowidWalk walk(database, select_rows);
  Walked result;
  while (!walk.ended()) {
    const Statement* row = walk.next(std::chrono::steady_clock::now() + 10s);
    if (row == nullptr) continue;
    if (walk.accept() && !result.rows.insert(row->integer(0)).second) ++result.twice;
  }
  result.places = walk.unreadable_places();
  return result;
}

void overwrite_page(const std::string& path, std::int64_t number) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp((number - 1) * 4096);
  file << std::string(4096, '\xA5');
}

}  // namespace

TEST_CASE("every row of a sound table comes once, and the walk ends") {
  const TemporaryFolder folder;
  const Walked walked = walk(make_file(folder, 1, 1000));
  CHECK(walked.rows.size() == 1000);
  CHECK(walked.twice == 0);
  CHECK(walked.places == 0);
}

TEST_CASE("an empty table is at its end at once") {
  const TemporaryFolder folder;
  CHECK(walk(make_file(folder, 1, 0)).rows.empty());
}

TEST_CASE("numbers that were never used are no damage, near or far") {
  const TemporaryFolder folder;
  const Walked walked = walk(make_file(folder, 1, 100'000'000, 49'999'999));
  CHECK(walked.rows.size() == 3);
  CHECK(walked.twice == 0);
  CHECK(walked.places == 0);
}

TEST_CASE("a page that cannot be read costs its own rows, and is one place") {
  const TemporaryFolder folder;
  const std::string path = make_file(folder, 1, 3000);
  const auto pages = static_cast<std::int64_t>(std::filesystem::file_size(path)) / 4096;
  overwrite_page(path, pages / 2);
  const Walked walked = walk(path);
  CHECK(walked.rows.size() >= 3000 - 40);
  CHECK(walked.rows.size() < 3000);
  CHECK(walked.twice == 0);
  CHECK(walked.places == 1);
  CHECK(walked.rows.count(1) == 1);
  CHECK(walked.rows.count(3000) == 1);
}

TEST_CASE("a row that nobody accepts does not move the walk, unless the numbers go on from it") {
  const TemporaryFolder folder;
  Database database(make_file(folder, 1, 50), Database::Mode::read_only);
  RowidWalk walk(database, select_rows);
  std::int64_t seen = 0;
  while (walk.next(std::chrono::steady_clock::now() + 10s) != nullptr && !walk.in_gaps()) ++seen;
  CHECK(seen == 50);
}

TEST_CASE("a number that came before is not accepted again") {
  const TemporaryFolder folder;
  Database database(make_file(folder, 1, 3), Database::Mode::read_only);
  RowidWalk walk(database, select_rows);
  REQUIRE(walk.next(std::chrono::steady_clock::now() + 10s) != nullptr);
  CHECK(walk.accept());
  CHECK_FALSE(walk.accept());
}

TEST_CASE("a walk through much that cannot be read gives the thread back at its deadline") {
  const TemporaryFolder folder;
  const std::string path = make_file(folder, 1, 3000);
  const auto pages = static_cast<std::int64_t>(std::filesystem::file_size(path)) / 4096;
  for (std::int64_t page = 3; page <= pages; ++page) overwrite_page(path, page);
  Database database(path, Database::Mode::read_only);
  RowidWalk walk(database, select_rows);
  const auto past = std::chrono::steady_clock::now();
  int returned_early = 0;
  for (int i = 0; i < 10; ++i) {
    if (walk.next(past) == nullptr && !walk.ended()) ++returned_early;
  }
  CHECK(returned_early > 0);
}

TEST_CASE("a table that is not there is said at once") {
  const TemporaryFolder folder;
  Database database(folder.file("empty.db"));
  CHECK_THROWS_AS(RowidWalk(database, select_rows), SqliteError);
}
