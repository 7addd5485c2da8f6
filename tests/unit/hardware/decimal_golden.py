#!/usr/bin/env python3
"""Golden vectors of register values: what Python's exact integers and decimal module make of them, not our code.

    decimal_golden.py --write FILE     writes them
    decimal_golden.py --check FILE     fails where the file is not what would be written

A line is "TYPE SCALE OFFSET DIGEST": a hash of the values of 65,536 raws, as the bits of each double. Of a type of 16 bits the raws are all that there are; of a longer one raw i is the low bits of splitmix64(i).
A register that holds no number counts as 8000000000000000.
"""
import math
import struct
import sys
from decimal import Context, Decimal, Inexact, MAX_EMAX, MIN_EMIN

EXACT = Context(prec=2000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])
ROWS = """
    uint16 1 0          uint16 0.1 0        uint16 0.01 0         uint16 0.001 0            uint16 0.3 0
    uint16 0.7 0        uint16 1.1 0        uint16 0.025 0        uint16 0.0625 0           uint16 0.00390625 0
    uint16 1e-7 0       uint16 3e-22 0      uint16 1e-23 0        uint16 7e-300 0           uint16 1e-320 0
    uint16 1e21 0       uint16 9e303 0      uint16 0.1 273.15     uint16 0.1 1e17           uint16 0.1 1e-20
    uint16 0.00152590218966964217 0         uint16 0.999999999999999999 -0.000000000000000001
    uint16 -0.1 100     uint16 1.8 32       uint16 0.05 -273.15   uint16 123456789.123456789 -987654321.987654321
    int16 0.1 0         int16 -0.1 0        int16 0.1 -40         int16 0.005 12.5          int16 0.3333333333333333 1e-3
    int32 1 0           int32 0.001 0       int32 1.1e-9 0.1      int32 0.123456789012345 -0.987654321098765
    uint32 0.1 0        uint32 0.0001 -200  uint32 2.5e-300 1e-290
    int64 1 0           int64 0.001 0       int64 1e-18 -0.5      int64 0.123456789012345678 1e10
    uint64 1 0          uint64 0.01 0       uint64 0.1 -1e18      uint64 3e290 0
    float16 1 0         float16 0.1 0       float16 -0.01 20      float16 1e-30 1e-38
    float32 1 0         float32 0.1 0       float32 1.8 32        float32 0.1 -273.15       float32 1e-9 1e-9
    float32 1e280 0     float32 123456.789 -0.000123
    float64 1 0         float64 0.1 0       float64 1.8 32        float64 -1e-10 1e-20
""".split()
FORMATS = {"int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q", "float16": "e", "float32": "f", "float64": "d"}
PRECISION = {"float16": (11, -24), "float32": (24, -149)}


def splitmix64(i):
    x = (i + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    x = (x ^ x >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return x ^ x >> 31


def shortest(value, kind):
    """The shortest decimal that reads back to this float16 or float32, as (coefficient, exponent); exact integers alone."""
    bits, least = PRECISION[kind]
    numerator, denominator = abs(value).as_integer_ratio()
    last = max(math.frexp(value)[1] - bits, least)  # the exponent of the value's last bit
    number, rest = divmod(4 * numerator * 2 ** max(-last, 0), denominator * 2 ** max(last, 0))  # in quarters of that bit
    assert rest == 0
    digits = number // 4
    above = number + 2
    below = number - (1 if digits == 1 << (bits - 1) and last > least else 2)
    closed = digits % 2 == 0
    for exponent in range(40, -60, -1):
        # A multiple m of 10^exponent is m × step / scale of these units.
        step = 4 * 10 ** max(exponent, 0) * 2 ** max(-last, 0)
        scale = 10 ** max(-exponent, 0) * 2 ** max(last, 0)
        down = number * scale // step
        inside = [m for m in (down, down + 1) if m > 0 and (below * scale <= m * step <= above * scale if closed else below * scale < m * step < above * scale)]
        if inside:
            nearest = min(inside, key=lambda m: (abs(m * step - number * scale), m % 2))
            return (-nearest if value < 0 else nearest), exponent
    raise AssertionError(value)


def raws(kind):
    """The decimals that 65,536 registers of this type stand for; None for those that hold no number."""
    size = struct.calcsize(FORMATS[kind])
    for i in range(65536):
        pattern = i if size == 2 else splitmix64(i) & (1 << 8 * size) - 1
        value = struct.unpack(">" + FORMATS[kind], pattern.to_bytes(size, "big"))[0]
        if isinstance(value, int):
            yield Decimal(value)
        elif not math.isfinite(value):
            yield None
        elif kind == "float64":
            yield Decimal(repr(value))
        elif value == 0:
            yield Decimal(0)
        else:
            coefficient, exponent = shortest(value, kind)
            yield Decimal((coefficient < 0, tuple(map(int, str(abs(coefficient)))), exponent))


def digest(decimals, scale, offset):
    state = 0xCBF29CE484222325
    scale, offset = Decimal(scale), Decimal(offset)
    for raw in decimals:
        value = math.inf
        if raw is not None:
            value = float(EXACT.fma(raw, scale, offset))
        bits = int.from_bytes(struct.pack(">d", value + 0.0), "big") if math.isfinite(value) else 1 << 63
        state = (state ^ bits) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 29
    return f"{state:016x}"


def lines():
    known = {}
    for kind, scale, offset in zip(ROWS[0::3], ROWS[1::3], ROWS[2::3]):
        if kind not in known:
            known[kind] = list(raws(kind))
        yield f"{kind} {scale} {offset} {digest(known[kind], scale, offset)}"


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("--write", "--check"):
        sys.exit(__doc__)
    if sys.argv[1] == "--write":
        with open(sys.argv[2], "w", encoding="ascii") as file:
            file.writelines(line + "\n" for line in lines())
        return
    with open(sys.argv[2], encoding="ascii") as file:
        written = file.read().splitlines()
    expected = list(lines())
    for ours, theirs in zip(written, expected):
        if ours != theirs:
            sys.exit(f"{sys.argv[2]}: \"{ours}\" should be \"{theirs}\"")
    if len(written) != len(expected):
        sys.exit(f"{sys.argv[2]}: {len(written)} lines, {len(expected)} expected")


if __name__ == "__main__":
    main()
