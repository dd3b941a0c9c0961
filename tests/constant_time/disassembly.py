"""Check 3: the machine code of gcc's build that ships. Reads jumps.txt; see there and README.md for the rules."""

import collections
import itertools
import re
import shlex
import subprocess

from tools import HERE, KERNELS, ROOT, Broken, Result, run, short_name

CHECK = "disassembly"
REVIEWED = HERE / "jumps.txt"
# Sources beside the kernels whose whole object is examined.
OTHER_SOURCES = ["crypto/base/sha1_ni.cc", "crypto/base/sha1_portable.cc", "crypto/base/sha2_ni.cc",
                 "crypto/base/sha2_portable.cc", "crypto/record/cbc_padding.cc", "crypto/record/record_mac.cc",
                 "crypto/record/sha_lanes.cc", "crypto/rsa_premaster.cc", "crypto/lanes/rsa_key.cc"]

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
INSTRUCTION = re.compile(r"^\s+[0-9a-f]+:\t(.*?)\s*$")
RELOCATION = re.compile(r"^\s+[0-9a-f]+: R_X86_64_\w+\s+(.*)$")
MASK_TEST = re.compile(r"^(?:k(?:or)?test\w|v?ptest|vtestp)")
CONDITIONAL = re.compile(r"^(?:bnd |notrack )*(?:j(?!mp)\w+|loop\w*)\s")
DIVISION = re.compile(r"^v?(?:div|idiv|fdiv|fidiv|sqrt|rsqrt|rcp)\w*\s")
GATHER = re.compile(r"^vp?(?:gather|scatter)\w*\s")
STRING = re.compile(r"^rep[nez]*\s+(?:cmps|scas)")
KEEPS_FLAGS = re.compile(r"^(?:mov|lea|v(?!ptest|testp)|k(?!test|ortest)|set|cmov|push|pop|nop|j|call|ret|bswap|not|endbr|data16|cs nop|xchg)")
INDIRECT = re.compile(r"^(?:notrack )?(call|jmp)\s+\*")
CALL = re.compile(r"^(?:call|jmp)\s")
CONSTANT_LENGTH = re.compile(r"^mov\s+\$0x[0-9a-f]+,%[er]dx$")
LENGTH_WRITTEN = re.compile(r",%[er]dx$")
COPIES = {"memcpy", "memset", "memmove"}
HARMLESS = {"__stack_chk_fail", "explicit_bzero"}


def without_arguments(name):
    """A template's name for all of its instances."""
    while "<" in name:
        shorter = re.sub(r"<[^<>]*>", "", name)
        if shorter == name:
            break
        name = shorter
    return name.strip()


def is_constant(before):
    """Whether the length (rdx) of a copy is a constant, as far as the instructions before the call in its block say."""
    for instruction in reversed(before[-12:]):
        if CONSTANT_LENGTH.match(instruction):
            return True
        if LENGTH_WRITTEN.search(instruction) or CONDITIONAL.match(instruction) or CALL.match(instruction):
            return False
    return False


def findings_of(text):
    """What a disassembly has of each function, a template's instances together: {function: Counter of "jumps", "division",
    a callee's name ...}, and what sets the flags of each jump."""
    found = collections.defaultdict(collections.Counter)
    setters = collections.defaultdict(list)
    function, before, calling = "?", [], False
    for line in text.splitlines():
        match = FUNCTION.match(line)
        if match:
            function, before, calling = without_arguments(short_name(match.group(1))), [], False
            continue
        match = RELOCATION.match(line)
        if match and calling:
            callee = re.sub(r"[-+]0x[0-9a-f]+$", "", match.group(1))
            if not callee.startswith(".text") and "lockstep::" not in callee and callee not in HARMLESS:
                if callee not in COPIES or not is_constant(before[:-1]):
                    found[function][f"call {callee}"] += 1
            calling = False
            continue
        match = INSTRUCTION.match(line)
        if not match:
            continue
        instruction = match.group(1)
        calling = bool(CALL.match(instruction))
        if CONDITIONAL.match(instruction):
            setter = next((one for one in reversed(before) if not KEEPS_FLAGS.match(one)), "?")
            found[function]["jumps on vectors" if MASK_TEST.match(setter) else "jumps"] += 1
            setters[function].append(f"{setter}  {instruction.split()[0]}")
        for pattern, word in ((DIVISION, "division"), (GATHER, "gather"), (STRING, "string comparison")):
            if pattern.match(instruction):
                found[function][word] += 1
        match = INDIRECT.match(instruction)
        if match:
            found[function]["indirect " + ("call" if match.group(1) == "call" else "jump")] += 1
        before.append(instruction)
    return found, setters


def disassemble(obj):
    return findings_of(run(["objdump", "-d", "-r", "-C", "--no-show-raw-insn", obj]).stdout)


