"""No oracle over the network: every wrong premaster secret, and every wrong CBC record, gets the same answer."""

import json
import unittest

from configuration import builtin, configuration, tap
from harness import FULL, KERNEL, ROOT, SERVICE, Case

PROBE = ROOT / "tests" / "system" / "oracles.py"
TRIES = 100_000 if FULL else 400
BAD_RECORD_MAC = "21:0214 end"  # fatal, in plaintext, for our keys are not in use yet
SUITES = ["AES128-SHA", "AES128-SHA256", "ECDHE-RSA-AES256-SHA384"]


class Oracles(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        old = f'[service.tls]\nversions = ["1.2"]\ncipher_suites = {json.dumps(SUITES)}\n'
        cls.lockstep = cls.service(cls.host, configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL), builtin("echo", f"{SERVICE}:443", more=old)))

    def probe(self, *arguments):
        done = self.host.run("python3", PROBE, *arguments, "--host", SERVICE, "--port", 443, timeout=7200)
        found = json.loads(done.stdout)
        print(json.dumps({kind: one["median_us"] for kind, one in found.items()}))
        return found

    def test_wrong_premaster_secrets_all_end_with_bad_record_mac(self):
        found = self.probe("robot", "--certificate", self.demo / "rsa.pem", "--tries", TRIES)
        self.assertGreaterEqual(len(found), 17)
        for kind, one in found.items():
            with self.subTest(kind):
                self.assertEqual(list(one["answers"]), [BAD_RECORD_MAC])

    def test_wrong_records_all_get_one_encrypted_alert(self):
        for suite in SUITES:
            found = self.probe("padding", "--cipher", suite, "--tries", TRIES // len(SUITES))
            self.assertGreaterEqual(len(found), 8)
            answers = {answer for one in found.values() for answer in one["answers"]}
            with self.subTest(suite):
                self.assertEqual(len(answers), 1, found)


if __name__ == "__main__":
    unittest.main()
