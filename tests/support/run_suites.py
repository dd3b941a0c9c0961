#!/usr/bin/env python3
"""Runs the test programs of a build and adds up their cases; the last line is "N passed, N failed",
with the number of skipped cases behind it if there are any.

A program is either a GoogleTest executable, as meson lists it with its suite, or a Python unittest file. A program that
dies, times out or reports nothing counts as one failed case.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNITTEST = ROOT / "tests" / "support" / "unittest_json.py"
TIME_LIMIT = {"unit": 600, "sim": 900, "system": 1500, "bogo": 300, "fuzz": 900, "arch": 120, "constant_time": 600, "mutations": 3600}


def programs(build, suite):
    """Name, command and environment of each program of a suite."""
    if suite in ("unit", "sim"):
        listed = json.loads(subprocess.run(
            ["meson", "introspect", "--tests", build], capture_output=True, text=True, check=True).stdout)
        for test in listed:
            if any(name.split(":")[-1] == suite for name in test["suite"]):
                yield test["name"], test["cmd"], test["env"]
    else:
        for file in sorted((ROOT / "tests" / suite).glob("test_*.py")):
            yield file.stem, [sys.executable, str(UNITTEST), str(file)], {}


def run(suite, name, command, environment, full):
    """Runs one program; returns its passed and failed case names and, if anything failed, its output."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.json")
        env = dict(os.environ, **environment, GTEST_OUTPUT=f"json:{report}", LOCKSTEP_TEST_REPORT=str(report),
                   LOCKSTEP_TEST_FULL="1" if full else "", GTEST_COLOR="no")
        started = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              env=env, cwd=ROOT, start_new_session=True) as child:
            try:
                output, _ = child.communicate(timeout=TIME_LIMIT[suite] * (6 if full else 1))
                ending = f"exit status {child.returncode}"
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                output, _ = child.communicate()
                ending = "time limit"
        passed, failed, skipped = [], [], []
        if report.exists():
            for group in json.loads(report.read_text(encoding="utf-8")).get("testsuites", []):
                for case in group["testsuite"]:
                    title = f"{suite}/{name}: {group['name']}.{case['name']}"
                    if case.get("failures"):
                        failed.append(title)
                    elif case.get("result") == "SKIPPED":
                        skipped.append(title)
                    elif case.get("status") == "RUN":
                        passed.append(title)
        if not failed and (child.returncode != 0 or not passed + skipped):
            failed.append(f"{suite}/{name}: {ending}")
    return passed, failed, skipped, output, time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("suites", nargs="+")
    arguments = parser.parse_args()
    os.environ["LOCKSTEP_BUILD"] = str(pathlib.Path(ROOT, arguments.build))

    passed, failed, skipped = [], [], []
    for suite in arguments.suites:
        # System tests make their own hosts, and timings are taken: they want the machine for themselves.
        parallel = 1 if suite in ("system", "constant_time") else os.cpu_count() or 1
        with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
            futures = {pool.submit(run, suite, *program, arguments.full): program[0]
                       for program in programs(arguments.build, suite)}
            if not futures:
                failed.append(f"{suite}: no tests found")
            for future in concurrent.futures.as_completed(futures):
                good, bad, left_out, output, elapsed = future.result()
                passed += good
                failed += bad
                skipped += left_out
                print(f"{suite:6} {futures[future]:24} {len(good):5} passed {len(bad):3} failed {elapsed:7.1f} s",
                      flush=True)
                if bad:
                    print(output, flush=True)
    for title in failed:
        print(f"FAILED {title}")
    for title in skipped:
        print(f"SKIPPED {title}")
    note = f", {len(skipped)} skipped" if skipped else ""
    print(f"{len(passed)} passed, {len(failed)} failed{note}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
