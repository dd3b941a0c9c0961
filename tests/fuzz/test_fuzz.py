"""Short runs of the fuzzers; an hour each is `tests/fuzz/run --seconds 3600`."""

import importlib.machinery
import importlib.util
import pathlib
import unittest

HERE = pathlib.Path(__file__).resolve().parent
LOADER = importlib.machinery.SourceFileLoader("fuzz_run", str(HERE / "run"))
RUN = importlib.util.module_from_spec(importlib.util.spec_from_loader("fuzz_run", LOADER))
LOADER.exec_module(RUN)

SECONDS = 10


class Fuzz(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        RUN.build()

    def test_a_planted_mistake_is_found(self):
        found = RUN.fuzz("planted", 60)["found"]
        self.assertEqual(len(found), 1)


def check(target):
    def test(self):
        result = RUN.fuzz(target, SECONDS)
        print(f"{target}: {result['executions']} executions, {result['edges']} edges")
        self.assertEqual(result["found"], [], result["output"][-4000:])
        self.assertGreater(result["executions"], 1000)

    return test


for each in RUN.TARGETS:
    setattr(Fuzz, f"test_{each}_survives", check(each))

if __name__ == "__main__":
    unittest.main()
