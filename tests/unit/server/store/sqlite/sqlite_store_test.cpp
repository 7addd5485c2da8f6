#include "server/store/sqlite/sqlite_store.h"

#include "common/sqlite.h"
#include "server/open_store.h"
#include "server/store/sqlite/sqlite_schema.h"
#include "server/store/store_url.h"
#include "unit/server/store/store_suite.h"
#include "unit/server/store/store_suite_experiments.h"
#include "unit/server/store/store_suite_export.h"
#include "unit/server/store/store_suite_retention.h"
#include "unit/server/store/store_suite_series.h"
#include "unit/server/store/store_suite_tokens.h"

#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

class SqliteBackend {
 public:
  std::unique_ptr<Store> open() { return open_store("sqlite://" + folder_.file("hub.db")); }

 private:
  TemporaryFolder folder_;
};

std::string failure_of_open(const std::string& url) {
  try {
    open_store(url);
  } catch (const StoreError& error) {
    return error.what();
  }
  return "";
}

std::string plan_of(const std::string& path, const std::string& sql) {
  Database database(path);
  Statement plan = database.prepare("EXPLAIN QUERY PLAN " + sql);
  std::string steps;
  while (plan.step()) steps += plan.text(3) + "\n";
  return steps;
}

}  // namespace

TYPE_TO_STRING(SqliteBackend);
namespace webmacs::testing {
WEBMACS_STORE_CONTRACT(SqliteBackend);
WEBMACS_STORE_CONTRACT_EXPERIMENTS(SqliteBackend);
WEBMACS_STORE_CONTRACT_EXPORT(SqliteBackend);
WEBMACS_STORE_CONTRACT_SERIES(SqliteBackend);
WEBMACS_STORE_CONTRACT_RETENTION(SqliteBackend);
WEBMACS_STORE_CONTRACT_TOKENS(SqliteBackend);
}  // namespace webmacs::testing

TEST_CASE("a new file is ours, in WAL mode, and not for everybody") {
  const TemporaryFolder folder;
  const std::string path = folder.file("hub.db");
  const mode_t before = umask(0);
  { append(*open_store("sqlite://" + path), "rig1", {good("evt_a", at(0), 1)}); }
  umask(before);
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
  Database database(path);
  CHECK(database.pragma("application_id") == 0x574D4143);
  CHECK(database.pragma("user_version") == static_cast<std::int64_t>(sqlite_migrations().size()));
  Statement mode = database.prepare("PRAGMA journal_mode");
  REQUIRE(mode.step());
  CHECK(mode.text(0) == "wal");
}

TEST_CASE("a folder that is missing or closed is named") {
  const TemporaryFolder folder;
  const std::string missing = failure_of_open("sqlite://" + folder.file("no/hub.db"));
  CHECK(contains(missing,
                 folder.file("no/hub.db") + " cannot be opened: folder " + folder.file("no") + " does not exist"));
  std::ofstream(folder.file("file")) << "x";
  CHECK(contains(failure_of_open("sqlite://" + folder.file("file/hub.db")), folder.file("file") + " is not a folder"));
  CHECK(contains(failure_of_open("sqlite://" + folder.path()), "it is not a file"));
  if (geteuid() == 0) return;  // root may write everywhere
  chmod(folder.path().c_str(), 0500);
  CHECK(contains(failure_of_open("sqlite://" + folder.file("hub.db")), "is not writable"));
  chmod(folder.path().c_str(), 0700);
}

TEST_CASE("urls of other stores are refused with what is allowed, and no password is repeated") {
  CHECK(without_password("postgresql://user:secret@host/db?password=x") == "postgresql://user@host/db");
  CHECK(without_password("postgresql://user@host:5432/db") == "postgresql://user@host:5432/db");
  CHECK(without_password("sqlite:///a:b@c?d") == "sqlite:///a:b@c?d");
  const std::string mysql = failure_of_open("mysql://user:secret@host/db");
  CHECK(contains(mysql, "mysql://"));
  CHECK(contains(mysql, "sqlite:///absolute/path"));
  CHECK_FALSE(contains(mysql, "secret"));
  CHECK(contains(failure_of_open("/var/lib/hub.db"), "sqlite:///absolute/path"));
  CHECK(contains(failure_of_open("sqlite://"), "names no file"));
}

TEST_CASE("a relative path is a file whatever it is called") {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  append(*open_store("sqlite://:memory:"), "rig1", {good("evt_a", at(0), 1)});
  std::filesystem::current_path(before);
  CHECK(std::filesystem::file_size(folder.file(":memory:")) > 0);
}

TEST_CASE("what is no database of ours is refused and left as it is") {
  const TemporaryFolder folder;
  const std::string path = folder.file("hub.db");
  SUBCASE("text") {
    std::ofstream(path) << std::string(5000, 'x');
    CHECK(contains(failure_of_open("sqlite://" + path), path + " cannot be opened: it is not a database"));
    CHECK(std::filesystem::file_size(path) == 5000);
  }
  SUBCASE("another program's database") {
    Database(path).execute("CREATE TABLE bookmarks (url TEXT)");
    CHECK(contains(failure_of_open("sqlite://" + path), "another program's database"));
    Database database(path);
    Statement mode = database.prepare("PRAGMA journal_mode");
    REQUIRE(mode.step());
    CHECK(mode.text(0) == "delete");
  }
  SUBCASE("a newer schema") {
    { open_store("sqlite://" + path); }
    Database(path).execute("PRAGMA user_version = 99");
    const std::string failure = failure_of_open("sqlite://" + path);
    CHECK(contains(failure, "its schema is version 99"));
    CHECK(contains(failure, "newer program"));
    CHECK(Database(path).pragma("user_version") == 99);
  }
  SUBCASE("an empty file is a new one") {
    { std::ofstream file(path); }
    CHECK(open_store("sqlite://" + path)->events().empty());
  }
}

