#!/usr/bin/env python3
"""Breaks kernels on purpose and demands that their tests notice.

    tests/support/mutation_check.py [--only TEXT] [--keep FOLDER] LIST.json...

A list names one test program, what it is made of, and the mutations it has to catch:

    {
      "kernels":   ["crypto/lanes/a.cc", ...],      compiled twice, as instances `ifma` and `portable` (crypto/lanes/vector.h)
      "sources":   ["tests/unit/.../a_test.cc", ...], compiled once
      "libraries": ["crypto", ...],                 linked besides gtest and gtest_main
      "arguments": ["--gtest_filter=...", ...],     of the test program; leave out what is slow and catches nothing more
      "environment": {"NAME": "value", ...},
      "mutations": [
        {"file": "crypto/lanes/a.h", "text": "exact text", "replacement": "other text", "why": "what is broken"},
        ...
      ]
    }

`text` must occur exactly once in `file`. Only what includes a mutated file is compiled again, and of kernels
only the instance that this processor runs (`ifma` where it can, else `portable`), so that tests which compare instances
see one broken side. The unbroken program has to pass first. A mutant that does not compile is an error of the list; one that runs into the time limit counts as caught.

Ends with "N caught, N survived", and fails if any survived.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIME_LIMIT = 120
BASE = ["-std=c++20", "-march=x86-64-v2", "-fno-strict-aliasing", "-Wno-psabi", "-DLOCKSTEP_SOURCE_ROOT=\"" + str(ROOT) + "\""]
KERNEL = ["-O2", "-fno-exceptions", "-fno-rtti"]
WIDE = ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mavx512ifma", "-mbmi2", "-mprefer-vector-width=512"]
INSTANCE = {"ifma": KERNEL + WIDE + ["-DLOCKSTEP_LANES_INSTANCE=ifma"],
            "portable": KERNEL + ["-DLOCKSTEP_LANES_INSTANCE=portable"]}


class ListError(Exception):
    """A list that cannot be used."""


def instance_to_break():
    flags = re.search(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii"), re.MULTILINE)
    return "ifma" if flags and "avx512ifma" in flags.group(1).split() else "portable"


def compile_file(source, output, flags, includes):
    command = [os.environ.get("CXX", "g++"), *BASE, *flags, *[f"-I{folder}" for folder in includes],
               "-MMD", "-MF", f"{output}.d", "-c", str(source), "-o", str(output)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ListError(f"{source} does not compile:\n{result.stderr[-3000:]}")


def dependencies(output):
    """The files of the checkout that an object was made of, as the compiler saw them."""
    words = pathlib.Path(f"{output}.d").read_text(encoding="utf-8").replace("\\\n", " ").split()[1:]
    return {os.path.relpath(os.path.join(ROOT, word), ROOT) for word in words}


def link(objects, libraries, output):
    command = [os.environ.get("CXX", "g++"), *map(str, objects), *[f"-l{name}" for name in libraries],
               "-lgtest", "-lgtest_main", "-o", str(output)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ListError(f"cannot link:\n{result.stderr[-3000:]}")


def passes(program, listed):
    """Whether the test program passes, and what it said."""
    # A mutant's failures are no report of the test that runs it.
    environment = {name: value for name, value in os.environ.items() if name != "GTEST_OUTPUT"}
    try:
        result = subprocess.run([str(program), *listed.get("arguments", [])], cwd=ROOT, capture_output=True, text=True,
                                env=environment | listed.get("environment", {}), timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return False, "time limit"
    return result.returncode == 0, result.stdout[-3000:]


class Program:
    """A test program of a list, unbroken, and its mutants."""

    def __init__(self, listed, folder):
        self.listed = listed
        self.folder = folder
        self.objects = {}
        for source in listed["sources"]:
            self.objects[source, None] = folder / (source.replace("/", "_") + ".o")
        for kernel in listed["kernels"]:
            for instance in INSTANCE:
                self.objects[kernel, instance] = folder / (kernel.replace("/", "_") + f".{instance}.o")

    def build(self, workers):
        jobs = [workers.submit(compile_file, source, output, INSTANCE.get(instance, ["-O1"]), ["."])
                for (source, instance), output in self.objects.items()]
        for job in jobs:
            job.result()
        program = self.folder / "unbroken"
        link(self.objects.values(), self.listed.get("libraries", []), program)
        good, said = passes(program, self.listed)
        if not good:
            raise ListError(f"the unbroken program fails:\n{said}")

    def survives(self, number, mutation):
        """Whether the tests pass in spite of a mutation."""
        file, text = mutation["file"], mutation["text"]
        original = (ROOT / file).read_text(encoding="utf-8")
        if original.count(text) != 1:
            raise ListError(f"{file} has {original.count(text)} times, not once: {text}")
        overlay = self.folder / f"mutant{number}"
        mutant = overlay / file
        mutant.parent.mkdir(parents=True)
        mutant.write_text(original.replace(text, mutation["replacement"]), encoding="utf-8")
        objects = dict(self.objects)
        broken = instance_to_break()
        for (source, instance), output in self.objects.items():
            if instance not in (None, broken) or file not in dependencies(output):
                continue
            again = overlay / output.name
            compile_file(mutant if source == file else source, again, INSTANCE.get(instance, ["-O1"]), [overlay, "."])
            objects[source, instance] = again
        if objects == self.objects:
            raise ListError(f"nothing includes {file}")
        program = overlay / "mutant"
        link(objects.values(), self.listed.get("libraries", []), program)
        return passes(program, self.listed)[0]


def check(path, only, folder, workers):
    """Caught and survived mutations of one list."""
    listed = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    program = Program(listed, folder)
    program.build(workers)
    chosen = [(number, mutation) for number, mutation in enumerate(listed["mutations"])
              if only in mutation["why"] or only in mutation["file"]]
    jobs = [(mutation, workers.submit(program.survives, number, mutation)) for number, mutation in chosen]
    caught = survived = 0
    for mutation, job in jobs:
        lives = job.result()
        survived += lives
        caught += not lives
        print(f"{'SURVIVED' if lives else 'caught':9}{mutation['file']}: {mutation['why']}", flush=True)
    return caught, survived


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lists", nargs="+", metavar="LIST.json")
    parser.add_argument("--only", default="", help="run the mutations whose file or reason contains this text")
    parser.add_argument("--keep", type=pathlib.Path, help="build in this folder and leave everything there")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    caught = survived = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.workers) as workers:
        for path in arguments.lists:
            with tempfile.TemporaryDirectory() as temporary:
                folder = (arguments.keep or pathlib.Path(temporary)).resolve() / pathlib.Path(path).stem
                folder.mkdir(parents=True)
                try:
                    some_caught, some_survived = check(path, arguments.only, folder, workers)
                except ListError as error:
                    sys.exit(f"{path}: {error}")
                caught += some_caught
                survived += some_survived
    print(f"{caught} caught, {survived} survived")
    sys.exit(1 if survived or not caught else 0)


if __name__ == "__main__":
    main()
