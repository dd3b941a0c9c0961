"""Check 5: the same t-test on whole steps of a worker, one sort of input against another. The rule of the verdict is in README.md."""

import re
import subprocess

from tools import Broken, Result, run

CHECK = "steps"
# Seconds of samples for the first repetition of each step.
QUICK_SECONDS = 0.15
FULL_SECONDS = 5
# Whole RSA operations are left to the full tier. Their planted leak is small beside them: where the machine is too noisy to see it,
# they are skipped there too.
LONG = ["rsa_premaster.libcrypto", "rsa_premaster.lanes"]
STEPS = [
    "rsa_premaster.take", "cbc_open.sha1_64", "cbc_open.sha1_512", "cbc_open.sha256_80", "cbc_open.sha256_512", "cbc_open.sha384_160",
    "cbc_open.sha384_512", "cbc_open.sha1_64_libcrypto", "cbc_open.sha256_80_libcrypto", "cbc_open.sha384_160_libcrypto",
    "cbc_open.paddings_sha1_512",
    "cbc_open.paddings_sha256_512", "cbc_open.paddings_sha384_512", "cbc_open.paddings_sha1_512_libcrypto",
    "cbc_open.paddings_encrypt_then_mac_sha1_512", "cbc_open.encrypt_then_mac_sha1_64", "cbc_open.encrypt_then_mac_sha256_512", "cbc_open.encrypt_then_mac_sha384_512", "psk_binder",
    "finished.tls13", "finished.tls12", "ticket"]
# What a processor without the vector engines cannot run.
VECTOR_ONLY = re.compile(r"rsa_premaster\.lanes|cbc_open\.(paddings_)?sha\d+_\d+$|cbc_open\.(paddings_)?encrypt_then_mac")


def explain(figures):
    # The t of an effect grows with it: that of the planted leak tells which would just have counted.
    visible = 5 * float(figures["planted_cycles"]) / float(figures["planted_t"])
    return (f"{figures['difference']} cycles of {figures['cycles']} between {figures['variant']} and {figures['reference']}, |t| = "
            f"{abs(float(figures['t'])):.1f}; {visible:.1f} cycles would be seen; the planted {figures['planted']} of "
            f"{figures['planted_cycles']} cycles was, at t = {figures['planted_t']}; {figures['samples']} samples a class, "
            f"{figures['repetitions']} repetitions")


def check(build, full):
    """A result for each step. Without a planted leak that was found there is no verdict: a failure in the full tier, a skipped case in the quick one."""
    run(["ninja", "-C", build.folder, "--quiet", "tests/constant_time/constant_time_steps"])
    program = build.folder / "tests" / "constant_time" / "constant_time_steps"
    names = [*LONG, *STEPS] if full else STEPS
    how = ["alone", str(FULL_SECONDS)] if full else [str(QUICK_SECONDS)]
    done = subprocess.run([program, *how, *names], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Broken(f"{program}: exit status {done.returncode}\n{done.stderr}")
    found = {}
    for line in done.stdout.splitlines():
        verdict, name, rest = line.split(" ", 2)
        found[name] = (verdict, dict(re.findall(r"(\S+)=(\S+)", rest)))
    for name in names:
        if name not in found:
            status = "skipped" if VECTOR_ONLY.match(name) else "failed"
            yield Result(CHECK, name, status, "this processor cannot run it" if status == "skipped" else "it did not run")
            continue
        verdict, figures = found[name]
        status = {"clean": "passed", "leak": "failed", "inconclusive": "failed" if full and name not in LONG else "skipped"}[verdict]
        yield Result(CHECK, name, status, explain(figures) if verdict != "inconclusive" else "too noisy to tell: its planted leak was not found",
                     {**figures, "verdict": verdict})
