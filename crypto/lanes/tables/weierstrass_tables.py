#!/usr/bin/env python3
"""Writes the tables of the fixed-base combs of P-256 and P-384: python3 crypto/lanes/tables/weierstrass_tables.py

Table t, entry i is the point (2 i + 1) 2^(width spacing t) G, its coordinates times R modulo p (R = 2^260, 2^416), in
64-bit words. A row holds one word of all entries of a table: first the words of x, then those of y, least significant first.
"""
import os

CURVES = {
    "p256": {
        "p": 2**256 - 2**224 + 2**192 + 2**96 - 1,
        "x": 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        "y": 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        "words": 4, "radix": 2**260, "width": 7, "windows": 37, "spacing": 1,
    },
    "p384": {
        "p": 2**384 - 2**128 - 2**96 + 2**32 - 1,
        "x": 0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        "y": 0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
        "words": 6, "radix": 2**416, "width": 6, "windows": 64, "spacing": 1,
    },
}


def add(a, b, p):
    """The sum of two points of y^2 = x^3 - 3 x + b that are not opposite."""
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, p)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, p)
    x = (slope * slope - a[0] - b[0]) % p
    return x, (slope * (a[0] - x) - a[1]) % p


def tables(curve):
    p = curve["p"]
    base = (curve["x"], curve["y"])
    for _ in range(0, curve["windows"], curve["spacing"]):
        entries = [base]
        twice = add(base, base, p)
        while len(entries) < 2 ** (curve["width"] - 1):
            entries.append(add(entries[-1], twice, p))
        yield entries
        for _ in range(curve["width"] * curve["spacing"]):
            base = add(base, base, p)


def rows(curve, entries):
    for coordinate in range(2):
        for word in range(curve["words"]):
            yield [(point[coordinate] * curve["radix"] % curve["p"]) >> (64 * word) & (2**64 - 1) for point in entries]


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    for name, curve in CURVES.items():
        with open(os.path.join(folder, name + "_table.inc"), "w", encoding="ascii") as out:
            out.write("// Written by weierstrass_tables.py.\n")
            for entries in tables(curve):
                out.write("{\n")
                for row in rows(curve, entries):
                    words = [f"0x{word:016x}" for word in row]
                    lines = [", ".join(words[i:i + 6]) for i in range(0, len(words), 6)]
                    out.write("    {" + ",\n     ".join(lines) + "},\n")
                out.write("},\n")


if __name__ == "__main__":
    main()
