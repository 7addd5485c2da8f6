#include "common/sqlite.h"

#include "unit/temporary_folder.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace webmacs;

namespace {

template <typename Action>
SqliteError error_of(Action action) {
  try {
    action();
  } catch (const SqliteError& error) {
    return error;
  }
  FAIL("no error");
  return {0, ""};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::int64_t rows(Database& database) {
  Statement count = database.prepare("SELECT count(*) FROM t");
  REQUIRE(count.step());
  return count.integer(0);
}

}  // namespace

TEST_CASE("every type goes in and comes out, null included") {
  Database database(":memory:");
  Statement statement = database.prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7");
  std::string copied = "21 °C";
  statement.bind(1, std::int64_t{-9007199254740993})
      .bind(2, 23.45)
      .bind(3, std::string_view(copied))
      .bind(4, nullptr)
      .bind(5, std::optional<double>())
      .bind(6, std::optional<std::string>("set"))
      .bind(7, 7);
  copied = "overwritten";
  REQUIRE(statement.step());
  CHECK(statement.integer(0) == -9007199254740993);
  CHECK(statement.real(1) == 23.45);
  CHECK(statement.text(2) == "21 °C");
  CHECK(statement.is_null(3));
  CHECK(statement.text(3).empty());
  CHECK_FALSE(statement.optional_real(4));
  CHECK_FALSE(statement.optional_integer(4));
  CHECK(statement.text(5) == "set");
  CHECK(statement.optional_integer(6) == 7);
  CHECK(statement.optional_real(1) == 23.45);
  CHECK_FALSE(statement.step());
}

TEST_CASE("an empty text is a text, and zero bytes inside survive") {
  Database database(":memory:");
  Statement statement = database.prepare("SELECT ?1, ?2");
  statement.bind(1, std::string_view()).bind(2, std::string_view("a\0b", 3));
  REQUIRE(statement.step());
  CHECK_FALSE(statement.is_null(0));
  CHECK(statement.text(1) == std::string("a\0b", 3));
}

TEST_CASE("a statement is run again after reset, which clears its parameters") {
  Database database(":memory:");
  database.execute("CREATE TABLE t(a)");
  Statement insert = database.prepare("INSERT INTO t VALUES(?1)");
  insert.bind(1, 5).run();
  CHECK(database.changes() == 1);
  CHECK(database.last_insert_rowid() == 1);
  insert.run();
  Statement nulls = database.prepare("SELECT count(*) FROM t WHERE a IS NULL");
  REQUIRE(nulls.step());
  CHECK(nulls.integer(0) == 1);
}

TEST_CASE("pragmas answer integers") {
  Database database(":memory:");
  database.execute("PRAGMA user_version = 12");
  CHECK(database.pragma("user_version") == 12);
  CHECK(database.pragma("user_version = 13") == 0);
  CHECK(database.pragma("user_version") == 13);
  CHECK(database.pragma("busy_timeout") == 5000);
}

TEST_CASE("a transaction that is not committed leaves nothing") {
  Database database(":memory:");
  database.execute("CREATE TABLE t(a)");
  {
    Transaction transaction(database);
    database.execute("INSERT INTO t VALUES(1)");
  }
  CHECK(rows(database) == 0);
  {
    Transaction transaction(database);
    database.execute("INSERT INTO t VALUES(1)");
    transaction.commit();
  }
  CHECK(rows(database) == 1);
  {
    Transaction transaction(database);
    database.execute("INSERT INTO t VALUES(2)");
    database.execute("ROLLBACK");  // as SQLite itself does on a full disk
  }
  CHECK(rows(database) == 1);
}

TEST_CASE("errors name the file, the action and SQLite's reason") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.db");
  Database database(path);
  const SqliteError wrong = error_of([&] { database.execute("CREATE NONSENSE"); });
  CHECK(contains(wrong.what(), path + ": cannot run \"CREATE NONSENSE\": near \"NONSENSE\": syntax error"));
  CHECK(contains(error_of([&] { database.prepare("SELECT * FROM nowhere"); }).what(), "no such table: nowhere"));
  Statement one = database.prepare("SELECT ?1");
  CHECK(contains(error_of([&] { one.bind(2, 1); }).what(), "cannot bind parameter 2 of \"SELECT ?1\""));

  database.execute("CREATE TABLE t(a PRIMARY KEY) WITHOUT ROWID");
  Statement insert = database.prepare("INSERT INTO t VALUES(?1)");
  insert.bind(1, 1).run();
  insert.bind(1, 1);
  const SqliteError twice = error_of([&] { insert.run(); });
  CHECK(twice.constraint());
  CHECK_FALSE(twice.corrupt());
  CHECK(twice.code() != twice.primary());
  insert.reset();
  insert.bind(1, 2).run();
  CHECK(rows(database) == 2);
}

TEST_CASE("a database that cannot be opened says why") {
  const TemporaryFolder folder;
  const SqliteError no_folder = error_of([&] { Database database(folder.file("missing/a.db")); });
  CHECK(contains(no_folder.what(), folder.file("missing/a.db") + ": cannot open: unable to open database file"));
  CHECK(contains(no_folder.what(), "No such file or directory"));
  error_of([&] { Database database(folder.file("none.db"), Database::Mode::read_write); });
  error_of([&] { Database database(folder.file("none.db"), Database::Mode::read_only); });
  CHECK_FALSE(std::filesystem::exists(folder.file("none.db")));
}

TEST_CASE("a reader cannot write") {
  const TemporaryFolder folder;
  Database(folder.file("a.db")).execute("CREATE TABLE t(a)");
  Database reader(folder.file("a.db"), Database::Mode::read_only);
  CHECK(contains(error_of([&] { reader.execute("INSERT INTO t VALUES(1)"); }).what(), "readonly"));
  CHECK(rows(reader) == 0);
}

TEST_CASE("a file that is no database, or a damaged one, is known as corrupt") {
  const TemporaryFolder folder;
  std::ofstream(folder.file("text.db")) << std::string(5000, 'x');
  Database text(folder.file("text.db"));
  CHECK(error_of([&] { text.pragma("user_version"); }).corrupt());
}

TEST_CASE("a locked database throws instead of waiting for ever, and works again afterwards") {
  const TemporaryFolder folder;
  Database first(folder.file("a.db"));
  first.execute("CREATE TABLE t(a)");
  Database second(folder.file("a.db"));
  second.execute("PRAGMA busy_timeout = 0");
  Statement insert = second.prepare("INSERT INTO t VALUES(1)");
  {
    Transaction transaction(first);
    CHECK(error_of([&] { insert.run(); }).primary() == 5);  // SQLITE_BUSY
    CHECK(error_of([&] { Transaction blocked(second); }).primary() == 5);
  }
  insert.reset();
  insert.run();
  CHECK(rows(first) == 1);
}
