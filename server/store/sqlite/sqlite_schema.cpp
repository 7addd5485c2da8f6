#include "server/store/sqlite/sqlite_schema.h"

#include "server/store/store.h"

namespace webmacs {
namespace {

constexpr std::int64_t application_id = 0x574D4143;  // "WMAC"

// No CHECK on what agents send: a datum must never make a whole transaction fail.
// datapoints: clustered by (event, time), so a series is one sequential read and a reading needs no second index;
// 27.5 bytes per row with 20 interleaved events, 29.4 with 1000 (2 M rows, pages of 4 and 8 KiB alike). Bad readings
// have no value and a reason. events.key is never reused: datapoints' public ids are made of it.
// experiments hold their interval only; which datapoints belong to one is computed.
// write_probe is empty but for the moment in which a store that failed tries whether the disk takes data again.
const char* const version_1 = R"sql(
CREATE TABLE events (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  public_id TEXT NOT NULL UNIQUE,
  controller TEXT NOT NULL DEFAULT '',
  described INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  type TEXT NOT NULL DEFAULT 'analog',
  unit TEXT NOT NULL DEFAULT '',
  min_value REAL,
  max_value REAL,
  poll_interval REAL,
  max_silence REAL,
  device TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE datapoints (
  event INTEGER NOT NULL,  -- events.key, looked up in the same transaction: SQLite need not look again
  time INTEGER NOT NULL,
  value REAL,
  reason TEXT,
  PRIMARY KEY (event, time)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER,
  revoked INTEGER
) STRICT;
CREATE UNIQUE INDEX tokens_in_use ON tokens (name) WHERE revoked IS NULL;

CREATE TABLE controllers (
  name TEXT PRIMARY KEY,
  last_seen INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT '{}'
) STRICT, WITHOUT ROWID;

CREATE TABLE experiments (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  public_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  all_controllers INTEGER NOT NULL,
  started_on INTEGER NOT NULL,
  stopped_on INTEGER CHECK (stopped_on > started_on),
  notes TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX experiments_by_start ON experiments (started_on);

CREATE TABLE experiment_controllers (
  experiment INTEGER NOT NULL REFERENCES experiments (key) ON DELETE CASCADE,
  controller TEXT NOT NULL,
  PRIMARY KEY (experiment, controller)
) STRICT, WITHOUT ROWID;

CREATE TABLE annotations (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  public_id TEXT NOT NULL UNIQUE,
  experiment INTEGER NOT NULL REFERENCES experiments (key) ON DELETE CASCADE,
  time INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX annotations_by_experiment ON annotations (experiment, time);

CREATE TABLE write_probe (filler BLOB NOT NULL) STRICT;
)sql";

// experiment_events: the events' configuration as it was when the experiment began.
// experiment_edits: how an experiment was before each change; controllers are NULL where it was over all.
const char* const version_2 = R"sql(
CREATE TABLE experiment_events (
  experiment INTEGER NOT NULL REFERENCES experiments (key) ON DELETE CASCADE,
  event INTEGER NOT NULL,
  public_id TEXT NOT NULL,
  controller TEXT NOT NULL,
  described INTEGER NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  unit TEXT NOT NULL,
  min_value REAL,
  max_value REAL,
  poll_interval REAL,
  max_silence REAL,
  device TEXT NOT NULL,
  PRIMARY KEY (experiment, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE experiment_edits (
  key INTEGER PRIMARY KEY,
  experiment INTEGER NOT NULL REFERENCES experiments (key) ON DELETE CASCADE,
  edited_on INTEGER NOT NULL,
  edited_by TEXT NOT NULL,
  name TEXT NOT NULL,
  controllers TEXT,
  started_on INTEGER NOT NULL,
  stopped_on INTEGER,
  notes TEXT NOT NULL
) STRICT;
CREATE INDEX experiment_edits_by_experiment ON experiment_edits (experiment);
)sql";

// summaries: what stretches of datapoints come to, so that a long range is drawn without reading each; about 60 bytes,
// and only where there are 32 or more. Times count from the begin of their bucket. summary_marks: up to where they are
// right.
const char* const version_3 = R"sql(
CREATE TABLE summaries (
  event INTEGER NOT NULL,
  level INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  min_time INTEGER,
  min_value REAL,
  max_time INTEGER,
  max_value REAL,
  bad INTEGER,
  silent_since INTEGER NOT NULL,
  silence INTEGER NOT NULL,
  PRIMARY KEY (event, level, bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE summary_marks (
  event INTEGER PRIMARY KEY,
  mark INTEGER NOT NULL
) STRICT;
)sql";

// controllers: what an agent last said of itself, in columns; agent is NULL where it said nothing. Until here a frame
// of the wire stood in one column. Its clock is left behind: what it showed then says nothing now.
// experiments_by_interval: whatever decides whether two experiments overlap.
const char* const version_4 = R"sql(
ALTER TABLE controllers ADD COLUMN agent TEXT;
ALTER TABLE controllers ADD COLUMN version TEXT;
ALTER TABLE controllers ADD COLUMN backlog INTEGER;
ALTER TABLE controllers ADD COLUMN dropped INTEGER;

CREATE TABLE controller_devices (
  controller TEXT NOT NULL REFERENCES controllers (name) ON DELETE CASCADE ON UPDATE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  online INTEGER NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (controller, position)
) STRICT, WITHOUT ROWID;

UPDATE controllers SET agent = coalesce(json_extract(status, '$.agent'), ''),
  version = coalesce(json_extract(status, '$.version'), ''), backlog = coalesce(json_extract(status, '$.backlog'), 0),
  dropped = coalesce(json_extract(status, '$.dropped'), 0)
  WHERE json_valid(status) AND json_extract(status, '$.type') = 'status';
INSERT INTO controller_devices SELECT c.name, d.key, json_extract(d.value, '$.name'),
  json_extract(d.value, '$.state') = 'online', coalesce(json_extract(d.value, '$.error'), '')
  FROM (SELECT name, status FROM controllers WHERE agent IS NOT NULL) c CROSS JOIN json_each(c.status, '$.devices') d;
ALTER TABLE controllers DROP COLUMN status;

CREATE INDEX experiments_by_interval ON experiments (started_on, key, stopped_on, all_controllers);
DROP INDEX experiments_by_start;
)sql";

// lost_covers: what experiments covered until they were changed or deleted; no controller: all.
const char* const version_5 = R"sql(
CREATE TABLE lost_covers (
  key INTEGER PRIMARY KEY,
  controller TEXT,
  started_on INTEGER NOT NULL,
  stopped_on INTEGER NOT NULL,
  lost_on INTEGER NOT NULL
) STRICT;
CREATE INDEX lost_covers_by_loss ON lost_covers (lost_on);
)sql";

// tokens.parent: the token whose link gave this one; both end together. token_codes: what a link or an enrolment
// carries, used when it was exchanged.
const char* const version_6 = R"sql(
ALTER TABLE tokens ADD COLUMN parent INTEGER;
CREATE INDEX tokens_by_parent ON tokens (parent) WHERE parent IS NOT NULL;

CREATE TABLE token_codes (
  hash TEXT PRIMARY KEY,
  token TEXT NOT NULL,
  enrolls INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  used INTEGER
) STRICT, WITHOUT ROWID;
)sql";

// store_sizes: how large the record was, for as long as its growth is looked at. row_checks: one row, how far the
// nightly reading of all rows has come.
const char* const version_7 = R"sql(
CREATE TABLE store_sizes (
  taken INTEGER PRIMARY KEY,
  bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE row_checks (
  event INTEGER NOT NULL,
  time INTEGER NOT NULL,
  begun_on INTEGER
) STRICT;
)sql";

bool empty(Database& database) {
  Statement tables = database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1");
  return !tables.step();
}

}  // namespace

const std::vector<std::string>& sqlite_migrations() {
  static const std::vector<std::string> migrations{version_1, version_2, version_3, version_4,
                                                   version_5, version_6, version_7};
  return migrations;
}

std::size_t sqlite_schema_version(Database& database) {
  const std::int64_t id = database.pragma("application_id");
  if (id != application_id) {
    if (id == 0 && empty(database)) return 0;
    throw StoreError("store " + database.path() +
                     " cannot be opened: it is another program's database; name another file");
  }
  const std::int64_t version = database.pragma("user_version");
  const auto newest = static_cast<std::int64_t>(sqlite_migrations().size());
  if (version < 1 || version > newest) {
    throw StoreError("store " + database.path() + " cannot be opened: its schema is version " +
                     std::to_string(version) + ", and this program knows versions up to " + std::to_string(newest) +
                     "; a newer program has written it: install that one, or restore a backup");
  }
  return static_cast<std::size_t>(version);
}

void migrate_sqlite(Database& database) {
  const std::vector<std::string>& migrations = sqlite_migrations();
  while (sqlite_schema_version(database) < migrations.size()) {
    Transaction transaction(database);
    const std::size_t version = sqlite_schema_version(database);  // again: another process may have been faster
    if (version == migrations.size()) return;
    database.execute(migrations[version]);
    database.execute("PRAGMA application_id = " + std::to_string(application_id));
    database.execute("PRAGMA user_version = " + std::to_string(version + 1));
    transaction.commit();
  }
}

}  // namespace webmacs
