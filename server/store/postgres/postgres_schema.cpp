#include "server/store/postgres/postgres_schema.h"

#include "server/store/store.h"

namespace webmacs {
namespace {

// The same tables as in SQLite (sqlite_schema.cpp says why they are as they are). Times are microseconds since 1970 and
// truths are integers here, too: what reads and writes them is one text for both.
// datapoints: a partition for each month, so that old ones are dropped whole and indexes stay small. No foreign key: it
// would be looked up for each row, and only one writer makes and deletes events.
// changes: counts what other connections keep in memory.
const char* const version_1 = R"sql(
CREATE TABLE events (
  key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id TEXT COLLATE "C" NOT NULL UNIQUE,
  controller TEXT NOT NULL DEFAULT '',
  described BIGINT NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  type TEXT NOT NULL DEFAULT 'analog',
  unit TEXT NOT NULL DEFAULT '',
  min_value DOUBLE PRECISION,
  max_value DOUBLE PRECISION,
  poll_interval DOUBLE PRECISION,
  max_silence DOUBLE PRECISION,
  device TEXT NOT NULL DEFAULT ''
);

CREATE TABLE datapoints (
  event BIGINT NOT NULL,
  time BIGINT NOT NULL,
  value DOUBLE PRECISION,
  reason TEXT,
  PRIMARY KEY (event, time)
) PARTITION BY RANGE (time);

CREATE TABLE tokens (
  key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT,
  revoked BIGINT
);
CREATE UNIQUE INDEX tokens_in_use ON tokens (name) WHERE revoked IS NULL;

CREATE TABLE controllers (
  name TEXT COLLATE "C" PRIMARY KEY,
  last_seen BIGINT NOT NULL,
  status TEXT NOT NULL DEFAULT ''
);

CREATE TABLE write_probe (filler TEXT NOT NULL);

CREATE TABLE changes (number BIGINT NOT NULL);
INSERT INTO changes VALUES (1);
CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN UPDATE webmacs.changes SET number = number + 1; RETURN NULL; END';
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE ON events
  FOR EACH ROW EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE ON tokens
  FOR EACH ROW EXECUTE FUNCTION count_change();
)sql";

const char* const version_2 = R"sql(
CREATE TABLE experiments (
  key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  all_controllers BIGINT NOT NULL,
  started_on BIGINT NOT NULL,
  stopped_on BIGINT CHECK (stopped_on > started_on),
  notes TEXT NOT NULL DEFAULT ''
);
CREATE INDEX experiments_by_start ON experiments (started_on);

CREATE TABLE experiment_controllers (
  experiment BIGINT NOT NULL REFERENCES experiments (key) ON DELETE CASCADE,
  controller TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (experiment, controller)
);

CREATE TABLE annotations (
  key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id TEXT NOT NULL UNIQUE,
  experiment BIGINT NOT NULL REFERENCES experiments (key) ON DELETE CASCADE,
  time BIGINT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX annotations_by_experiment ON annotations (experiment, time);

CREATE TABLE experiment_events (
  experiment BIGINT NOT NULL REFERENCES experiments (key) ON DELETE CASCADE,
  event BIGINT NOT NULL,
  public_id TEXT COLLATE "C" NOT NULL,
  controller TEXT NOT NULL,
  described BIGINT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  unit TEXT NOT NULL,
  min_value DOUBLE PRECISION,
  max_value DOUBLE PRECISION,
  poll_interval DOUBLE PRECISION,
  max_silence DOUBLE PRECISION,
  device TEXT NOT NULL,
  PRIMARY KEY (experiment, event)
);

CREATE TABLE experiment_edits (
  key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  experiment BIGINT NOT NULL REFERENCES experiments (key) ON DELETE CASCADE,
  edited_on BIGINT NOT NULL,
  edited_by TEXT NOT NULL,
  name TEXT NOT NULL,
  controllers TEXT,
  started_on BIGINT NOT NULL,
  stopped_on BIGINT,
  notes TEXT NOT NULL
);
CREATE INDEX experiment_edits_by_experiment ON experiment_edits (experiment);

CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE ON experiments
  FOR EACH ROW EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE ON annotations
  FOR EACH ROW EXECUTE FUNCTION count_change();
)sql";

const char* const version_3 = R"sql(
CREATE TABLE summaries (
  event BIGINT NOT NULL,
  level BIGINT NOT NULL,
  bucket BIGINT NOT NULL,
  first BIGINT NOT NULL,
  last BIGINT NOT NULL,
  min_time BIGINT,
  min_value DOUBLE PRECISION,
  max_time BIGINT,
  max_value DOUBLE PRECISION,
  bad BIGINT,
  silent_since BIGINT NOT NULL,
  silence BIGINT NOT NULL,
  PRIMARY KEY (event, level, bucket)
);

CREATE TABLE summary_marks (
  event BIGINT PRIMARY KEY,
  mark BIGINT NOT NULL
);
)sql";

