"""A program whose clock a scenario sets (libfaketime)."""

from pathlib import Path

LIBRARY = next(map(str, Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), "libfaketimeMT.so.1")
