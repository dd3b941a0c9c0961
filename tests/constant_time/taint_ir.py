"""Prepares LLVM's optimised text IR for MemorySanitizer, so that its shadow follows secrets through arithmetic.

MemorySanitizer looks for uninitialised memory, where an approximation does no harm. It takes the shadow of a sum, a
product, a vpmadd52 or a permute for the bitwise OR of its operands' shadows: a carry out of the low bits, the high half of a
product or a lane that moved would count as public. It treats some instructions the other way (asm, freeze) and does
not look at divisions' dividends, at the length of a copy, or at what floating-point numbers are made of. So each such instruction gets a companion that
spreads the shadow and leaves the value alone:

    %x.never = icmp ne T %x, %x        never true, but unknown to MemorySanitizer if any bit of %x is
    %x.all   = sext i1 %x.never to T   zero, with all bits poisoned
    %x'      = xor T %x, %x.all

The instructions are added after optimisation and before instrumentation, so nothing folds them. An intrinsic that is not in
SPREAD or KNOWN has not been reviewed: it is an error here, not a blind spot there. propagation_operations.cc tests each entry.
"""

import re

TYPE = r"(?:<\d+ x i\d+>|i\d+)"
NAME = r'%(?:[\w.$-]+|"[^"]+")'
RESULT = re.compile(rf"^  ({NAME}) = (.*)$")
ARITHMETIC = re.compile(rf"^(?:add|sub|mul)(?: nuw| nsw)* ({TYPE}) ")
COMPARISON = re.compile(rf"^icmp (?:samesign )?(?:[us][lg][te]) ({TYPE}) (.*?)(, !dbg .*)?$")
DIVISION = re.compile(rf"^(?:udiv|sdiv|urem|srem)(?: exact)? ({TYPE}) (.*?)(, !dbg .*)?$")
REAL = r"(?:<\d+ x (?:double|float)>|double|float)"
FLOAT = re.compile(rf"^(?:f(?:add|sub|mul|div|rem)(?: \w+)* ({REAL}) |fneg (?:\w+ )*({REAL}) |(?:uitofp|sitofp)(?: nneg)? \S.* to ({REAL}))"
                   rf"|^(?:tail )?call (?:\w+ )*({REAL}) @llvm\.(?:fma|fmuladd|x86\.avx512\.\w+\.p[ds]\.512|floor|trunc|rint)")
FLOAT_COMPARISON = re.compile(r"^(?:fcmp|frem|fptrunc|fpext)\b")
MASKED_LOAD = re.compile(rf"^(?:tail )?call (?:\w+ )*(<8 x i64>|<16 x i32>) @llvm\.masked\.load\.\S*?\(ptr (?:\w+ )*(\S+), i32 64, "
                         rf"<\d+ x i1> (?:noundef )?(%[\w.]+), <\d+ x i\d+> (?:noundef )?([^)]*)\)(.*)$")
FREEZE = re.compile(rf"^freeze (\S.*?) ({NAME})((?:, !dbg .*)?)$")
EMPTY_ASM = re.compile(rf'^(?:tail )?call (?:\w+ )*({TYPE}) asm (?:sideeffect )?"", "=[rvx],0,[^"]*"\(({TYPE}) (?:noundef )?({NAME})\).*$')
CALL = re.compile(r"^(?:tail |musttail |notail )?call\b[^@%]*?(\S+) @([\w.]+)\((.*)\)")
INTRINSIC = re.compile(r"(?:call)\b.*?@(llvm\.[\w.]+)\(")
COPY = re.compile(r"^  (?:tail )?call void @llvm\.(?:memcpy|memmove|memset)\.\S*?\(.*, i64 (\S+), i1 (?:immarg )?(?:true|false)\)")

