#!/usr/bin/env python3
"""Makes rsa_private.json: RSA keys of ordinary and of awkward shapes, and roots computed by OpenSSL and GnuTLS.

usage: make_rsa.py > rsa_private.json     (takes some minutes; needs the commands openssl and certtool)

Each vector is {key, input, root, made_by} with root = input^d mod n. OpenSSL computes raw roots of random inputs.
GnuTLS has no such operation: certtool signs a certificate, whose signature is the root of the padded digest.
"""

import base64
import hashlib
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

DIGIT = 1 << 52
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


def is_prime(number):
    if any(number % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return False
    return all(pow(random.randrange(2, number), number - 1, number) == 1 for _ in range(12))


def prime_from(start, step, exponent):
    """The first prime in start, start + step, ... with no factor of exponent in its predecessor."""
    number = start | 1
    while not (math.gcd(number - 1, exponent) == 1 and is_prime(number)):
        number += step
    return number


def primes(shape, half, exponent):
    top = 1 << half
    if shape == "high":  # The largest: all digits but the lowest are all ones, and the highest is as full as it gets.
        first = prime_from(top - 1, -2, exponent)
        return first, prime_from(first - 2, -2, exponent)
    if shape == "low":  # The smallest modulus: a one, then zeros.
        first = prime_from(math.isqrt(top * top // 2) + 1, 2, exponent)
        return prime_from(first + 2, 2, exponent), first
    if shape == "uneven":  # prime2 is the smallest and prime1 the largest.
        return prime_from(top - 1, -2, exponent), prime_from(top // 2 + 2**20 + 1, 2, exponent)
    if shape == "uneven_swapped":  # prime2 is nearly twice prime1: residues modulo it exceed prime1.
        return tuple(reversed(primes("uneven", half, exponent)))
    if shape == "lowest_digits":  # 1 and -1 modulo 2^52.
        first = random.getrandbits(half) | 3 << (half - 2)
        second = random.getrandbits(half) | 3 << (half - 2)
        return (prime_from(first - first % DIGIT + 1, DIGIT, exponent),
                prime_from(second - second % DIGIT + DIGIT - 1, DIGIT, exponent))
    starts = [random.getrandbits(half) | 3 << (half - 2) for _ in range(2)]
    return tuple(prime_from(start, 2, exponent) for start in starts)


def make_key(shape, bits, exponent):
    p, q = primes(shape, bits // 2, exponent)
    d = pow(exponent, -1, math.lcm(p - 1, q - 1))
    key = {"n": p * q, "e": exponent, "d": d, "p": p, "q": q, "dp": d % (p - 1), "dq": d % (q - 1), "qinv": pow(q, -1, p)}
    assert key["n"].bit_length() == bits and p.bit_length() == q.bit_length() == bits // 2
    return key


def der(tag, content):
    size = len(content)
    count = (size.bit_length() + 7) // 8
    length = bytes([size]) if size < 128 else bytes([0x80 | count]) + size.to_bytes(count, "big")
    return bytes([tag]) + length + content


def der_integer(number):
    return der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def pem(key):
    names = ["n", "e", "d", "p", "q", "dp", "dq", "qinv"]
    body = der(0x30, der_integer(0) + b"".join(der_integer(key[name]) for name in names))
    return ("-----BEGIN RSA PRIVATE KEY-----\n" + base64.encodebytes(body).decode() + "-----END RSA PRIVATE KEY-----\n")


def openssl_root(folder, key, data):
    (folder / "input").write_bytes(data)
    return subprocess.run(
        ["openssl", "pkeyutl", "-decrypt", "-inkey", folder / "key", "-in", folder / "input", "-pkeyopt", "rsa_padding_mode:none"],
        check=True, stdout=subprocess.PIPE).stdout


def header_size(data):
    return 2 if data[1] < 128 else 2 + (data[1] & 0x7F)


def content_size(data):
    return data[1] if data[1] < 128 else int.from_bytes(data[2:header_size(data)], "big")


def gnutls_root(folder, key):
    """(input, root) out of a certificate that certtool signed, or None where it does not take the key."""
    (folder / "template").write_text("cn = lanes\nserial = 1\n")
    made = subprocess.run(
        ["certtool", "--generate-self-signed", "--hash", "SHA256", "--load-privkey", folder / "key", "--template",
         folder / "template", "--outder"], capture_output=True)
    if made.returncode != 0:
        return None
    certificate = made.stdout
    signed = certificate[header_size(certificate):]
    signed = signed[:header_size(signed) + content_size(signed)]
    size = (key["n"].bit_length() + 7) // 8
    digest = SHA256_PREFIX + hashlib.sha256(signed).digest()
    return b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest, certificate[-size:]


def main():
    random.seed(3)
    wanted = [(shape, bits, 65537) for bits in (2048, 3072, 4096) for shape in ("random", "high", "low", "uneven_swapped")]
    wanted += [("uneven", 2048, 65537), ("lowest_digits", 2048, 65537), ("random", 2048, 3), ("random", 2048, 2**32 - 1),
               ("random", 3072, 17), ("lowest_digits", 4096, 2**32 - 5)]
    keys, vectors = [], []
    for shape, bits, exponent in wanted:
        key = make_key(shape, bits, exponent)
        keys.append({"shape": shape, "bits": bits, "e": exponent} |
                    {name: f"{key[name]:0{bits // (4 if name == 'n' else 8)}x}" for name in ("n", "p", "q", "dp", "dq", "qinv")})
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "key").write_text(pem(key))
            data = random.randrange(key["n"]).to_bytes(bits // 8, "big")
            made = [("openssl", (data, openssl_root(folder, key, data))), ("gnutls", gnutls_root(folder, key))]
        for made_by, pair in made:
            if pair is None:
                print(f"{made_by} does not take {shape} {bits} {exponent}", file=sys.stderr)
                continue
            assert pow(int.from_bytes(pair[1], "big"), exponent, key["n"]) == int.from_bytes(pair[0], "big"), made_by
            vectors.append({"key": len(keys) - 1, "made_by": made_by, "input": pair[0].hex(), "root": pair[1].hex()})
    json.dump({"keys": keys, "vectors": vectors}, sys.stdout, indent=1)
    print()


main()
