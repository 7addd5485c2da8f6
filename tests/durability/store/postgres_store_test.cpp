#include "server/store/postgres/postgres_store.h"

#include "postgres_server.h"
#include "server/open_store.h"
#include "server/store/postgres/postgres_schema.h"
#include "unit/server/store/store_suite.h"
#include "unit/server/store/store_suite_experiments.h"
#include "unit/server/store/store_suite_export.h"
#include "unit/server/store/store_suite_retention.h"
#include "unit/server/store/store_suite_series.h"
#include "unit/server/store/store_suite_tokens.h"

#include <thread>

using namespace webmacs;
using namespace webmacs::testing;
using namespace std::chrono_literals;

namespace {

class PostgresBackend {
 public:
  std::unique_ptr<Store> open() { return open_store(url_); }

 private:
  const std::string url_ = PostgresServer::shared().create_database();
};

std::string failure_of_open(const std::string& url) {
  try {
    open_store(url);
  } catch (const StoreError& error) {
    return error.what();
  }
  return "";
}

// Tries until it works, as the hub does.
std::vector<AppendResult> append_patiently(Store& store, const std::vector<IncomingReading>& readings) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  for (;;) {
    try {
      return append(store, "rig1", readings);
    } catch (const StoreError&) {
      if (std::chrono::steady_clock::now() > deadline) throw;
      std::this_thread::sleep_for(50ms);
    }
  }
}

}  // namespace

TYPE_TO_STRING(PostgresBackend);
namespace webmacs::testing {
WEBMACS_STORE_CONTRACT(PostgresBackend);
WEBMACS_STORE_CONTRACT_EXPERIMENTS(PostgresBackend);
WEBMACS_STORE_CONTRACT_EXPORT(PostgresBackend);
WEBMACS_STORE_CONTRACT_SERIES(PostgresBackend);
WEBMACS_STORE_CONTRACT_RETENTION(PostgresBackend);
WEBMACS_STORE_CONTRACT_TOKENS(PostgresBackend);
}  // namespace webmacs::testing

TEST_CASE("months are made ahead, and for whatever month a reading names") {
  const std::string url = PostgresServer::shared().create_database();
  auto store = open_store(url);
  PostgresConnection connection(url, "");
  const auto partitions = [&] {
    return connection.integer("SELECT count(*) FROM pg_inherits WHERE inhparent = 'webmacs.datapoints'::regclass");
  };
  CHECK(partitions() == 2);
  append(*store, "rig1", {good("evt_a", at(0), 1)});
  CHECK(partitions() == 3);
  CHECK(connection.integer("SELECT count(*) FROM webmacs.datapoints_2025_01") == 1);
  append(*store, "rig1", {good("evt_a", at(1), 1)});
  CHECK(partitions() == 3);
}

