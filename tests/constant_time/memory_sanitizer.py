"""Check 1: clang's MemorySanitizer on the AVX-512 code itself, with secrets poisoned. taint_ir.py makes its shadows follow them."""

import os
import re
import subprocess


import declared
import taint_ir
from tools import CLANG, HERE, KERNELS, ROOT, Broken, Result, has_ifma, run, short_name

CHECK = "memory sanitizer"
SUBJECTS = sorted(HERE.glob("subjects_*.cc"))
# Product code beside the kernels that subjects call; what it is compiled for comes from the build.
OTHER_SOURCES = ["crypto/base/sha1_ni.cc", "crypto/base/sha1_portable.cc", "crypto/base/sha2.cc", "crypto/base/sha2_ni.cc",
                 "crypto/base/sha2_portable.cc", "crypto/record/cbc_padding.cc", "crypto/record/hash_kernels.cc",
                 "crypto/record/record_mac.cc", "crypto/record/sha_lanes.cc", "crypto/rsa_premaster.cc", "crypto/lanes/rsa_key.cc"]

# The vectorizers would make gathers of plain loads, which gcc does not.
OPTIMISE = ["-O2", "-fno-vectorize", "-fno-slp-vectorize"]
INSTRUMENT = ["-x", "ir", "-O0", "-fsanitize=memory", "-fsanitize-recover=memory",
              # Arguments carry their shadows; a secret argument is not a report.
              "-mllvm", "-msan-eager-checks=0",
              # All reports are calls in the code itself; see REPORT.
              "-mllvm", "-msan-instrumentation-with-call-threshold=10000000", "-S", "-emit-llvm"]
# MemorySanitizer's function that reports, and ours in the drivers, which reports each place once.
REPORT = ("@__msan_warning(", "@lockstep_secret_used(")
OPTIONS = "halt_on_error=0:exit_code=0:symbolize=0:print_summary=0"
# Instructions that only move whole values, and intrinsics without data: no shadow can be lost in them.
STRUCTURAL = {"load", "store", "getelementptr", "phi", "alloca", "freeze", "extractvalue", "insertvalue", "ptrtoint", "inttoptr",
              "llvm.memcpy", "llvm.memmove", "llvm.memset", "llvm.assume", "llvm.lifetime.start", "llvm.lifetime.end",
              "llvm.experimental.noalias.scope.decl", "llvm.prefetch", "llvm.invariant.start", "llvm.trap"}
# Instructions that may see nothing secret: taint_ir.py makes reports of secret operands, MemorySanitizer of a gather's.
PUBLIC_ONLY = {"udiv", "urem", "sdiv", "srem", "fadd", "fsub", "fmul", "fdiv", "fneg", "uitofp", "sitofp", "fptoui", "fptosi",
               "llvm.fmuladd", "llvm.fma", "llvm.x86.avx512.mask.gather.qpq"}


def class_of(instruction):
    """An instruction's or intrinsic's name without the type of its operands."""
    instruction = re.sub(r"(pternlog)\.[dq]", r"\1", instruction)
    return re.sub(r"\.(?:p\d+|v?\d*[if]\d+|128|256|512)(?=\.|$)", "", instruction)


def instrument(build, name, source, flags, spread=True):
    """An object with shadows, and the instruction classes it has."""
    listing = build.compile(f"{name}.ll", source, [CLANG, *flags, *OPTIMISE, "-g1", "-w", "-S", "-emit-llvm"])
    stem = build.own / name
    ready, shadowed, target = stem.with_suffix(".ready.ll"), stem.with_suffix(".shadow.ll"), stem.with_suffix(".o")
    text = listing.read_text(encoding="utf-8")
    try:
        text, used = taint_ir.rewrite(text, spread)
    except taint_ir.Unreviewed as error:
        raise Broken(f"{source}: {error}") from error
    newest = max(listing.stat().st_mtime, (HERE / "taint_ir.py").stat().st_mtime)
    if not target.exists() or target.stat().st_mtime < newest:
        ready.write_text(text, encoding="utf-8")
        run([CLANG, *INSTRUMENT, "-o", shadowed, ready])
        shadowed.write_text(shadowed.read_text(encoding="utf-8").replace(*REPORT), encoding="utf-8")
        run([CLANG, "-x", "ir", "-O1", "-w", "-c", "-o", target, shadowed])
    return target, {class_of(name) for name in used}


def plain_object(build, name, flags):
    """A driver's object: it has no secrets of its own to follow."""
    return build.compile(f"msan_{name}.o", HERE / f"{name}.cc", [CLANG, *flags, "-O1", "-g1", "-c"])


def link(build, name, objects):
    target = build.own / name
    run([CLANG, "-fsanitize=memory", "-o", target, *objects])
    return target


def base_flags(build):
    """Language, instruction set and include folders of code that is not a kernel."""
    return [flag for flag in build.lane_flags("portable") if not flag.startswith("-DLOCKSTEP_LANES")]


