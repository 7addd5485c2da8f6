#include "server/store/postgres/postgres_words.h"

#include <doctest/doctest.h>

using webmacs::in_postgres_words;

TEST_CASE("tables are named with their schema wherever a table is named") {
  CHECK(in_postgres_words("SELECT e.key FROM events e LEFT JOIN summary_marks m ON m.event = e.key") ==
        "SELECT e.key FROM webmacs.events e LEFT JOIN webmacs.summary_marks m ON m.event = e.key");
  CHECK(in_postgres_words("INSERT INTO tokens (name) VALUES ($1) ON CONFLICT DO NOTHING") ==
        "INSERT INTO webmacs.tokens (name) VALUES ($1) ON CONFLICT DO NOTHING");
  CHECK(in_postgres_words("UPDATE events SET name = $2 WHERE key = $1") ==
        "UPDATE webmacs.events SET name = $2 WHERE key = $1");
  CHECK(in_postgres_words("DELETE FROM datapoints WHERE event = (SELECT key FROM events LIMIT 1)") ==
        "DELETE FROM webmacs.datapoints WHERE event = (SELECT key FROM webmacs.events LIMIT 1)");
}

TEST_CASE("the parts that a statement names itself are no tables") {
  CHECK(in_postgres_words("WITH RECURSIVE ended (key) AS (SELECT key FROM tokens UNION SELECT t.key FROM tokens t JOIN "
                          "ended ON true) SELECT key FROM ended") ==
        "WITH RECURSIVE ended (key) AS (SELECT key FROM webmacs.tokens UNION SELECT t.key FROM webmacs.tokens t JOIN "
        "ended ON true) SELECT key FROM ended");
  CHECK(in_postgres_words("WITH a AS (SELECT 1), b AS (SELECT 2) SELECT 3 FROM a JOIN b ON true JOIN events ON true") ==
        "WITH a AS (SELECT 1), b AS (SELECT 2) SELECT 3 FROM a JOIN b ON true JOIN webmacs.events ON true");
}

TEST_CASE("what is no table of ours stays as it is") {
  for (const char* sql :
       {"SELECT * FROM unnest($1::bigint[])", "SELECT 1 FROM pg_stat_user_tables s", "SELECT a IS DISTINCT FROM $1",
        "SELECT 1 FROM (SELECT 2) AS rows",
        "INSERT INTO webmacs.events (key) VALUES (1) ON CONFLICT (key) DO UPDATE SET name = 'from events'",
        "SELECT 'FROM events'", "SELECT key, controllers FROM generate_series(1, 2)"}) {
    CHECK(in_postgres_words(sql) == sql);
  }
}
