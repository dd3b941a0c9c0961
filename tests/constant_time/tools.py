"""What the four checks share: results, the build folder they read and the folder of their own that they build in."""

import dataclasses
import json
import os
import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent

CLANG = "clang++-19"
# What of gcc's command line clang needs too: language, instruction set, definitions, include folders.
SHARED_FLAGS = re.compile(r"^-(std=|m|D|I|fno-exceptions|fno-rtti|fno-strict-aliasing)")
KERNELS = "crypto_lanes_{}"


class Broken(Exception):
    """A tool or the build failed, so that nothing can be said."""


@dataclasses.dataclass
class Result:
    """How one case of a check ended: "passed", "failed" or "skipped", and what to print of it."""

    check: str
    name: str
    status: str
    detail: str = ""
    figures: dict = dataclasses.field(default_factory=dict)


def run(command, **options):
    """Runs a command and returns what it wrote; raises Broken with its errors if it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace", check=False,
                          **options)
    if done.returncode != 0:
        raise Broken(f"{shlex.join(str(word) for word in command)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done


def short_name(name):
    """A function's name as reviewers write it: no namespace, no parameters, no clone's suffix."""
    name = re.sub(r" \[clone [^\]]*\]|\(anonymous namespace\)::|lockstep::(crypto::)?(lanes::)?(ifma::|portable::)?", "", name)
    depth, start = 0, 0
    for place, letter in enumerate(name):
        if letter in "<>":
            depth += 1 if letter == "<" else -1
        elif letter == " " and depth == 0:
            start = place + 1  # a template's instance begins with its return type
        elif letter == "(" and depth == 0:
            return name[start:place]
    return name[start:]


def processor_has(*flags):
    """Whether this machine's processor has all these features, in the kernel's spelling."""
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^flags\s*:(.*)$", text, re.MULTILINE)
    return bool(found) and set(flags) <= set(found.group(1).split())


def has_ifma():
    """Whether the ifma instance can run here."""
    return processor_has("avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512ifma", "bmi2")


class Build:
    """A configured build folder: the commands that compile the product, and a folder `constant_time` in it for what is
    compiled here, with `generated` headers {name: text}. Objects there are made again when a source, a header or the
    command has changed."""

    def __init__(self, folder, generated):
        self.folder = pathlib.Path(folder).resolve()
        if not (self.folder / "build.ninja").exists():
            run(["meson", "setup", self.folder], cwd=ROOT)
        self.own = self.folder / "constant_time"
        self.own.mkdir(exist_ok=True)
        for name, text in generated.items():
            self.write(name, text)
        self.commands = json.loads((self.folder / "compile_commands.json").read_text(encoding="utf-8"))
        if any("-fsanitize" in entry["command"] for entry in self.commands):
            raise Broken(f"{self.folder} is a build with sanitizers: its code is not what ships")

    def write(self, name, text):
        """Writes a file of the own folder, if it is not there as it should be."""
        target = self.own / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")

    def entries(self, library):
        """The compile commands of a static library."""
        return [entry for entry in self.commands if f"lib{library}.a.p/" in entry["output"]]

    def entry(self, source):
        """The compile command of one source of the product."""
        for entry in self.commands:
            if self.source(entry) == ROOT / source:
                return entry
        raise Broken(f"{source} is not in {self.folder}/compile_commands.json")

    def source(self, entry):
        return pathlib.Path(entry["directory"], entry["file"]).resolve()

    def flags(self, entry):
        """The part of a compile command that another compiler takes too; include folders made absolute."""
        words = [word for word in shlex.split(entry["command"]) if SHARED_FLAGS.match(word)]
        return [f"-I{pathlib.Path(entry['directory'], word[2:]).resolve()}" if word.startswith("-I") else word
                for word in words]

    def lane_flags(self, instance):
        """The flags of the kernels of an instance."""
        entries = self.entries(KERNELS.format(instance))
        if not entries:
            raise Broken(f"no kernels are compiled for {instance}")
        return self.flags(entries[0])

    def ninja(self, *targets):
        """Brings outputs of the product's build up to date and returns their paths."""
        run(["ninja", "-C", self.folder, *targets])
        return [self.folder / target for target in targets]

    def compile(self, output, source, command):
        """Makes an object of the own folder by `command`, a compiler's call without -o and source."""
        target = self.own / output
        depfile, recorded = target.with_suffix(".d"), target.with_suffix(".command")
        whole = [*command, "-MD", "-MF", depfile, "-o", target, source]
        text = shlex.join(str(word) for word in whole)
        if not self.current(target, depfile, recorded, text):
            target.unlink(missing_ok=True)
            run(whole, cwd=ROOT)
            recorded.write_text(text, encoding="utf-8")
        return target

    def current(self, target, depfile, recorded, text):
        """Whether an object is newer than all that it was made of, and was made by the same command."""
        if not (target.exists() and depfile.exists() and recorded.exists()):
            return False
        if recorded.read_text(encoding="utf-8") != text:
            return False
        made = target.stat().st_mtime
        needed = depfile.read_text(encoding="utf-8").replace("\\\n", " ").split(":", 1)[1].split()
        return all(os.path.exists(ROOT / path) and os.path.getmtime(ROOT / path) <= made for path in needed)