const char* const version_4 = R"sql(
ALTER TABLE controllers ADD COLUMN agent TEXT, ADD COLUMN version TEXT, ADD COLUMN backlog BIGINT,
  ADD COLUMN dropped BIGINT;

CREATE TABLE controller_devices (
  controller TEXT COLLATE "C" NOT NULL REFERENCES controllers (name) ON DELETE CASCADE ON UPDATE CASCADE,
  position BIGINT NOT NULL,
  name TEXT NOT NULL,
  online BIGINT NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (controller, position)
);

UPDATE controllers SET agent = coalesce(status::json->>'agent', ''), version = coalesce(status::json->>'version', ''),
  backlog = coalesce((status::json->>'backlog')::bigint, 0), dropped = coalesce((status::json->>'dropped')::bigint, 0)
  WHERE status LIKE '{"type":"status"%';
INSERT INTO controller_devices SELECT c.name, d.ordinality - 1, d.value->>'name',
  CASE d.value->>'state' WHEN 'online' THEN 1 ELSE 0 END, coalesce(d.value->>'error', '')
  FROM controllers c CROSS JOIN LATERAL
  json_array_elements(CASE WHEN c.agent IS NOT NULL THEN c.status::json->'devices' END) WITH ORDINALITY d;
ALTER TABLE controllers DROP COLUMN status;

CREATE INDEX experiments_by_interval ON experiments (started_on, key, stopped_on, all_controllers);
DROP INDEX experiments_by_start;
)sql";

const char* const version_5 = R"sql(
CREATE TABLE lost_covers (
  key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  controller TEXT,
  started_on BIGINT NOT NULL,
  stopped_on BIGINT NOT NULL,
  lost_on BIGINT NOT NULL
);
CREATE INDEX lost_covers_by_loss ON lost_covers (lost_on);
)sql";

const char* const version_6 = R"sql(
ALTER TABLE tokens ADD COLUMN parent BIGINT;
CREATE INDEX tokens_by_parent ON tokens (parent) WHERE parent IS NOT NULL;

CREATE TABLE token_codes (
  hash TEXT PRIMARY KEY,
  token TEXT NOT NULL,
  enrolls BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  used BIGINT
);
)sql";

const char* const version_7 = R"sql(
CREATE TABLE store_sizes (
  taken BIGINT PRIMARY KEY,
  bytes BIGINT NOT NULL
);

CREATE TABLE row_checks (
  event BIGINT NOT NULL,
  time BIGINT NOT NULL,
  begun_on BIGINT
);
)sql";

// Any number that no other program is likely to lock.
const char* const lock_schema = "SELECT pg_advisory_xact_lock(1463634243)";

std::size_t schema_version(PostgresConnection& connection) {
  const auto version = connection.execute_for_row("SELECT coalesce(max(version), 0) FROM webmacs.schema_version");
  return std::stoull(version.at(0));
}

void require_known(std::size_t version) {
  const std::size_t newest = postgres_migrations().size();
  if (version <= newest) return;
  throw StoreError("the PostgreSQL store cannot be opened: its schema is version " + std::to_string(version) +
                   ", and this program knows versions up to " + std::to_string(newest) +
                   "; a newer program has written it: install that one, or restore a backup");
}

}  // namespace

const std::vector<std::string>& postgres_migrations() {
  static const std::vector<std::string> migrations{version_1, version_2, version_3, version_4,
                                                   version_5, version_6, version_7};
  return migrations;
}

void migrate_postgres(PostgresConnection& connection) {
  connection.execute(
      "SET synchronous_commit = on; SET timezone = 'UTC';"
      "SET default_transaction_isolation = 'read committed'; SET idle_in_transaction_session_timeout = '60s'");
  const auto there = connection.execute_for_row("SELECT to_regclass('webmacs.schema_version') IS NOT NULL");
  if (there.at(0) == "t") {
    const std::size_t version = schema_version(connection);
    require_known(version);
    if (version == postgres_migrations().size()) return;
  }
  connection.set_patience(std::chrono::hours(1));
  for (bool done = false; !done;) {
    connection.execute(std::string("BEGIN; ") + lock_schema);
    connection.execute(
        "CREATE SCHEMA IF NOT EXISTS webmacs;"
        "SET LOCAL search_path = webmacs;"
        "CREATE TABLE IF NOT EXISTS webmacs.schema_version (version BIGINT PRIMARY KEY, applied TIMESTAMPTZ DEFAULT "
        "now())");
    const std::size_t version = schema_version(connection);
    require_known(version);
    done = version == postgres_migrations().size();
    if (!done) {
      connection.execute(postgres_migrations()[version]);
      connection.execute("INSERT INTO webmacs.schema_version (version) VALUES (" + std::to_string(version + 1) + ")");
    }
    connection.commit();
  }
  connection.set_usual_patience();
}

}  // namespace webmacs
