#!/usr/bin/env python3
"""The rules of the house that no compiler knows, drawn from the tracked files: which room may include which, who may
include a foreign library, how long a file may be, and that no file speaks of one machine or of a package registry's host.
Prints each breach as file:line: what is wrong, and ends with 1 when there is one. --untested lists the headers that no
test includes."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Each room, and the rooms right below it; what those may include it may include, too. The order is the order of the
# house, from the ground up: a room names rooms above its own line only, so there is no circle.
ROOMS = {
    "common": [],
    "common/websocket": ["common"],
    "hardware": ["common"],
    "hardware/simulator": ["hardware"],
    "agent": ["hardware", "common/websocket"],
    "server/http": ["common/websocket"],
    "server/store": ["common"],
    "server/store/sql": ["server/store"],
    "server/store/sqlite": ["server/store/sql"],
    "server/store/postgres": ["server/store/sql"],
    "server/ingest": ["server/store"],
    "server/access": ["server/store", "server/http"],
    "server/catalog": ["server/store"],
    "server/stream": ["server/ingest", "server/access", "server/catalog", "common/websocket"],
    "server/net": ["server/stream", "server/http"],
    "server/export": ["server/stream", "server/http"],
    "server/api": ["server/net", "server/export"],
    "server": ["server/api", "server/store/sqlite", "server/store/postgres"],
}

# A foreign header, and where alone it may be included: a file, or a folder with its slash.
LIBRARIES = {
    r"modbus(/.*)?\.h": ["hardware/rtu_channel.cpp"],
    r"libpq-fe\.h": ["server/store/postgres/postgres_connection.cpp"],
    r"sqlite3\.h": ["common/sqlite.cpp"],
    r"zlib\.h": ["server/http/gzip.cpp", "tests/unit/server/http/gzip_test.cpp"],
    r"simdjson\.h": ["common/quick_parse.cpp"],
    r"prometheus/.*": ["server/api/metrics.cpp"],
    r"websocketpp/.*": ["common/websocket/"],
    r"CLI/.*": ["agent/main.cpp", "hardware/simulator/main.cpp", "server/main.cpp"],
}

LONGEST = 350  # lines
CODE = {".cpp", ".h", ".py", ".cmake", ".ts", ".mjs", ".js"}
FOREIGN_WORDS = re.compile(
    r"(?<![\w.])/(?:work|home/\w+|root)/|registry\.npmjs|registry\.yarnpkg|pypi\.org/simple|\.pkg\.dev\b|artifactory"
    r"|deb\.debian\.org")
INCLUDE = re.compile(r'^#include (?:"([^"]+)"|<([^>]+)>)')


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    return [name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def lines_of(name):
    try:
        return (ROOT / name).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []  # a picture, a fuzzer's input


def room_of(name):
    return str(Path(name).parent)


def below(room):
    """The room, and whatever it may include."""
    found = {room}
    for lower in ROOMS[room]:
        found |= below(lower)
    return found


def check_table():
    """The table itself goes downwards only."""
    seen = set()
    for room, lower in ROOMS.items():
        for name in lower:
            if name not in seen:
                yield ".ci/source_rules.py", 1, f"{room} names {name}, which is not below it"
        seen.add(room)


def check_includes(name, lines):
    room = room_of(name)
    if room not in ROOMS:
        if name.split("/")[0] in ("agent", "common", "hardware", "server"):
            yield name, 1, f"the folder {room} is no room that .ci/source_rules.py knows"
        return
    allowed = below(room)
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        ours, foreign = include.groups()
        if ours:
            target = room_of(ours)
            if target not in ROOMS:
                yield name, number, f'"{ours}" is not named by its room: "folder/name.h"'
            elif target not in allowed:
                yield name, number, f"{room} may not include {target}, which is not below it"
            continue
        for library, homes in LIBRARIES.items():
            if re.fullmatch(library, foreign) and not any(
                    name == home or (home.endswith("/") and name.startswith(home)) for home in homes):
                yield name, number, f"<{foreign}> may be included by {' and '.join(homes)} alone"


def check_text(name, lines):
    if Path(name).suffix in CODE and len(lines) > LONGEST:
        yield name, len(lines), f"{len(lines)} lines; a file has at most {LONGEST}"
    for number, line in enumerate(lines, 1):
        if name != ".ci/source_rules.py" and FOREIGN_WORDS.search(line):
            yield name, number, f"speaks of one machine or of a registry: {FOREIGN_WORDS.search(line).group()}"


def untested(names):
    """The headers of the product that no C++ test includes."""
    included = set()
    for name in names:
        if name.startswith("tests/") and name.endswith((".cpp", ".h")):
            included |= {match.group(1) for match in map(INCLUDE.match, lines_of(name)) if match and match.group(1)}
    return [name for name in names
            if name.endswith(".h") and name.split("/")[0] in ("agent", "common", "hardware", "server")
            and name not in included]


def main():
    names = tracked()
    if sys.argv[1:] == ["--untested"]:
        missing = untested(names)
        print(f"{len(missing)} headers are in no unit test, durability test or fuzzer:")
        for room in ROOMS:
            mine = [Path(name).name for name in missing if room_of(name) == room]
            if mine:
                print(f"  {room}: {' '.join(mine)}")
        return 0
    breaches = list(check_table())
    for name in names:
        lines = lines_of(name)
        if name.endswith((".cpp", ".h")):
            breaches += check_includes(name, lines)
        breaches += check_text(name, lines)
    for name, number, wrong in breaches:
        print(f"{name}:{number}: {wrong}")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
