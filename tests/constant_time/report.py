"""The results as Markdown tables for crypto/README.md."""

import re
import subprocess

from tools import CLANG

SHORT = {"memory sanitizer": "MemorySanitizer, ifma", "memcheck": "memcheck, portable"}


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0].strip() if done.stdout else "?"


def machine():
    """Processor and tools, in a line."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = re.search(r"^model name\s*: (.*)$", info.read(), re.MULTILINE)
    clang = first_line(CLANG, "--version").replace("Debian clang version", "clang")
    return (f"{model.group(1) if model else 'unknown processor'}; g++ {first_line('g++', '-dumpfullversion')}, "
            f"{clang}, {first_line('valgrind', '--version')}")


def verdict(result):
    """A cell: what a check says of an operation."""
    if result is None:
        return "–"
    if result.status == "skipped":
        return "not tested"
    leaks = result.figures.get("reports")
    return f"{leaks} reports" if leaks is not None else result.status


def taint_table(results):
    """Rows: operations; columns: the two tools that follow secrets."""
    checks = [check for check in SHORT if any(result.check == check for result in results)]
    if not checks:
        return []
    found = {(result.check, result.name): result for result in results if "reports" in result.figures}
    names = list(dict.fromkeys(name for _, name in found))
    lines = ["| operation | " + " | ".join(SHORT[check] for check in checks) + " |", "| --- |" + " --- |" * len(checks)]
    for name in sorted(names, key=lambda name: (name.startswith("planted."), name)):
        lines.append(f"| {name} | " + " | ".join(verdict(found.get((check, name))) for check in checks) + " |")
    for result in results:
        if result.check in checks and "reports" not in result.figures:
            lines.append(f"\n{result.check}, {result.name}: {result.status}; {result.detail}.")
    return [*lines, ""]


def disassembly_table(results):
    rows = [result for result in results if result.check == "disassembly" and not result.figures.get("planted")]
    planted = [result for result in results if result.check == "disassembly" and result.figures.get("planted")]
    if not rows + planted:
        return []
    lines = ["| object | conditional jumps | in functions | not as reviewed, divisions, gathers, foreign calls |",
             "| --- | --- | --- | --- |"]
    for result in rows:
        lines.append(f"| {result.name} | {result.figures.get('jumps', '–')} | {result.figures.get('functions', '–')} | "
                     f"{'none' if result.status == 'passed' else result.detail} |")
    found = sum(result.status == "passed" for result in planted)
    return [*lines, "", f"Planted leaks found in disassembly: {found} of {len(planted)}.", ""]


def timing_table(results):
    rows = [result for result in results if result.check == "timing" and "t" in result.figures]
    if not rows:
        return []
    lines = ["| operation | cycles | samples a class | greatest abs. t | of | verdict | planted leak found: cycles | per cent | its t |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for result in rows:
        figures = result.figures
        lines.append(f"| {result.name} | {float(figures['cycles']):.0f} | {figures['samples']} | {abs(float(figures['t'])):.1f} | "
                     f"{figures['kind']} | {figures['verdict']} | {float(figures['planted_cycles']):.1f} | "
                     f"{float(figures['planted_percent']):.3f} | {figures['planted_t']} |")
    return [*lines, ""]


def markdown(results):
    """All tables, with the machine."""
    return "\n".join([machine(), "", *taint_table(results), *disassembly_table(results), *timing_table(results)])