# Intrinsics whose result takes the poison of any operand's bit, in the same element ("lane") or in all of it ("all").
SPREAD = [
    (re.compile(r"llvm\.x86\.avx512\.vpmadd52[lh]\.uq\.(128|256|512)$"), "lane"),
    (re.compile(r"llvm\.(umin|umax|smin|smax|abs|usub\.sat|uadd\.sat|ssub\.sat|sadd\.sat|ctpop)\."), "lane"),
    (re.compile(r"llvm\.x86\.avx512\.(vpermi2var|permvar)\.\w+\.\d+$"), "all"),
    (re.compile(r"llvm\.x86\.(ssse3|avx2|avx512)\.pshuf\.b"), "all"),
    (re.compile(r"llvm\.x86\.sha(256rnds2|256msg1|256msg2|1nexte|1msg1|1msg2)$"), "all"),
]
# Intrinsics whose operands MemorySanitizer would report at once. They see operands without poison, and all bits of all
# results take the poison of any.
OPAQUE = re.compile(r"llvm\.(x86\.avx512\.pternlog|x86\.sha1rnds4$|x86\.(addcarry|subborrow)|[us](add|sub|mul)\.with\.overflow|"
                    r"vector\.reduce\.(add|mul|umin|umax|smin|smax|xor))")
# Intrinsics that MemorySanitizer follows bit by bit, or that carry no secret.
KNOWN = re.compile(r"llvm\.(fshl|fshr|bswap|bitreverse|vector\.reduce\.(or|and)|memcpy|memmove|memset|lifetime|invariant\.start|dbg|assume|"
                   r"experimental\.noalias\.scope\.decl|prefetch|x86\.sse2\.pause|threadlocal\.address|ctlz|cttz|"
                   r"trap|x86\.rdtsc|x86\.sse2\.lfence|stacksave|stackrestore|"
                   r"x86\.avx512\.ps(ll|rl|ra)v?\.|x86\.(sse2|avx2)\.ps(ll|rl|ra)i?\.|vector\.(insert|extract)|x86\.avx512\.mask\.gather|"
                   r"masked\.(load|store|gather|scatter)\.)")


class Unreviewed(Exception):
    """The IR has something whose shadow nobody has checked."""


def elements(kind):
    """The type of one bit for each element of a type, and the type's width."""
    match = re.match(r"<(\d+) x i(\d+)>", kind)
    if match:
        return f"<{match.group(1)} x i1>", int(match.group(1)) * int(match.group(2))
    return "i1", int(kind[1:])


def fresh(name, suffix):
    """A new value's name made from another's."""
    return "%t." + re.sub(r"\W", "_", name[1:]) + "." + suffix


def spread(result, kind, reach):
    """Lines that define `result` as the value `result.raw` with its poison spread over each element, or over all."""
    raw, never, every = fresh(result, "raw"), fresh(result, "never"), fresh(result, "all")
    bits, width = elements(kind)
    if reach == "lane" or bits == "i1":
        return [f"  {never} = icmp ne {kind} {raw}, {raw}", f"  {every} = sext {bits} {never} to {kind}",
                f"  {result} = xor {kind} {raw}, {every}"]
    whole, wide = fresh(result, "whole"), fresh(result, "wide")
    return [f"  {whole} = bitcast {kind} {raw} to i{width}", f"  {never} = icmp ne i{width} {whole}, {whole}",
            f"  {wide} = sext i1 {never} to i{width}", f"  {every} = bitcast i{width} {wide} to {kind}",
            f"  {result} = xor {kind} {raw}, {every}"]


def probe(value, kind, name):
    """Lines that make MemorySanitizer report a poisoned value: it checks the index of an extractelement."""
    never, index, unused = fresh(name, "never"), fresh(name, "index"), fresh(name, "probe")
    return [f"  {never} = icmp ne {kind} {value}, {value}", f"  {index} = zext i1 {never} to i64",
            f"  {unused} = extractelement <2 x i8> zeroinitializer, i64 {index}"]


def split_arguments(text):
    """The arguments of a call as (type, value), up to the parenthesis that closes it."""
    depth, start, parts = 0, 0, []
    for place, letter in enumerate(text):
        if letter in "<([{":
            depth += 1
        elif letter == ")" and depth == 0:
            parts.append(text[start:place])
            break
        elif letter in ">)]}":
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    arguments = [re.match(rf"\s*({TYPE}|ptr)(?: (?:noundef|immarg|signext|zeroext|nonnull))* (.*)$", part).groups()
                 for part in parts if part.strip()]
    return arguments