def execute(program, *arguments):
    """Runs a program under the sanitizer, with its reports in the answer's stderr."""
    return subprocess.run([program, *arguments], capture_output=True, text=True, errors="replace", check=False,
                          env=dict(os.environ, MSAN_OPTIONS=OPTIONS))


def propagation(build, used_by_kernels):
    """No shadow is lost in any instruction class that the kernels use; without taint_ir.py many are."""
    flags = [*build.lane_flags("ifma"), "-msha"]
    objects, covered = [], set()
    for title, spread in (("Spread", True), ("Plain", False)):
        made, used = instrument(build, f"propagation_{title}", HERE / "propagation_operations.cc",
                                [*flags, f"-DLOCKSTEP_OPERATIONS=k{title}Operations"], spread)
        objects.append(made)
        covered |= used
    objects.append(plain_object(build, "propagation_driver", base_flags(build)))
    done = execute(link(build, "propagation", objects))
    lost = {"spread": [], "plain": []}
    count = 0
    for line in done.stdout.splitlines():
        title, operation, losses, _ = line.split()
        count += title == "spread"
        if int(losses):
            lost[title].append(operation)
    yield Result(CHECK, "propagation", "passed" if count > 50 and not lost["spread"] else "failed",
                 f"{count} operations, shadow lost in: {', '.join(lost['spread']) or 'none'}")
    needed = {"add", "madd52_lo", "madd52_hi", "permute_two", "less_mask", "word_product_high"}
    yield Result(CHECK, "planted.propagation", "passed" if needed <= set(lost["plain"]) else "failed",
                 f"without taint_ir.py the shadow is lost in {len(lost['plain'])} operations", {"planted": True})
    unknown = sorted(used_by_kernels - covered - STRUCTURAL - PUBLIC_ONLY)
    yield Result(CHECK, "coverage", "failed" if unknown else "passed",
                 f"instruction classes without a self-test: {', '.join(unknown)}" if unknown else
                 f"all {len(used_by_kernels & covered)} instruction classes of the kernels have a self-test")


def places(program, addresses):
    """Function, file and line of addresses in a program."""
    if not addresses:
        return {}
    done = run(["addr2line", "-e", program, "-f", "-C", *sorted(addresses)])
    lines = done.stdout.splitlines()
    found = {}
    for i, address in enumerate(sorted(addresses)):
        function = short_name(lines[2 * i])
        place = re.sub(r" \(discriminator.*", "", lines[2 * i + 1]).replace(f"{ROOT}/", "")
        found[address] = f"{function} ({place})"
    return found


def reports(stderr):
    """{subject: (planted, addresses reported)} of a run of taint_driver: its own reports, and the runtime's of memcmp."""
    found, subject, expect = {}, None, False
    for line in stderr.splitlines():
        match = re.match(r"@@ (subject|secret) (\S+)(?: (\d))?$", line)
        if match and match.group(1) == "subject":
            subject = match.group(2)
            found[subject] = (match.group(3) == "1", [])
        elif match and subject:
            found[subject][1].append(match.group(2))
        elif "WARNING: MemorySanitizer" in line:
            expect = True
        elif expect and line.lstrip().startswith("#0") and subject:
            found[subject][1].append(re.search(r"\+0x([0-9a-f]+)\)", line).group(1))
            expect = False
        elif line.startswith("@@ end"):
            subject = None
    return found


def check(build, full):
    """All cases of the check; `full` repeats each operation with more secrets."""
    if not has_ifma():
        yield Result(CHECK, "all", "skipped", "this processor has no AVX512-IFMA")
        return
    objects, used = [], set()
    for entry in build.entries(KERNELS.format("ifma")):
        source = build.source(entry)
        made, classes = instrument(build, f"msan_{source.stem}", source, build.flags(entry))
        objects.append(made)
        used |= classes
    objects.append(instrument(build, "msan_planted", HERE / "planted.cc", build.lane_flags("ifma"))[0])
    for source in OTHER_SOURCES:
        entry = build.entry(source)
        made, classes = instrument(build, "msan_" + source.replace("/", "_")[:-3], ROOT / source, build.flags(entry))
        objects.append(made)
        used |= classes
    for source in SUBJECTS:
        made, classes = instrument(build, f"msan_{source.stem}", source, [*base_flags(build), f"-I{build.own}"])
        objects.append(made)
        used |= classes
    yield from propagation(build, used)
    objects.append(build.compile("msan_taint_driver.o", HERE / "taint_driver.cc",
                                 [CLANG, *base_flags(build), "-O1", "-g1", "-fsanitize=memory", "-fsanitize-recover=memory", "-c"]))
    program = link(build, "msan_taint", objects)
    done = execute(program, "5" if full else "2")
    if done.returncode != 0:
        raise Broken(f"{program}: exit status {done.returncode}\n{done.stderr[-2000:]}")
    found = reports(done.stderr)
    where = places(program, {address for _, addresses in found.values() for address in addresses})
    for name, (planted, addresses) in found.items():
        yield declared.judge(CHECK, name, planted, {where[address] for address in addresses})