TEST_CASE("several programs may open a new database at once") {
  const std::string url = PostgresServer::shared().create_database();
  constexpr int count = 6;
  std::vector<std::string> failures(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      try {
        auto store = open_store(url);
        append(*store, "rig1", {good("evt_" + std::to_string(i), at(0), i)});
      } catch (const StoreError& error) {
        failures[static_cast<std::size_t>(i)] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& failure : failures) CHECK(failure == "");
  CHECK(open_store(url)->events().size() == count);
}

TEST_CASE("a database of a newer program is refused and left as it is") {
  const std::string url = PostgresServer::shared().create_database();
  { open_store(url); }
  PostgresConnection(url, "").execute("INSERT INTO webmacs.schema_version (version) VALUES (99)");
  CHECK(contains(failure_of_open(url), "its schema is version 99"));
}

TEST_CASE("what cannot be connected to is named, with what to do, and without the password") {
  PostgresServer& server = PostgresServer::shared();
  const std::string missing = failure_of_open(server.url("nobody_made_this"));
  CHECK(contains(missing, "nobody_made_this"));
  CHECK(contains(missing, "does not exist"));
  const std::string nobody_there = failure_of_open("postgresql://user:secret@127.0.0.1:1/db");
  CHECK(contains(nobody_there, "is PostgreSQL running and reachable"));
  CHECK_FALSE(contains(nobody_there, "secret"));
}

TEST_CASE("what another program has written meanwhile is found, not taken for new") {
  const std::string url = PostgresServer::shared().create_database();
  auto ours = open_store(url);
  auto theirs = open_store(url);
  append(*ours, "rig1", {good("evt_a", at(0), 1), bad("evt_b", at(0), "timeout")});
  while (ours->summarize(5ms)) {
  }
  append(*theirs, "rig1", {good("evt_a", at(1), 2), good("evt_a", at(2), 3)});
  const auto results = append(*ours, "rig1",
                              {good("evt_b", at(1), 7), good("evt_a", at(1), 2), good("evt_a", at(2), 99),
                               good("evt_a", at(3), 4), bad("evt_a", at(4), "timeout"), good("evt_a", at(3), 5)});
  CHECK(outcomes(results) == std::vector<Outcome>{Outcome::stored, Outcome::duplicate, Outcome::conflict,
                                                  Outcome::stored, Outcome::stored, Outcome::conflict});
  CHECK(everything(*theirs, "evt_a").size() == 5);
  CHECK(everything(*theirs, "evt_b").size() == 2);
}

TEST_CASE("a datum that PostgreSQL does not take as text does not stop the others") {
  const std::string url = PostgresServer::shared().create_database();
  auto store = open_store(url);
  const auto results = append(
      *store, "rig1",
      {bad("evt_a", at(0), std::string("nul\0here", 8)), bad("evt_a", at(1), "broken \xff"), good("evt_a", at(2), 1)});
  CHECK(outcomes(results) == std::vector{Outcome::stored, Outcome::stored, Outcome::stored});
  const auto points = everything(*store, "evt_a");
  CHECK(points.at(0).reading.reason == "nul here");
  CHECK(points.at(1).reading.reason == "broken \xEF\xBF\xBD");
}

TEST_CASE("a server that is stopped or killed is connected to again, and nothing acknowledged is lost") {
  PostgresServer& server = PostgresServer::shared();
  auto store = open_store(server.create_database());
  append(*store, "rig1", {good("evt_a", at(0), 1)});
  server.stop();
  CHECK_THROWS_AS(append(*store, "rig1", {good("evt_a", at(1), 1)}), StoreError);
  CHECK_THROWS_AS(store->check(), StoreError);
  server.start();
  CHECK(append_patiently(*store, {good("evt_a", at(1), 1)})[0].outcome == Outcome::stored);
  // The process behind this connection lives on for a moment: what is sent then may be stored, or not.
  server.kill();
  try {
    append(*store, "rig1", {good("evt_a", at(2), 1)});
  } catch (const StoreError&) {
  }
  server.start();
  CHECK(append_patiently(*store, {good("evt_a", at(1), 1), good("evt_a", at(2), 1)})[0].outcome == Outcome::duplicate);
  store->check();
  CHECK(everything(*store, "evt_a").size() == 3);
}

TEST_CASE("a connection that an administrator ends while nothing happens costs one failure") {
  const std::string url = PostgresServer::shared().create_database();
  auto store = open_store(url);
  append(*store, "rig1", {good("evt_a", at(0), 1)});
  PostgresConnection(url, "").execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
      "pid <> pg_backend_pid()");
  CHECK_THROWS_AS(append(*store, "rig1", {good("evt_a", at(1), 1)}), StoreError);
  CHECK(append(*store, "rig1", {good("evt_a", at(1), 1)})[0].outcome == Outcome::stored);
}

TEST_CASE("a server that does not answer is given up after a while") {
  const std::string url = PostgresServer::shared().create_database();
  PostgresConnection connection(url, "");
  connection.set_patience(200ms);
  CHECK_THROWS_WITH_AS(connection.execute("SELECT pg_sleep(20)"), doctest::Contains("no answer"), PostgresError);
  CHECK(connection.has_ended());
}