def opaque(result, body):
    """A call on operands without poison (freeze takes it away), whose results then take all of it."""
    head, tail = re.match(r"(.*? @llvm\.[\w.]+\()(.*)$", body).groups()
    kind = re.search(r"call (?:noundef )?(?:range\([^)]*\) )?(\{[^}]*\}|\S+ x \S+>|\S+) @", body).group(1)
    lines, frozen, poison = [], [], "false"
    for place, (type_, value) in enumerate(split_arguments(tail)):
        if not value.startswith("%"):
            frozen.append(f"{type_} {value}")
            continue
        if type_ == "ptr":
            raise Unreviewed(f"a pointer in {body}")
        name = fresh(result, f"operand{place}")
        whole = f"i{elements(type_)[1]}"
        lines += [f"  {name}.whole = bitcast {type_} {value} to {whole}",
                  f"  {name}.never = icmp ne {whole} {name}.whole, {name}.whole",
                  f"  {name}.any = or i1 {poison}, {name}.never",
                  f"  {name} = freeze {type_} {value}"]
        poison = f"{name}.any"
        frozen.append(f"{type_} {name}")
    raw = fresh(result, "raw")
    lines.append(f"  {raw} = {head}{', '.join(frozen)})")
    parts = re.findall(TYPE, kind)
    if not kind.startswith("{"):
        return lines + taken(result, raw, kind, poison)
    before = raw
    for place, part in enumerate(parts):
        after = result if place + 1 == len(parts) else fresh(result, f"upto{place}")
        piece, dirty = fresh(result, f"piece{place}"), fresh(result, f"dirty{place}")
        lines += [f"  {piece} = extractvalue {kind} {raw}, {place}"] + taken(dirty, piece, part, poison)
        lines.append(f"  {after} = insertvalue {kind} {before}, {part} {dirty}, {place}")
        before = after
    return lines


def taken(result, value, kind, poison):
    """Lines that define `result` as `value` with the poison of an i1 in all bits."""
    width = elements(kind)[1]
    wide, every = fresh(result, "wide"), fresh(result, "every")
    return [f"  {wide} = sext i1 {poison} to i{width}" if width > 1 else f"  {wide} = or i1 {poison}, false",
            f"  {every} = bitcast i{width} {wide} to {kind}", f"  {result} = xor {kind} {value}, {every}"]


def reach_of(intrinsic, line):
    """How far an intrinsic's result spreads its poison; None where MemorySanitizer does it right."""
    for pattern, reach in SPREAD:
        if pattern.match(intrinsic):
            return reach
    if OPAQUE.match(intrinsic):
        return "opaque"
    if not KNOWN.match(intrinsic):
        raise Unreviewed(f"intrinsic {intrinsic} is not reviewed: {line.strip()}")
    return None


