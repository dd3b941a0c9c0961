"""Check 2: valgrind's memcheck on the portable instance as gcc compiles it, with secrets undefined (Langley's ctgrind)."""

import re
import subprocess

import declared
from memory_sanitizer import OTHER_SOURCES, SUBJECTS, base_flags
from tools import HERE, KERNELS, ROOT, Broken, run, short_name

CHECK = "memcheck"
# memcheck reports branches and addresses; it does not look at a division's operands.
UNSEEN = {"planted.divide"}
# Left out of the quick tier: the same templates as rsa2048 and p256, at ten times the cost.
FULL_ONLY = ["rsa3072.", "rsa4096.", "p384."]


def driver(build):
    """The driver, linked with the portable kernels and the product's own objects."""
    flags = [*base_flags(build), f"-I{build.own}", "-O2", "-g1", "-DLOCKSTEP_CONSTANT_TIME_PORTABLE", "-c"]
    objects = [build.compile(f"memcheck_{source.stem}.o", source, ["g++", *flags])
               for source in [*SUBJECTS, HERE / "taint_driver.cc"]]
    objects.append(build.compile("memcheck_planted.o", HERE / "planted.cc",
                                 ["g++", *build.lane_flags("portable"), "-O2", "-g1", "-Wno-psabi", "-c"]))
    entries = build.entries(KERNELS.format("portable")) + [build.entry(source) for source in OTHER_SOURCES]
    objects += build.ninja(*(entry["output"] for entry in entries))
    program = build.own / "memcheck_taint"
    run(["g++", "-o", program, *objects])
    return program


def reports(text):
    """{subject: (planted, places reported)} of a run of taint_driver."""
    found, subject, expect = {}, None, False
    for line in text.splitlines():
        match = re.search(r"@@ subject (\S+) (\d)", line)
        if match:
            subject = match.group(1)
            found[subject] = (match.group(2) == "1", [])
        elif "uninitialised value" in line:
            expect = True
        elif expect and subject:
            match = re.search(r"at 0x[0-9A-F]+: (.*)$", line)
            if match:
                name, place = match.group(1).rsplit(" (", 1)
                found[subject][1].append(f"{short_name(name)} ({place}")
            expect = False
        elif "@@ end" in line:
            subject = None
    return found


def check(build, full):
    """All cases of the check; `full` repeats each operation with more secrets."""
    done = subprocess.run(["valgrind", "--tool=memcheck", "--leak-check=no", "--undef-value-errors=yes", "--num-callers=3",
                           "--error-limit=no", driver(build),
                           "2" if full else "1", *([] if full else FULL_ONLY)],
                          capture_output=True, text=True, errors="replace", check=False, cwd=ROOT)
    if done.returncode != 0:
        raise Broken(f"valgrind: exit status {done.returncode}\n{done.stderr[-2000:]}")
    for name, (planted, places) in reports(done.stderr).items():
        if name not in UNSEEN:
            yield declared.judge(CHECK, name, planted, set(places))
