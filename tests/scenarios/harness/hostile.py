"""Input as a broken program or somebody with bad intentions sends it: texts, numbers, times and whole JSON values. What
is raw JSON is bytes; what may stand in a query or a path is percent-encoded."""

import json
import random
import urllib.parse

SQL = ["'; DROP TABLE datapoints; --", "\"; DELETE FROM events; --", "1' OR '1'='1", "') UNION SELECT hash FROM tokens --",
       "x' || (SELECT hash FROM tokens LIMIT 1) || '", "$1", "?1", ":name", "\\'; COMMIT; --", "/* */ --", "E'\\x41'",
       "'::bigint", "pg_sleep(9)", "{1,2}", "%' ESCAPE '!", "NULL", "COPY events TO PROGRAM 'id'"]
UNICODE = ["Füllstand ½ m³ ☃", "\u0645\u062d\u0637\u0629 \u0636\u062e", "\u05e9\u05dc\u05d5\u05dd 12", "\u202egnp.exe\u202c", "e\u0301\u0323\u0327\u0300\u0302", "👩‍👩‍👧‍👦 🏳️‍🌈",
           "𝔘𝔫𝔦 \U0001F525 \U0010FFFD", "\u2028 and \u2029", "\ufeffmark", "\u200b\u200d", "\ufffd", "\uffff\ufdd0", "ﬁ ＡＢ ẞ ſ İ ı"]
OTHER = ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "../../../../etc/passwd", "%s%n%x%%", "${jndi:ldap://x}", "\\", '"',
         "a,b;c", "a b", "wm_" + "A" * 43, "x" * 200]
# Fit for whatever people may name: at most 200 bytes, no control characters.
TEXTS = SQL + UNICODE + OTHER
# Not fit.
BAD_TEXTS = ["\0", "evt\0a", "\x1b[31mred", "line\nline", "\x7f", "x" * 201, "☃" * 67, "x" * 60000]

TIMES = ["1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z", "2199-12-31T23:59:59.999999Z", "2200-01-01T00:00:00Z",
         "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "2025-02-30T00:00:00Z", "2025-01-15T24:00:00Z", "2025-01-15T14:32:60Z",
         "-2025-01-15T14:32:10Z", "2025-01-15", "now", "1736951530", "2025-01-15T14:32:10", "2025-01-15T14:32:10+99:99",
         "2025-01-15T14:32:10.1234567890Z", "2025-01-15T14:32:10.Z", "2025-01-15T14:32:10Z; --", "２０２５-01-15T14:32:10Z",
         "1970-01-01T00:00:00+23:59", "2199-12-31T23:59:59-23:59"]

NUMBERS = ["0", "-0", "-1", "1", "9", "10", "101", "4001", "10001", "9007199254740993", "9223372036854775807",
           "9223372036854775808", "18446744073709551616", "-9223372036854775809", "1" + "0" * 30, "-1" + "0" * 30, "1e308",
           "1e-308", "5e-324", "0.5", "1.0", "1e1", "1e999", "-1e999", "1e-999", "0." + "0" * 400 + "1", "9" * 400]
NO_NUMBERS = ["NaN", "Infinity", "-Infinity", "nan", "inf", "00", "01", "+1", "0x10", "1.", ".5", "1e", "1_000", "１", "--1"]

# More than a parser that calls itself could take.
DEEP = 20000


def deep(opening, closing, inside=b"1"):
    return opening * DEEP + inside + closing * DEEP


def json_text(value):
    return json.dumps(value, ensure_ascii=False).encode()


# What may stand for a value in a JSON text; some of it breaks the whole.
RAW = [b"null", b"true", b"false", b"[]", b"{}", b"[[]]", b"[null]", b'[""]', b'{"a":1}', b'{"":{"":{}}}', b'""', b'"\\u0000"',
       b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"', b'"\\u202e"', b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"',
       b'"\xf4\x90\x80\x80"', b'"\\x41"', b"'a'", b'"open', b'"a\x00b"', b"", b",", b"1,", b'1,"a":', b"/**/1", b"undefined",
       b"[1," * 100, deep(b"[", b"]"), deep(b'{"a":', b"}")]
JSON_VALUES = [*map(json_text, TEXTS + BAD_TEXTS + TIMES), *(text.encode() for text in NUMBERS + NO_NUMBERS), *RAW]

# In a query or a path: encoded texts, and escapes that are broken or mean no text.
BYTES = ["%00", "a%00b", "%ff%fe", "%c0%80", "%ed%a0%80", "%f4%90%80%80", "%", "%2", "%zz", "%25%32%35", "+", "%2e%2e", "%2f", "a%2fb",
         "%0d%0aX-Header:%20a", "=", "==", "[]", "a=b=c", "evt_a,evt_b,", ",,,,", "a" * 4000, "," * 4000]
QUERY_VALUES = ["", *(urllib.parse.quote(text, safe="") for text in TEXTS + BAD_TEXTS[:-1] + TIMES + NUMBERS + NO_NUMBERS), *BYTES]


class Mixer:
    """Draws from all that; the same seed draws the same."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def query(self, names):
        """A query of some of `names`, some of them twice, and perhaps one that nobody knows."""
        picked = self._random.choices([*names, "nobody"], k=self._random.randint(1, len(names) + 2))
        return "&".join(f"{name}={self._random.choice(QUERY_VALUES)}" for name in picked)

    def json(self):
        return self._random.choice(JSON_VALUES)

    def cut(self, text):
        """A JSON text with a few bytes changed, left out or doubled."""
        broken = bytearray(text)
        for _ in range(self._random.randint(1, 4)):
            at = self._random.randrange(len(broken))
            broken[at:at + self._random.randint(0, 2)] = self._random.randbytes(self._random.randint(0, 2))
        return bytes(broken)


def with_raw(body, name, raw):
    """The JSON text of the object `body` with the member `name` (or [name, name, …] of nested ones) as `raw` bytes."""
    names = [name] if isinstance(name, str) else name
    text = json.loads(json.dumps(body))
    place = text
    for step in names[:-1]:
        place = place[step]
    place[names[-1]] = "@hostile@"
    return json_text(text).replace(b'"@hostile@"', raw)