def reviewed():
    """jumps.txt: {(source, function, what): (count, reason)}, and the compiler it was written for."""
    compiler, listed = None, {}
    for number, line in enumerate(REVIEWED.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("compiler:"):
            compiler = line.split(":", 1)[1].strip()
        elif line.strip() and not line.startswith("#"):
            fields = [field.strip() for field in line.split("|")]
            if len(fields) != 4 or not re.match(r"\d+ \S", fields[2]) or fields[3] in ("", "?"):
                raise Broken(f"{REVIEWED}:{number}: not 'source | function | count what | reason'")
            count, what = fields[2].split(" ", 1)
            listed[(fields[0], fields[1], what)] = (int(count), fields[3])
    return compiler, listed


def differences(source, found, listed):
    """What of one source is not as reviewed, in words; a function's name is in each."""
    wrong = []
    for function, counts in sorted(found.items()):
        for what, count in sorted(counts.items()):
            allowed = listed.get((source, function, what), (0, ""))[0]
            if count != allowed:
                wrong.append(f"{function}: {count} {what}, reviewed: {allowed}")
    for (file, function, what), (allowed, _) in sorted(listed.items()):
        if file == source and what not in found.get(function, {}):
            wrong.append(f"{function}: 0 {what}, reviewed: {allowed}")
    return wrong


def objects(build):
    """(source, object) of everything that is examined, up to date."""
    entries = build.entries(KERNELS.format("ifma")) + [build.entry(source) for source in OTHER_SOURCES]
    paths = build.ninja(*(entry["output"] for entry in entries)) if entries else []
    return [(build.source(entry).relative_to(ROOT).as_posix(), path) for entry, path in zip(entries, paths)]


def planted_object(build):
    """The planted leaks, compiled as the kernels are."""
    entry = build.entries(KERNELS.format("ifma"))[0]
    words = shlex.split(entry["command"])
    compiler = list(itertools.takewhile(lambda word: not word.startswith("-"), words))
    kept = [word for word in words if re.match(r"-(O|f(?!diagnostics))", word)]
    return build.compile("planted_shipped.o", HERE / "planted.cc", [*compiler, *kept, *build.flags(entry), "-c"])


# What must be found in the planted object: each rule once. A load at a secret index cannot be seen in disassembly.
PLANTED = {"early_exit_compare": "jumps", "branch_on_carry": "jumps", "branch_on_mask": "jumps",
           "branch_on_moved_lane": "jumps", "divide": "division", "gathered_load": "gather",
           "library_compare": "call memcmp", "secret_length": None}


def planted(build):
    """Each planted leak is found, as what it is, where nothing is listed."""
    found, _ = disassemble(planted_object(build))
    count = found["early_exit_compare"]["jumps"]
    wrong = differences("planted.cc", found, {("planted.cc", "early_exit_compare", "jumps"): (count - 1, "planted")})
    named = any(text.startswith("early_exit_compare: ") for text in wrong)
    yield Result(CHECK, "planted.changed_count", "passed" if named else "failed",
                 "one jump more than reviewed is " + ("found" if named else "not found"), {"planted": True})
    for function, what in PLANTED.items():
        here = found.get(function, {})
        seen = sum(here.values()) > 0 if what is None else here.get(what, 0) > 0
        yield Result(CHECK, f"planted.{function}", "passed" if seen else "failed",
                     "found: " + ", ".join(f"{count} {word}" for word, count in here.items()) if seen else "not found",
                     {"planted": True})


def compiler_version():
    return subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()


def check(build, full):
    """All cases; `full` makes no difference here."""
    del full
    yield from planted(build)
    compiler, listed = reviewed()
    for source, obj in objects(build):
        if compiler != compiler_version():
            yield Result(CHECK, source, "skipped", f"reviewed for g++ {compiler}, this is {compiler_version()}")
            continue
        found, _ = disassemble(obj)
        wrong = differences(source, found, listed)
        count = sum(counts["jumps"] for counts in found.values())
        functions = sum(1 for counts in found.values() if counts["jumps"])
        yield Result(CHECK, source, "failed" if wrong else "passed",
                     "; ".join(wrong) or f"{count} conditional jumps in {functions} functions, all reviewed",
                     {"jumps": count, "functions": functions})


def review(build):
    """Prints jumps.txt for this build, with the reasons that are there and "?" for new ones, and what sets each flag."""
    _, listed = reviewed()
    print(f"compiler: {compiler_version()}")
    for source, obj in objects(build):
        found, setters = disassemble(obj)
        for function, counts in sorted(found.items()):
            for what, count in sorted(counts.items()):
                before, reason = listed.get((source, function, what), (0, "?"))
                print(f"{source} | {function} | {count} {what} | {reason if before == count else '? ' + reason}")
                for setter in setters[function] if what.startswith("jumps") and before != count else []:
                    print(f"#     {setter}")
