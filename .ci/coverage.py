#!/usr/bin/python3
"""Line coverage by room, of what ran in a build that counts lines: coverage.py build/coverage. Of a file that several
programs hold a line is covered when one of them ran it."""

import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
ROOMS = ("common", "hardware", "agent", "server")
LEAST = 80  # per cent; less is marked
MOST_AT_ONCE = 50


def counted(build):
    """What gcov says of each source file that was compiled: one JSON text for each object file."""
    notes = sorted(build.rglob("*.gcno"))
    for start in range(0, len(notes), MOST_AT_ONCE):
        told = subprocess.run(["gcov", "--json-format", "--stdout", *notes[start:start + MOST_AT_ONCE]], cwd=build,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
        for line in told.splitlines():
            if line.startswith("{"):
                yield from json.loads(line)["files"]


def room_of(path):
    """The folder of one of our own sources below the root; None for everything else. The rooms' headers are reached
    through links."""
    try:
        inside = pathlib.Path(path).resolve().relative_to(ROOT)
    except ValueError:
        return None
    return str(inside.parent) if inside.parts[0] in ROOMS else None


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    runs = collections.defaultdict(lambda: collections.defaultdict(int))
    for file in counted(build):
        path = build / file["file"]
        if room_of(path) is None:
            continue
        for line in file["lines"]:
            runs[path.resolve()][line["line_number"]] += line["count"]
    if not runs:
        sys.exit(f"{build}: nothing was counted; build it with the preset coverage")
    rooms = collections.defaultdict(lambda: [0, 0])
    for path, lines in runs.items():
        total = rooms[room_of(path)]
        total[0] += sum(1 for count in lines.values() if count > 0)
        total[1] += len(lines)
    print(f"{'room':<26} {'lines':>7} {'covered':>8}")
    for room, (covered, lines) in sorted(rooms.items()):
        share = 100 * covered / lines
        print(f"{room:<26} {lines:>7} {share:>7.1f}%{'' if share >= LEAST else '  less than %d %%' % LEAST}")
    covered, lines = (sum(each[i] for each in rooms.values()) for i in (0, 1))
    print(f"{'all':<26} {lines:>7} {100 * covered / lines:>7.1f}%")


if __name__ == "__main__":
    main()
