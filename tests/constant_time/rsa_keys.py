"""Makes the header rsa_keys.h, test keys as bytes, of the primes in rsa_primes.txt."""

from tools import HERE

PRIMES = HERE / "rsa_primes.txt"
PUBLIC_EXPONENT = 65537
# Which two of a size's primes make a key (RFC 8017 section 3.2).
PAIRS = [(0, 1), (2, 1), (3, 4), (4, 0), (2, 3), (1, 3)]


def as_bytes(number, size):
    return "{" + ", ".join(str(byte) for byte in number.to_bytes(size, "big")) + "}"


def header():
    """The header's text."""
    sizes = {}
    for line in PRIMES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            sizes.setdefault(len(line), []).append(int(line, 16))
    lines = ["#pragma once", "#include <cstddef>", "#include <cstdint>", "namespace lockstep::constant_time {",
             f"constexpr std::size_t kRsaKeys = {len(PAIRS)};",
             "template <std::size_t kSize>\nstruct RsaKeyBytes {\n  std::uint8_t modulus[kSize];"]
    lines += [f"  std::uint8_t {name}[kSize / 2];" for name in ("prime1", "prime2", "exponent1", "exponent2", "coefficient")]
    lines += ["};", "template <std::size_t kSize>\nconst RsaKeyBytes<kSize>* rsa_keys();"]
    for size, primes in sizes.items():
        keys = []
        for first, second in PAIRS:
            p, q = primes[first], primes[second]
            halves = (p, q, pow(PUBLIC_EXPONENT, -1, p - 1), pow(PUBLIC_EXPONENT, -1, q - 1), pow(q, -1, p))
            keys.append("{" + ", ".join([as_bytes(p * q, size), *(as_bytes(half, size // 2) for half in halves)]) + "}")
        lines += [f"template <>\ninline const RsaKeyBytes<{size}>* rsa_keys<{size}>() {{",
                  f"  static constexpr RsaKeyBytes<{size}> kKeys[] = {{", ",\n".join(keys), "  };\n  return kKeys;\n}"]
    return "\n".join([*lines, "}  // namespace lockstep::constant_time", ""])