TEST_CASE("several programs may open a new file at once") {
  const TemporaryFolder folder;
  constexpr int count = 6;
  std::vector<std::string> failures(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      try {
        auto store = open_store("sqlite://" + folder.file("hub.db"));
        append(*store, "rig1", {good("evt_" + std::to_string(i), at(0), i)});
      } catch (const StoreError& error) {
        failures[static_cast<std::size_t>(i)] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& failure : failures) CHECK(failure.empty());
  CHECK(open_store("sqlite://" + folder.file("hub.db"))->events().size() == count);
}

TEST_CASE("an event's key is not used again after the event was deleted") {
  const TemporaryFolder folder;
  auto store = open_store("sqlite://" + folder.file("hub.db"));
  const auto first = append(*store, "rig1", {good("evt_a", at(0), 1)});
  Database(folder.file("hub.db")).execute("DELETE FROM datapoints; DELETE FROM events");
  const auto second = append(*store, "rig2", {good("evt_a", at(0), 1)});
  CHECK(second[0].outcome == Outcome::stored);
  CHECK(second[0].event_key > first[0].event_key);
}

TEST_CASE("an event without an owner becomes the first pusher's") {
  const TemporaryFolder folder;
  auto store = open_store("sqlite://" + folder.file("hub.db"));
  Database(folder.file("hub.db")).execute("INSERT INTO events (public_id) VALUES ('evt_a')");
  CHECK(append(*store, "rig1", {good("evt_a", at(0), 1)})[0].outcome == Outcome::stored);
  CHECK(append(*store, "rig2", {good("evt_a", at(1), 1)})[0].owner == "rig1");
  CHECK(store->events().at(0).controller == "rig1");
}

TEST_CASE("descriptions that did not change write nothing") {
  const TemporaryFolder folder;
  auto store = open_store("sqlite://" + folder.file("hub.db"));
  auto other = open_store("sqlite://" + folder.file("hub.db"));
  const EventDescription inlet{"evt_a", "Inlet", "analog", "°C", 0.0, std::nullopt, 0.5, std::nullopt, "plc"};
  store->describe("rig1", {inlet});
  const std::int64_t before = other->change_counter();
  store->describe("rig1", {inlet});
  CHECK(other->change_counter() == before);
}

TEST_CASE("latest seeks once per event") {
  const TemporaryFolder folder;
  auto store = open_store("sqlite://" + folder.file("hub.db"));
  for (int i = 0; i < 200; ++i) {
    std::vector<IncomingReading> readings;
    for (int j = 0; j < 1000; ++j) readings.push_back(good("evt_a", at(i * 1000 + j), j));
    append(*store, "rig1", readings);
  }
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) CHECK(store->latest(at(1000000)).at(0).reading.time == at(199999));
  // A scan of 200000 rows takes milliseconds each; a hundred seeks take far less than one scan would a hundred times.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(500));
  const std::string plan = plan_of(
      folder.file("hub.db"), "SELECT time FROM datapoints WHERE event = 1 AND time <= 5 ORDER BY time DESC LIMIT 1");
  CHECK(contains(plan, "SEARCH datapoints USING PRIMARY KEY (event=? AND time<?)"));
}

TEST_CASE("a file that was moved away is not written any more, its successor is") {
  const TemporaryFolder folder;
  const std::string path = folder.file("hub.db");
  auto store = open_store("sqlite://" + path);
  append(*store, "rig1", {good("evt_a", at(0), 1)});
  std::filesystem::rename(path, folder.file("old.db"));
  CHECK_THROWS_AS(append(*store, "rig1", {good("evt_a", at(1), 1)}), StoreError);
  CHECK_THROWS_AS(store->check(), StoreError);  // no new file is begun in silence
  CHECK_FALSE(std::filesystem::exists(path));
  std::filesystem::rename(folder.file("old.db"), path);
  store->check();
  append(*store, "rig1", {good("evt_a", at(1), 1)});
  CHECK(everything(*store, "evt_a").size() == 2);
}

TEST_CASE("a damaged file is told and never taken for an empty one") {
  const TemporaryFolder folder;
  const std::string path = folder.file("hub.db");
  {
    auto store = open_store("sqlite://" + path);
    std::vector<IncomingReading> readings;
    for (int i = 0; i < 5000; ++i) readings.push_back(good("evt_a", at(i), i));
    append(*store, "rig1", readings);
  }
  {
    // Every page but the first, so that the file still opens.
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = static_cast<long>(std::filesystem::file_size(path));
    file.seekp(4096);
    for (long i = 4096; i < size; ++i) file.put('\x55');
  }
  std::string failure = failure_of_open("sqlite://" + path);
  if (failure.empty()) {
    auto store = open_store("sqlite://" + path);
    CHECK_THROWS_WITH_AS(append(*store, "rig1", {good("evt_a", at(9999), 1)}), doctest::Contains("restore a backup"),
                         StoreError);
    CHECK_THROWS_AS(store->events(), StoreError);
  } else {
    CHECK(contains(failure, "restore a backup"));
  }
}
