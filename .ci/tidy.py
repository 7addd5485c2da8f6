#!/usr/bin/env python3
"""clang-tidy with the project's configuration over every source of the product: agent, common, hardware, server.

Most of the time goes into the libraries' headers, so the sources of a room are read as one text, which includes them one
after the other. Two sources of a room that each have a helper of the same name do not compile in one text: the second one
is read alone then, which takes longer and finds the same. A source that was clean is not read again before it, a header
of ours that it includes, its flags, the configuration or clang-tidy changes; build/tidy/clean remembers that. Prints what
clang-tidy says, and ends with 1 when it says anything. Arguments: sources; all of them without any."""

import concurrent.futures
import functools
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "tidy"
CLEAN = BUILD / "clean"
CONFIGURATION = ROOT / ".clang-tidy"
PRODUCT = ("agent", "common", "hardware", "server")
INCLUDE = re.compile(rb'^#include "([^"]+)"', re.MULTILINE)
FINDING = re.compile(r"^(?=\S+:\d+:\d+: (?:error|warning): )", re.MULTILINE)
BROKEN = re.compile(r"^(\S+?):\d+:\d+: error: .*\[clang-diagnostic-error", re.MULTILINE)


def flags_by_source():
    """Each source of the product, and what it is compiled with, as far as it matters to a reader. The rooms' headers are
    read where they are: which room may include which is another check's business."""
    subprocess.run(["cmake", "--preset", "tidy", "--log-level=NOTICE"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    flags = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        path = Path(entry["file"])
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in PRODUCT:
            flags[str(path.relative_to(ROOT))] = list(kept(shlex.split(entry["command"])))
    return flags


def kept(words):
    words = iter(words)
    for word in words:
        if word == "-isystem":
            yield f"-isystem{next(words)}"
        elif re.match(r"-[DW]|-std=", word) or (word.startswith("-I") and not word.startswith(f"-I{BUILD}/include/")):
            yield word


@functools.cache
def read(name):
    """The text of a file of ours, and the files of ours that it includes."""
    text = (ROOT / name).read_bytes()
    return text, [include.decode() for include in INCLUDE.findall(text) if (ROOT / include.decode()).is_file()]


def with_headers(source):
    """The source and every header of ours that it reaches."""
    reached, waiting = {source}, [source]
    while waiting:
        new = set(read(waiting.pop())[1]) - reached
        reached |= new
        waiting += new
    return sorted(reached)


def fingerprint(source, flags, tool):
    digest = hashlib.sha256(tool + "\0".join(flags).encode())
    for name in with_headers(source):
        text = read(name)[0]
        digest.update(f"\0{name} {len(text)}\0".encode() + text)
    return digest.hexdigest()


def texts_of(sources):
    """Lists of sources that are read as one, the longest first: all processors end at about the same time. A main stands
    alone, a program has one."""
    rooms = {}
    for source in sources:
        path = Path(source)
        rooms.setdefault(source if path.name == "main.cpp" else str(path.parent), []).append(source)
    return sorted(rooms.values(), key=len, reverse=True)


def findings_in(sources, flags):
    """Pairs: sources, and what clang-tidy says of them."""
    text = BUILD / f"{hashlib.sha256(' '.join(sources).encode()).hexdigest()[:16]}.cpp"
    # <utility> comes first in the build, too: Boost's headers take it for granted.
    text.write_text("#include <utility>\n" + "".join(f'#include "{source}"\n' for source in sources))
    together = dict.fromkeys(flag for source in sources for flag in flags[source])
    # That sources are included is this script's doing.
    done = subprocess.run(
        ["clang-tidy", "--quiet", f"--config-file={CONFIGURATION}", "--checks=-bugprone-suspicious-include",
         "--warnings-as-errors=*", str(text), "--", f"-I{ROOT}", *together, "-Wno-unknown-warning-option"],
        cwd=ROOT, capture_output=True, text=True, check=False)
    text.unlink()
    if done.returncode == 0:
        return [(sources, [])]
    said = (done.stdout or done.stderr).replace(f"{ROOT}/", "")
    alone = [source for source in sources if source in BROKEN.findall(said)]
    if not alone or len(sources) == 1:
        return [(sources, [finding for finding in FINDING.split(said) if finding])]
    print(f"clang-tidy reads alone what does not compile together with its room: {' '.join(alone)}", flush=True)
    parts = [[source] for source in alone] + [[source for source in sources if source not in alone]]
    return [pair for part in parts if part for pair in findings_in(part, flags)]


def main():
    flags = flags_by_source()
    tool = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout + CONFIGURATION.read_bytes()
    CLEAN.mkdir(exist_ok=True)
    marks = {source: CLEAN / fingerprint(source, flags[source], tool) for source in sys.argv[1:] or flags}
    unknown = [source for source, mark in marks.items() if not mark.exists()]
    said = set()  # a header speaks up in each room that includes it
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for pairs in pool.map(lambda sources: findings_in(sources, flags), texts_of(unknown)):
            for sources, findings in pairs:
                for finding in findings:
                    if finding not in said:
                        said.add(finding)
                        print(finding, end="", flush=True)
                if not findings:
                    for source in sources:
                        marks[source].touch()
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
