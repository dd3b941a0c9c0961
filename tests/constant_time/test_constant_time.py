"""The cases of tests/constant_time/run as tests, for tests/run."""

import importlib.machinery
import importlib.util
import os
import pathlib
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def load_runner():
    loader = importlib.machinery.SourceFileLoader("constant_time_run", str(HERE / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class Case(unittest.TestCase):
    """One result of a check, that came about before."""

    def __init__(self, result):
        super().__init__("has_passed")
        self.result = result

    def id(self):
        return f"{self.result.check.replace(' ', '_')}.{self.result.name.replace('.', ':')}"

    def has_passed(self):
        print(f"{self.result.check}: {self.result.name}: {self.result.detail}")
        if self.result.status == "skipped":
            self.skipTest(self.result.detail)
        if self.result.status == "failed":
            self.fail(self.result.detail)


def load_tests(loader, tests, pattern):
    """Runs the checks, and makes a test of each of their results."""
    del loader, tests, pattern
    runner = load_runner()
    build = os.environ.get("LOCKSTEP_BUILD", runner.ROOT / "build")
    full = bool(os.environ.get("LOCKSTEP_TEST_FULL"))
    return unittest.TestSuite(Case(result) for result in runner.results_of([], build, full))


if __name__ == "__main__":
    unittest.main()
