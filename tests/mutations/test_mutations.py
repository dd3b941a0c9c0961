"""Kernels broken on purpose: each list of tests/unit/crypto/lanes/mutations is a case, and no mutant may survive."""

import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LISTS = sorted((ROOT / "tests/unit/crypto/lanes/mutations").glob("*.json"))


class Mutations(unittest.TestCase):
    def test_there_are_lists(self):
        self.assertTrue(LISTS)


def check(file):
    def test(self):
        command = [sys.executable, ROOT / "tests/support/mutation_check.py", file]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        print(result.stdout)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    return test


for each in LISTS:
    setattr(Mutations, f"test_every_mutant_of_{each.stem}_is_caught", check(each))

if __name__ == "__main__":
    unittest.main()
