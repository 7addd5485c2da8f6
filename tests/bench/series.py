"""Series of 8 events x 30 days x 1 Hz at 500 points each: how long any range takes, from the disk and from memory, and
whether every spike of one sample is in it. --quick: 4 days."""

import json
import subprocess
import sys

from setting import BUILD, Setting, show

GOALS = {"cold": 200, "warm": 50}


def main():
    days = 4 if "--quick" in sys.argv else 30
    with Setting() as setting:
        done = subprocess.Popen([BUILD / "tests" / "bench" / "webmacs-series", f"sqlite://{setting.folder}/hub.db",
                                 str(days)], stdout=subprocess.PIPE, text=True)
        for line in done.stdout:
            figure = json.loads(line)
            name = f"series, 8 events x {days} d, {figure['name']}"
            if "milliseconds" in figure:
                show(name, figure["milliseconds"], "ms", GOALS[figure["name"].rsplit(" ", 1)[1]])
            elif figure["name"].endswith("missing"):
                show(name, figure["value"], "", 0.0001)
            else:
                show(name, figure["value"], "rows/s")
        assert done.wait() == 0
        size = sum(path.stat().st_size for path in setting.folder.glob("hub.db*"))
        show("series, bytes per datapoint on disk", size / (days * 86400 * 8), "bytes", 30)


if __name__ == "__main__":
    main()