def arguments_fit(line):
    """MemorySanitizer carries the shadows of 800 bytes of arguments; what is beyond would count as public."""
    match = re.search(r"@[\w.]+\((.*)\)", line)
    if not match or " @llvm." in line:
        return True
    size = sum(8 * ((elements(kind)[1] + 63) // 64) for kind in re.findall(rf"(?:^|, )({TYPE}) ", match.group(1)))
    size += sum(8 * int(count) for count in re.findall(r"byval\(\[(\d+) x", match.group(1)))
    return size <= 800


def division(result, body, line):
    """A division's operands are probed: its time depends on both."""
    kind, operands, debug = DIVISION.match(body).groups()
    if kind.startswith("<"):
        raise Unreviewed(f"division of vectors: {line.strip()}")
    mixed = fresh(result, "mixed")
    where = debug or ""
    lines = [f"  {mixed} = xor {kind} {operands}"] + probe(mixed, kind, result)
    return [text + where for text in lines] + [line]


def masked_load(result, kind, pointer, mask, otherwise, debug):
    """A masked load of a whole, aligned cache line reads that line whatever the mask is, so the mask is data: a load of all
    of it and a selection. Any other masked load stays as it is, and MemorySanitizer reports a secret mask."""
    whole = fresh(result, "line")
    lanes = elements(kind)[0]
    return [f"  {whole} = load {kind}, ptr {pointer}, align 64{debug}",
            f"  {result} = select {lanes} {mask}, {kind} {whole}, {kind} {otherwise}"]


def floating(result, kind, line):
    """Floating-point numbers must be public: processors are slower with some. Their shadows are ORs, so the results tell."""
    count = int(re.match(r"<(\d+)", kind).group(1)) if kind.startswith("<") else 1
    width = count * (64 if "double" in kind else 32)
    bits = fresh(result, "bits")
    return [line, f"  {bits} = bitcast {kind} {result} to i{width}", *probe(bits, f"i{width}", result)]


def with_result(line, result, body):
    """The lines that stand for one instruction with a result."""
    raw = fresh(result, "raw")
    match = ARITHMETIC.match(body)
    if match:
        return [f"  {raw} = {body}"] + spread(result, match.group(1), "lane")
    match = COMPARISON.match(body)
    if match:
        kind, operands, _ = match.groups()
        mixed, never = fresh(result, "mixed"), fresh(result, "never")
        bits = elements(kind)[0]
        return [f"  {raw} = {body}", f"  {mixed} = xor {kind} {operands}", f"  {never} = icmp ne {kind} {mixed}, {mixed}",
                f"  {result} = xor {bits} {raw}, {never}"]
    if DIVISION.match(body):
        return division(result, body, line)
    match = FREEZE.match(body)
    if match:
        kind, value, _ = match.groups()
        return [f"  {result} = select i1 true, {kind} {value}, {kind} {value}"]
    match = EMPTY_ASM.match(body)
    if match and match.group(1) == match.group(2):
        return [f"  {result} = bitcast {match.group(2)} {match.group(3)} to {match.group(1)}"]
    if " asm " in body and "cpuid" not in body:
        raise Unreviewed(f"inline assembly with a result: {line.strip()}")
    match = FLOAT.match(body)
    if match:
        return floating(result, next(kind for kind in match.groups() if kind), line)
    if FLOAT_COMPARISON.match(body):
        raise Unreviewed(f"comparison of floating-point numbers: {line.strip()}")
    match = MASKED_LOAD.match(body)
    if match:
        return masked_load(result, *match.groups())
    match = INTRINSIC.search(body)
    if match:
        reach = reach_of(match.group(1), line)
        if reach == "opaque":
            return opaque(result, body)
        if reach:
            kind = re.search(rf"({TYPE}) @llvm", body).group(1)
            return [f"  {raw} = {body}"] + spread(result, kind, reach)
    return [line]


def rewrite(text, add=True):
    """The IR with spreading added (or, without `add`, marked for instrumentation only), and the set of intrinsics and
    instructions that it uses."""
    out, used, copies = [], set(), 0
    for line in text.splitlines():
        if line.startswith("attributes #"):
            line = line.replace("{", "{ sanitize_memory", 1)
        elif line.startswith("  ") and not line.startswith("   "):
            intrinsic = INTRINSIC.search(line)
            if intrinsic:
                used.add(intrinsic.group(1))
            if "call " in line and not arguments_fit(line):
                raise Unreviewed(f"more arguments than shadows are carried for: {line.strip()}")
            match = RESULT.match(line)
            if match:
                opcode = match.group(2).split()[0]
                if opcode not in ("call", "tail", "musttail", "notail"):
                    used.add(opcode)
                out += [line] if not add else with_result(line, match.group(1), match.group(2))
                continue
            match = COPY.match(line)
            if add and match and match.group(1).startswith("%"):
                copies += 1
                out += probe(match.group(1), "i64", f"%copy.{copies}")
            elif intrinsic:
                reach_of(intrinsic.group(1), line)
        out.append(line)
    return "\n".join(out) + "\n", used
