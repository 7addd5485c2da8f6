"""Reads the hub's SQLite file as another program would: a connection of its own, and nothing but what is committed."""

import contextlib
import sqlite3


class StoreReader:
    def __init__(self, path):
        self.path = path

    def rows(self, sql, *parameters):
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)) as database:
            return database.execute(sql, parameters).fetchall()

    def datapoints(self, event_public_id=None):
        """(event, microseconds since 1970, value, reason) in the order of time."""
        return self.rows(
            "SELECT e.public_id, d.time, d.value, d.reason FROM datapoints d JOIN events e ON e.key = d.event"
            " WHERE ?1 IS NULL OR e.public_id = ?1 ORDER BY d.time, e.public_id", event_public_id)

    def count(self):
        return self.rows("SELECT count(*) FROM datapoints")[0][0]
