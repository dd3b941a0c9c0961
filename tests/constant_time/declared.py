"""What the checks that follow secrets may find: nothing, but for what declared.txt declares to be public."""

from tools import HERE, Broken, Result

DECLARED = HERE / "declared.txt"


def declared():
    """{(subject, function): most places} of declared.txt."""
    found = {}
    for number, line in enumerate(DECLARED.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            fields = [field.strip() for field in line.split("|")]
            if len(fields) != 4 or not fields[2].isdigit() or not fields[3]:
                raise Broken(f"{DECLARED}:{number}: not 'subject | function | places | reason'")
            found[(fields[0], fields[1])] = int(fields[2])
    return found


def judge(check, subject, planted, places):
    """The result of one subject from the places, "function (file:line)", at which a secret decided."""
    allowed = declared()
    by_function = {}
    for place in sorted(places):
        by_function.setdefault(place.split(" (")[0], []).append(place)
    leaks, public = [], 0
    for function, here in by_function.items():
        if len(here) <= allowed.get((subject, function), 0):
            public += len(here)
        else:
            leaks += here
    detail = f"{len(leaks)} secret-dependent branches or addresses"
    detail += f": {'; '.join(leaks[:5])}" if leaks else ""
    detail += f" ({public} declared public)" if public else ""
    status = "passed" if planted == bool(leaks) else "failed"
    return Result(check, subject, status, detail, {"planted": planted, "reports": len(leaks), "declared": public})
