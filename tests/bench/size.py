"""Bytes per datapoint on disk, SQLite, with all indexes and summaries, at 10 million rows of values as sensors have them:
by how many events there are and how often they are polled. A thousand events at once are shown beside: their pages are
split a little emptier. --quick: a million rows."""

import contextlib
import sqlite3
import subprocess

from setting import BUILD, Setting, is_quick, show

GOAL = 30
ROWS = 1_000_000 if is_quick(__doc__) else 10_000_000
SHAPES = ((20, 1), (200, 0.5), (20, 2), (20, 60), (1000, 1))


def measure(events, interval):
    with Setting() as setting:
        path = setting.folder / "hub.db"
        subprocess.run([BUILD / "tests" / "bench" / "webmacs-size", f"sqlite://{path}", str(ROWS), str(events), str(interval)],
                       check=True)
        with contextlib.closing(sqlite3.connect(path)) as database:
            assert database.execute("SELECT count(*) FROM datapoints").fetchone() == (ROWS,)
            summaries, = database.execute("SELECT count(*) FROM summaries").fetchone()
        size = sum(file.stat().st_size for file in setting.folder.glob("hub.db*"))
    show(f"{ROWS / 1e6:g} M rows, {events} events, one in {interval:g} s", size / ROWS, "bytes", GOAL if events < 1000 else None,
         note=f"{size / 1e6:,.0f} MB, {summaries:,} summaries among them")


if __name__ == "__main__":
    for shape in SHAPES:
        measure(*shape)
