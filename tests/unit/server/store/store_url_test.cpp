#include "server/store/store_url.h"

#include "server/store/store_error.h"

#include <doctest/doctest.h>

using namespace webmacs;

TEST_CASE("an SQLite url names an absolute path, or one beside the program, never a word of SQLite's own") {
  CHECK(std::get<SqliteUrl>(parse_store_url("sqlite:///var/lib/hub.db")).path == "/var/lib/hub.db");
  CHECK(std::get<SqliteUrl>(parse_store_url("sqlite://hub.db")).path == "./hub.db");
  CHECK(std::get<SqliteUrl>(parse_store_url("sqlite://:memory:")).path == "./:memory:");
}

TEST_CASE("a PostgreSQL url goes to libpq as it is, under both names of the scheme") {
  for (const auto* url : {"postgresql://user@host/db?sslmode=require", "postgres://user@host/db"}) {
    CHECK(std::get<PostgresUrl>(parse_store_url(url)).url == url);
  }
}

TEST_CASE("a url that names no store is refused with what is allowed, and its password is not repeated") {
  CHECK_THROWS_WITH_AS(parse_store_url("mysql://user:secret@host/db"),
                       "store url mysql:// is unknown (allowed: sqlite:///absolute/path, sqlite://relative/path, "
                       "postgresql://user@host/database)",
                       StoreError);
  CHECK_THROWS_WITH_AS(parse_store_url("/var/lib/hub.db"), doctest::Contains("without a scheme"), StoreError);
  CHECK_THROWS_WITH_AS(parse_store_url("sqlite://"), doctest::Contains("names no file"), StoreError);
  CHECK_THROWS_AS(parse_store_url(""), StoreError);
}

TEST_CASE("what is shown of a url holds no password, wherever it stood") {
  CHECK(without_password("postgresql://user:secret@host/db?password=x") == "postgresql://user@host/db");
  CHECK(without_password("postgresql://user@host:5432/db") == "postgresql://user@host:5432/db");
  CHECK(without_password("postgresql://user:p@ss@host/db") == "postgresql://user@host/db");
  CHECK(without_password("sqlite:///a:b@c?d") == "sqlite:///a:b@c?d");
}
