"""Check 4: a t-test on cycle counts of the instance that ships. The rule of the verdict is in README.md."""

import re
import subprocess

from memory_sanitizer import OTHER_SOURCES, SUBJECTS, base_flags
from tools import HERE, KERNELS, Broken, Result, has_ifma, run

CHECK = "timing"
# Seconds of samples for each subject and repetition.
QUICK_SECONDS = 0.6
FULL_SECONDS = 10
# Instructions that are followed one by one; a longer operation is not.
LONGEST_PATH = 300_000
# The planted subjects that time can see; each other subject has a planted leak of its own in the driver.
PLANTED = {"planted.early_exit_compare"}


def driver(build, name):
    """A driver, linked with the subjects and the objects that ship."""
    flags = [*base_flags(build), f"-I{build.own}", "-O2", "-c"]
    objects = [build.compile(f"timing_{source.stem}.o", source, ["g++", *flags])
               for source in [*SUBJECTS, HERE / f"{name}.cc"]]
    objects.append(build.compile("timing_planted.o", HERE / "planted.cc",
                                 ["g++", *build.lane_flags("ifma"), "-O2", "-Wno-psabi", "-c"]))
    entries = build.entries(KERNELS.format("ifma")) + [build.entry(source) for source in OTHER_SOURCES]
    objects += build.ninja(*(entry["output"] for entry in entries))
    program = build.own / name
    run(["g++", "-o", program, *objects])
    return program


def explain(verdict, figures):
    """A line's figures in words."""
    text = (f"|t| = {abs(float(figures['t'])):.1f} ({figures['kind']}), found a planted leak of "
            f"{float(figures['planted_cycles']):.2f} cycles ({float(figures['planted_percent']):.3f} % of {figures['cycles']}) "
            f"at t = {figures['planted_t']}, {figures['samples']} samples a class, {figures['repetitions']} repetitions")
    if verdict == "leak":
        return f"{figures['difference']} cycles between {figures['kind']} and random secrets; {text}"
    if verdict == "small":
        return f"{figures['difference']} cycles between {figures['kind']} and random secrets, below the floor for edges; {text}"
    if verdict == "inconclusive":
        return (f"too noisy to tell: planted leaks found in {figures['planted']} of {figures['repetitions']} repetitions, the "
                f"smallest of {float(figures['planted_cycles']):.0f} cycles ({float(figures['planted_percent']):.1f} %)")
    return text


def paths(build, names):
    """Whether each operation takes the same instructions for all kinds of secrets, step by step."""
    done = run([driver(build, "path_driver"), str(LONGEST_PATH), *names])
    for line in done.stdout.splitlines():
        verdict, name, count = line.split()
        if verdict == "long":
            continue
        yield Result("path", name, "passed" if (verdict == "different") == (name in PLANTED) else "failed",
                     f"{verdict}, {count} instructions with random secrets", {"planted": name in PLANTED})


def check(build, full):
    """All cases, and in the full tier those of `paths`. Too much noise for a verdict is a failure in the full tier and a skipped case in the quick one."""
    if not has_ifma():
        yield Result(CHECK, "all", "skipped", "this processor has no AVX512-IFMA")
        return
    program = driver(build, "timing_driver")
    names = [name for name in run([program, "names"]).stdout.split()
             if not name.startswith("planted.") or name in PLANTED]
    if full:
        yield from paths(build, names)
    how = ["alone", str(FULL_SECONDS)] if full else [str(QUICK_SECONDS)]
    done = subprocess.run([program, *how, *names], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Broken(f"{program}: exit status {done.returncode}\n{done.stderr}")
    for line in done.stdout.splitlines():
        verdict, name, rest = line.split(" ", 2)
        figures = dict(re.findall(r"(\S+)=(\S+)", rest))
        planted = name in PLANTED
        if verdict == "inconclusive":
            status = "failed" if full else "skipped"
        else:
            status = "passed" if (verdict == "leak") == planted else "failed"
        yield Result(CHECK, name, status, explain(verdict, figures), {**figures, "planted_subject": planted, "planted": planted,
                                                                      "verdict": verdict})
