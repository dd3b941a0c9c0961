#!/usr/bin/env python3
"""Opening CBC records: no branch and no index depends on decrypted bytes.

$CONSTANT_TIME_OPEN names the program constant_time_open.

memcheck sees the decrypted bytes as undefined and reports what depends on them; the program's planted leaks must be
reported in the same way, or the check is worth nothing.
"""

import os
import subprocess
import unittest

PROGRAM = os.environ["CONSTANT_TIME_OPEN"]
FOUND = 99


def memcheck(*arguments):
    command = ["valgrind", "--quiet", f"--error-exitcode={FOUND}", PROGRAM, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class ConstantTime(unittest.TestCase):
    def test_nothing_depends_on_decrypted_bytes(self):
        result = memcheck()
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_planted_branch_is_found(self):
        result = memcheck("branch")
        self.assertEqual(result.returncode, FOUND, result.stderr)
        self.assertIn("Conditional jump", result.stderr)

    def test_a_planted_index_is_found(self):
        result = memcheck("index")
        self.assertEqual(result.returncode, FOUND, result.stderr)
        self.assertIn("Use of uninitialised value", result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=0)
