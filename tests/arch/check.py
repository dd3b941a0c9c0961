#!/usr/bin/env python3
"""Checks the house's rules on a source tree: who may include whom, which room may see which library, file sizes.

    tests/arch/check.py [TREE]       exit 0 and "N files checked", or exit 1 and one line per violation

The rules are the tables below; they follow the design (arrows go down only) and are not transitive.
"""

import pathlib
import re
import sys

# Room -> rooms whose headers it may include, besides its own.
EVERYWHERE_IN_DATAPLANE = {"dataplane/base", "crypto/base"}
ROOMS = {
    "crypto/base": set(),
    "crypto": {"crypto/base"},  # algorithms, job, engine, batch, private_key
    "crypto/record": {"crypto", "crypto/base"},
    "crypto/schedule": {"crypto", "crypto/base"},
    "crypto/lanes": {"crypto", "crypto/base"},
    "crypto/openssl": {"crypto", "crypto/base"},
    "dataplane/base": {"crypto/base"},
    "dataplane/net": EVERYWHERE_IN_DATAPLANE,
    "dataplane/io": EVERYWHERE_IN_DATAPLANE,
    "dataplane/tcp": EVERYWHERE_IN_DATAPLANE | {"dataplane/net"},
    "dataplane/tls": EVERYWHERE_IN_DATAPLANE | {"crypto"},
    "dataplane/proxy": EVERYWHERE_IN_DATAPLANE | {"dataplane/tcp", "dataplane/tls", "crypto"},
    # The worker owns one of everything below it, so it names them all.
    "dataplane/worker": EVERYWHERE_IN_DATAPLANE
    | {"dataplane/proxy", "dataplane/io", "dataplane/net", "dataplane/tcp", "dataplane/tls", "crypto"},
    # The control plane fills the workers' configuration structs, which live in the rooms they configure.
    "control": {
        "crypto", "crypto/base", "crypto/openssl", "crypto/record", "crypto/schedule", "crypto/lanes",
        "dataplane/base", "dataplane/io", "dataplane/net", "dataplane/tcp", "dataplane/tls", "dataplane/proxy",
        "dataplane/worker",
    },
}

# From a room with an edge to `crypto`, only these headers (engines do not know TLS, protocols know no engine).
CRYPTO_HEADERS = {
    "dataplane/tls": {"crypto/job.h", "crypto/cbc_job.h", "crypto/chain_job.h", "crypto/algorithms.h", "crypto/private_key.h"},
    "dataplane/proxy": {"crypto/batch.h", "crypto/job.h"},
    "dataplane/worker": {"crypto/batch.h", "crypto/job.h", "crypto/engine.h"},
}

# Concrete engines are named by these files of control only.
ENGINE_HEADERS = re.compile(r"^crypto/(record|schedule|lanes)/|^crypto/openssl/engine\.h$")
ENGINE_NAMERS = {"control/main.cc", "control/engines.cc"}

# Library header -> rooms that may see it.
LIBRARIES = [
    (re.compile(r"^intel-ipsec-mb\.h$"), {"crypto/record", "crypto/schedule"}),
    (re.compile(r"^openssl/"), {"crypto/openssl", "control"}),
    (re.compile(r"^rte_(ethdev|eth_|flow|thash)"), {"dataplane/io"}),
    (re.compile(r"^rte_(mbuf|mempool)"), {"dataplane/base"}),
    (re.compile(r"^rte_"), {"dataplane/base", "dataplane/io", "dataplane/worker"}),
    (re.compile(r"^(toml\+\+|nlohmann|CLI|spdlog|curl)/|^microhttpd\.h$|^(zlib|brotli/.*)\.h$"), {"control"}),
    (re.compile(r"^systemd/|^sys/capability\.h$"), {"control"}),
    (re.compile(r"^pcap"), {"control", "dataplane/io"}),
]

MAX_LINES = 520
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
TOP_LEVEL = {"crypto", "dataplane", "control"}


def room_of(path: str) -> str:
    """The room a file belongs to: its folder, but control is one room with sub-folders."""
    parts = path.split("/")
    if parts[0] == "control":
        return "control"
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def violations(tree: pathlib.Path):
    files = 0
    found = []
    for top in sorted(TOP_LEVEL | {"tests", "bench"}):
        for file in sorted((tree / top).rglob("*")):
            if file.suffix not in {".h", ".cc"}:
                continue
            files += 1
            path = file.relative_to(tree).as_posix()
            lines = file.read_text(encoding="utf-8").splitlines()
            if len(lines) > MAX_LINES:
                found.append(f"{path}:{len(lines)}: more than {MAX_LINES} lines; split it by idea")
            if top not in TOP_LEVEL:
                continue  # tests and benchmarks may include everything
            room = room_of(path)
            if room not in ROOMS:
                found.append(f"{path}:1: no such room: {room}; add it to the design first")
                continue
            for number, line in enumerate(lines, 1):
                match = INCLUDE.match(line)
                if match:
                    reason = forbidden(path, room, match.group(1) == '"', match.group(2))
                    if reason:
                        found.append(f"{path}:{number}: {reason}")
    return files, found


def forbidden(path: str, room: str, quoted: bool, target: str):
    """Why this include is not allowed, or None."""
    if not quoted:
        for pattern, rooms in LIBRARIES:
            if pattern.match(target):
                return None if room in rooms else f"<{target}> is not for {room}"
        return None
    if target.split("/")[0] not in TOP_LEVEL:
        return f'"{target}": include from the root of the project'
    other = room_of(target)
    if other == room and room != "control":
        return None
    if other != room and other not in ROOMS[room]:
        return f"{room} may not include {other} ({target})"
    if other == "crypto" and room in CRYPTO_HEADERS and target not in CRYPTO_HEADERS[room]:
        return f"{room} may not include {target}"
    if room == "control" and ENGINE_HEADERS.match(target) and path not in ENGINE_NAMERS:
        return f"only {', '.join(sorted(ENGINE_NAMERS))} name concrete engines ({target})"
    return None


def main() -> int:
    tree = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2])
    files, found = violations(tree)
    for line in found:
        print(line)
    if files == 0:
        print(f"{tree}: no source files")
        return 1
    if not found:
        print(f"{files} files checked")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