namespace {

std::vector<std::string> months_of(const std::string& url) {
  PostgresConnection other(url, "");
  std::vector<std::string> names;
  other.query(
      "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
      "WHERE i.inhparent = 'webmacs.datapoints'::regclass ORDER BY 1",
      {}, [&](const SqlRow& row) { names.push_back(row.text(0)); });
  return names;
}

bool has_month(const std::string& url, const std::string& name) {
  const auto names = months_of(url);
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::int64_t day = 24 * hour;

// Four months, hourly, of two rigs.
void append_four_months(Store& store) {
  for (int part = 0; part < 4; ++part) {
    append_each(store, "rig1", "evt_a", each(hour, part * 30 * day, (part + 1) * 30 * day));
    append_each(store, "rig2", "evt_b", each(hour, part * 30 * day, (part + 1) * 30 * day));
  }
  summarize_all(store);
}

}  // namespace

TEST_CASE("a month of which nothing is to be kept is dropped whole") {
  const std::string url = PostgresServer::shared().create_database();
  auto store = open_store(url);
  append_four_months(*store);
  store->add_experiment(experiment_over("exp", 20 * day, 22 * day, std::vector<std::string>{"rig1"}));  // February
  append(*store, "rig2", {good("evt_silent", at(-60 * day), 1)});                                       // November
  summarize_all(*store);

  keep_to(*store, no_older_than(40 * day));  // the newest is of 15 May
  CHECK(has_month(url, "datapoints_2024_11"));
  CHECK_FALSE(has_month(url, "datapoints_2025_01"));
  CHECK(has_month(url, "datapoints_2025_02"));
  CHECK_FALSE(has_month(url, "datapoints_2025_03"));
  CHECK(has_month(url, "datapoints_2025_04"));
  CHECK(times_of(*store, "evt_silent") == std::set<std::int64_t>{-60 * day});
  const auto b = times_of(*store, "evt_b");
  CHECK(*b.begin() > 79 * day);
  CHECK(*b.begin() <= 80 * day);
  CHECK(b == each(hour, *b.begin(), 120 * day));
  auto a = each(hour, 20 * day, 22 * day);
  a.insert(b.begin(), b.end());
  CHECK(times_of(*store, "evt_a") == a);
  for (const auto* id : {"evt_a", "evt_b", "evt_silent"}) check_summaries(*store, id);

  // What comes late makes the month anew.
  append(*store, "rig1", {good("evt_a", at(60 * day), 3)});
  CHECK(has_month(url, "datapoints_2025_03"));
  summarize_all(*store);
  check_summaries(*store, "evt_a");
}

TEST_CASE("a month that somebody reads is dropped when he is done, and nobody waits for that") {
  const std::string url = PostgresServer::shared().create_database();
  auto store = open_store(url);
  append_four_months(*store);
  PostgresConnection reader(url, "");
  reader.execute("BEGIN; SELECT count(*) FROM webmacs.datapoints WHERE time > 0");
  for (int i = 0; i < 3; ++i) {
    const auto step = keep_to(*store, no_older_than(40 * day));
    CHECK(step.removed == 0);
    append(*store, "rig1", {good("evt_a", at(120 * day + i), 1)});
  }
  CHECK(has_month(url, "datapoints_2025_01"));
  reader.execute("COMMIT");
  keep_to(*store, no_older_than(40 * day));
  CHECK_FALSE(has_month(url, "datapoints_2025_01"));
  check_summaries(*store, "evt_a");
}

TEST_CASE("an experiment that comes while its month is on the way out keeps it, summaries and all") {
  const std::string url = PostgresServer::shared().create_database();
  auto store = open_store(url);
  append_four_months(*store);
  for (int i = 0; i < 6; ++i) REQUIRE(store->retain(no_older_than(40 * day), std::chrono::milliseconds(0)).more);
  store->add_experiment(experiment_over("exp", 0, 2 * day, std::nullopt));
  keep_to(*store, no_older_than(40 * day));
  CHECK(has_month(url, "datapoints_2025_01"));
  CHECK(times_of(*store, "evt_b").count(hour) == 1);
  CHECK(times_of(*store, "evt_b").count(3 * day) == 0);
  summarize_all(*store);
  for (const auto* id : {"evt_a", "evt_b"}) check_summaries(*store, id);
}

TEST_CASE("what comes late while its month is on the way out leaves no summary behind") {
  const std::string url = PostgresServer::shared().create_database();
  auto store = open_store(url);
  append_four_months(*store);
  for (int i = 0; i < 8; ++i) {
    REQUIRE(store->retain(no_older_than(40 * day), std::chrono::milliseconds(0)).more);
    append(*store, "rig1", {good("evt_a", at(i * day + 5), 1)});
    summarize_all(*store);
  }
  // Another one's first and latest datapoint stays, although it is old.
  append(*store, "rig1", {good("evt_new", at(day), 1)});
  keep_to(*store, no_older_than(40 * day));
  keep_to(*store, no_older_than(40 * day));
  summarize_all(*store);
  CHECK(times_of(*store, "evt_new") == std::set<std::int64_t>{day});
  CHECK(*times_of(*store, "evt_a").begin() > 79 * day);
  for (const auto* id : {"evt_a", "evt_b"}) check_summaries(*store, id);
}

TEST_CASE("the oldest months go first when the tables are too large") {
  const std::string url = PostgresServer::shared().create_database();
  auto store = open_store(url);
  append_four_months(*store);
  const std::int64_t bytes = keep_to(*store, {}).bytes;
  const auto step = keep_to(*store, {{}, bytes - 50000});
  CHECK(step.removed > 0);
  CHECK_FALSE(has_month(url, "datapoints_2025_01"));
  CHECK(has_month(url, "datapoints_2025_03"));
  CHECK(keep_to(*store, {}).bytes <= bytes - 50000);
  check_summaries(*store, "evt_a");
}

TEST_CASE("rows that were removed count as free at once") {
  auto store = open_store(PostgresServer::shared().create_database());
  for (int part = 0; part < 20; ++part) {
    append_each(*store, "rig1", "evt_a", each(second, part * hour, (part + 1) * hour));
  }
  store->add_experiment(experiment_over("exp", hour, 2 * hour, std::nullopt));  // the month stays
  const std::int64_t bytes = keep_to(*store, {}).bytes;
  const std::int64_t bound = bytes - 2'000'000;
  const auto removed = keep_to(*store, {{}, bound}).removed;
  CHECK(removed > 15'000);
  CHECK(removed < 40'000);
  CHECK(keep_to(*store, {{}, bound}).removed == 0);
  CHECK(keep_to(*store, {}).bytes <= bound);
}
