"""Many datapoints at once, into the SQLite file of a hub that does not run yet."""

import contextlib
import sqlite3

EVERY = 1000  # microseconds


def fill(database, first, rows):
    """One event, evt_a of rig1, from `first` (microseconds) on; the experiment exp_long is exactly its time."""
    with contextlib.closing(sqlite3.connect(database)) as store:
        store.execute("INSERT INTO events (key, public_id, controller) VALUES (1, 'evt_a', 'rig1')")
        store.executemany("INSERT INTO datapoints VALUES (1, ?, ?, NULL)",
                          ((first + i * EVERY, i / 7) for i in range(rows)))
        store.execute("INSERT INTO experiments (public_id, name, all_controllers, started_on, stopped_on)"
                      " VALUES ('exp_long', 'long', 1, ?, ?)", (first, first + rows * EVERY))
        store.commit()
