#!/usr/bin/env python3
"""Runs one Python unittest file and writes its results in GoogleTest's JSON form to $LOCKSTEP_TEST_REPORT."""

import importlib.util
import json
import os
import pathlib
import sys
import unittest


class Recorder(unittest.TextTestResult):
    """Remembers how each case ended."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.cases = {}

    def startTest(self, test):
        super().startTest(test)
        self.cases[test.id()] = {"status": "RUN"}

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.cases[test.id()] = {"status": "RUN", "result": "SKIPPED"}

    def note_failure(self, test, error):
        self.cases.setdefault(test.id(), {"status": "RUN"})["failures"] = [{"failure": str(error[1])}]

    def addError(self, test, err):
        super().addError(test, err)
        self.note_failure(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note_failure(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note_failure(test, err)


def main():
    file = pathlib.Path(sys.argv[1])
    sys.path[:0] = [str(file.parent)]
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(resultclass=Recorder, verbosity=2).run(suite)
    groups = {}
    for title, outcome in result.cases.items():
        group, _, name = title.rpartition(".")
        groups.setdefault(group.rpartition(".")[2], []).append({"name": name, **outcome})
    report = {"testsuites": [{"name": name, "testsuite": cases} for name, cases in groups.items()]}
    pathlib.Path(os.environ["LOCKSTEP_TEST_REPORT"]).write_text(json.dumps(report), encoding="utf-8")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
