"""Handshakes in lockstep: what status tells of lanes, waits and pools after thousands of them, and the operator's command."""

import json
import subprocess
import unittest

from configuration import builtin, configuration, tap
from harness import FULL, KERNEL, LOCKSTEP, SERVICE, Case

AT_A_TIME = 1000
ROUNDS = 10 if FULL else 3


def lanes_of_processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return "avx512ifma" in file.read()


class Lockstep(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        cls.lockstep = cls.service(cls.host, configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL), builtin("http", f"{SERVICE}:443")))

    def handshakes(self, rounds):
        for _ in range(rounds):
            done = self.host.run("h2load", "--h1", "-n", AT_A_TIME, "-c", AT_A_TIME, f"https://{SERVICE}/")
            self.assertIn(f"{AT_A_TIME} succeeded, 0 failed, 0 errored", done.stdout.decode())

    def engines(self):
        worker = self.lockstep.status()["workers"][0]
        return {line["class"]: line for line in worker["engines"]}, worker["engine_counters"]

    @unittest.skipUnless(lanes_of_processor(), "no AVX512-IFMA")
    def test_thousands_of_handshakes_fill_lanes_and_take_what_was_made_ahead(self):
        self.handshakes(ROUNDS)
        classes, counters = self.engines()
        for name in ("key_share_x25519", "derive_x25519", "sign_p256"):
            line = classes[name]
            self.assertEqual(line["engine"], "lanes", line["why"])
            self.assertGreaterEqual(line["jobs"], ROUNDS * AT_A_TIME)
            self.assertEqual(line["failed"], 0)
            self.assertGreater(line["wait_ns"]["count"], 0)
        # How full lanes are on the average depends on how fast clients come; a burst of a thousand fills some.
        full = [bucket for bucket in classes["derive_x25519"]["fill"]["buckets"] if bucket["below"] == 16]
        self.assertTrue(full and full[0]["count"] > 0, classes["derive_x25519"]["fill"])
        self.assertGreater(classes["sign_p256"]["made_ahead"], 0)
        self.assertGreater(counters["key_pairs_taken"], 0)
        self.assertGreater(counters["nonce_pairs_taken"], 0)
        self.assertEqual(counters["lanes_recomputed"], 0)
        text = subprocess.run([LOCKSTEP, "status", "--socket", self.lockstep.socket], capture_output=True, text=True,
                              check=True).stdout
        print(text)
        for word in ("fill mean", "wait p99", "key_pairs_taken", "nonce_pairs_taken"):
            self.assertIn(word, text)

    def test_the_operator_drops_what_was_made_ahead(self):
        self.handshakes(1)
        done = subprocess.run([LOCKSTEP, "made-ahead", "drop", "--json", "--socket", self.lockstep.socket],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual((answer["dropped"], answer["workers"]), (True, 1))
        self.handshakes(1)
        if lanes_of_processor():
            self.assertGreater(self.engines()[1]["made_ahead_dropped"], 0)


if __name__ == "__main__":
    unittest.main()
