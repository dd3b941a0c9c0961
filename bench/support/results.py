"""Reads Google Benchmark's JSON and pairs each row of ours with its peers.

A benchmark is named <operation>/<side>[/<variant>]: the side is a word of SIDES, what is before it is the operation, what
is behind it the variant. A row's peer is the benchmark of the same operation and variant, or of the operation without a
variant.
"""

import json
import pathlib
import statistics

OPENSSL = "openssl"
DIRECT = "ipsec_mb_direct"
OURS = ("lockstep", "pooled")
SIDES = (OPENSSL, DIRECT) + OURS

# What Google Benchmark itself writes about a run; everything else with a number is a counter of the benchmark's.
OWN_FIELDS = {
    "family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations", "real_time",
    "cpu_time", "items_per_second", "bytes_per_second",
}
# What Google Benchmark appends to the name of a benchmark with times of its own.
TIME_SUFFIXES = ("/manual_time", "/process_time", "/real_time")
NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


class Benchmark:
    """All runs of one name."""

    def __init__(self, name):
        self.name = name
        parts = name.split("/")
        at = next((i for i, part in enumerate(parts) if part in SIDES), len(parts))
        self.operation = "/".join(parts[:at])
        self.side = parts[at] if at < len(parts) else ""
        self.variant = "/".join(parts[at + 1:])
        self.times = []  # nanoseconds of processor time per operation
        self.counters = {}  # name -> values
        self.error = ""

    def add(self, run):
        """Takes one repetition."""
        if run.get("error_occurred"):
            self.error = run.get("error_message", "failed")
            return
        rate = run.get("items_per_second")
        self.times.append(1e9 / rate if rate else run["cpu_time"] * NANOSECONDS[run["time_unit"]])
        for name, value in run.items():
            if name not in OWN_FIELDS and isinstance(value, (int, float)) and not isinstance(value, bool):
                self.counters.setdefault(name, []).append(value)

    @property
    def time(self):
        """Median nanoseconds per operation; None when every run failed."""
        return statistics.median(self.times) if self.times else None

    @property
    def spread(self):
        """Half the distance between the lowest and the highest run, over the median; None for a single run."""
        return (max(self.times) - min(self.times)) / 2 / self.time if len(self.times) > 1 else None

    def counter(self, name):
        """Median of a counter; None when there is none."""
        return statistics.median(self.counters[name]) if name in self.counters else None


class Results:
    """The benchmarks of all files, in the order in which the programs registered them (repetitions may be shuffled), and
    the context in which each program ran."""

    def __init__(self, files):
        self.benchmarks = {}
        self.contexts = []
        for file in files:
            content = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))
            self.contexts.append(content.get("context", {}))
            for run in sorted(content.get("benchmarks", []), key=lambda run: run.get("family_index", 0)):
                if run.get("run_type") == "aggregate":
                    continue
                name = run.get("run_name", run["name"])
                for suffix in TIME_SUFFIXES:
                    name = name.removesuffix(suffix)
                self.benchmarks.setdefault(name, Benchmark(name)).add(run)

    def ours(self):
        """The benchmarks that are to be compared."""
        return [benchmark for benchmark in self.benchmarks.values() if benchmark.side in OURS]

    def peer(self, benchmark, side=OPENSSL):
        """What `benchmark` is compared with, or None."""
        for name in (f"{benchmark.operation}/{side}/{benchmark.variant}", f"{benchmark.operation}/{side}"):
            if name in self.benchmarks:
                return self.benchmarks[name]
        return None

    def ratio(self, benchmark, side=OPENSSL):
        """How many times as fast as its peer; None when one of the two has no time."""
        peer = self.peer(benchmark, side)
        if peer is None or peer.time is None or benchmark.time is None:
            return None
        return peer.time / benchmark.time
