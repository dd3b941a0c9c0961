"""Real clients that come back with a ticket: to either of two workers, and only to the service that gave it."""

import json
import re
import subprocess
import unittest

from configuration import builtin, configuration, tap
from harness import KERNEL, LOCKSTEP, NAME, SERVICE, Case, wait_until

REQUEST = f"GET /bytes/100 HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()


class Resumption(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        cls.lockstep = cls.service(cls.host, configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL), builtin("http", f"{SERVICE}:443"),
            builtin("http-other", f"{SERVICE}:444"),
            builtin("http-cookie", f"{SERVICE}:446", more="[service.tls]\nretry_cookie = true\n"),
            builtin("http-old", f"{SERVICE}:445", more='[service.tls]\nversions = ["1.2"]\ncipher_suites = ["AES128-SHA"]\n'),
            general="cores = [0, 1]"))

    def visit(self, *arguments, port=443, version="-tls1_3"):
        done = self.host.run("openssl", "s_client", "-connect", f"{SERVICE}:{port}", "-servername", NAME, version,
                             "-CAfile", self.demo / "ca.pem", "-verify_return_error", "-ign_eof", *arguments, stdin=REQUEST)
        output = done.stdout.decode(errors="replace")
        self.assertIn("200 OK", output)
        return "resumed" if re.search(r"^Reused, ", output, re.M) else "new"

    def resumed_by_worker(self):
        found = re.findall(r'lockstep_tls_handshakes_resumed_total\{[^}]*worker="(\d)"[^}]*\} (\d+)',
                           self.lockstep.curl_socket("/metrics"))
        return {worker: int(count) for worker, count in found}

    def test_openssl_resumes_on_either_worker(self):
        for suite in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"):
            with self.subTest(suite):
                session = self.folder / suite
                self.assertEqual(self.visit("-ciphersuites", suite, "-sess_out", session), "new")
                for _ in range(8):
                    self.assertEqual(self.visit("-ciphersuites", suite, "-sess_in", session, "-sess_out", session), "resumed")
        counts = self.resumed_by_worker()
        self.assertEqual(set(counts), {"0", "1"})
        self.assertTrue(all(counts.values()), counts)

    def test_the_classic_handshake_is_resumed_by_identifier_on_either_worker(self):
        session = self.folder / "identifier"
        arguments = {"port": 445, "version": "-tls1_2"}
        answered = self.lockstep.metrics()["lockstep_worker_questions_answered_total"]
        before = self.resumed_by_worker()
        self.assertEqual(self.visit("-no_ticket", "-sess_out", session, **arguments), "new")
        for _ in range(16):
            self.assertEqual(self.visit("-no_ticket", "-sess_in", session, **arguments), "resumed")
        counts = {worker: count - before.get(worker, 0) for worker, count in self.resumed_by_worker().items()}
        self.assertEqual(sum(counts.values()), 16)
        self.assertTrue(all(counts.values()), counts)
        # Whoever does not remember the session asks the other one.
        self.assertIn(self.lockstep.metrics()["lockstep_worker_questions_answered_total"] - answered, counts.values())

    def test_a_ticket_of_one_service_is_a_stranger_at_another(self):
        session = self.folder / "one"
        self.visit("-sess_out", session)
        self.assertEqual(self.visit("-sess_in", session, port=444), "new")
        self.assertGreater(self.lockstep.metrics()["lockstep_tls_tickets_mismatched_total"], 0)

    def test_a_ticket_outlives_a_reload(self):
        session = self.folder / "reload"
        self.visit("-sess_out", session)
        self.lockstep.reload()
        wait_until("the reload", lambda: "event=reloaded" in self.lockstep.tail(20000) or '"reloaded"' in self.lockstep.tail(20000))
        self.assertEqual(self.visit("-sess_in", session), "resumed")

    def test_resumes_after_a_hello_retry_request(self):
        for port in (443, 446):  # keeping the handshake, and with a cookie
            with self.subTest(port=port):
                session = self.folder / f"retry-{port}"
                arguments = ("-groups", "P-521:P-256")
                self.visit(*arguments, "-sess_out", session, port=port)
                before = self.lockstep.metrics()["lockstep_tls_hello_retry_requests_total"]
                self.assertEqual(self.visit(*arguments, "-sess_in", session, port=port), "resumed")
                self.assertEqual(self.lockstep.metrics()["lockstep_tls_hello_retry_requests_total"], before + 1)

    def test_lockstep_sessions_counts_it(self):
        def sessions(*arguments):
            return subprocess.run([LOCKSTEP, "sessions", "--socket", self.lockstep.socket, *arguments], capture_output=True, check=True,
                                  text=True).stdout

        def resumed():
            return sum(worker["handshakes"]["resumed"] for worker in json.loads(sessions("--json"))["workers"])

        session = self.folder / "counted"
        self.visit("-sess_out", session)
        before = resumed()
        self.visit("-sess_in", session)
        self.assertEqual(resumed(), before + 1)
        self.assertIn("tickets refused", sessions())

    def test_the_access_log_says_so(self):
        session = self.folder / "log"
        self.visit("-sess_out", session)
        self.visit("-sess_in", session)
        wait_until("the access line", lambda: re.search(r"resumed[\"=:]+true", self.lockstep.tail(20000)))

    def test_gnutls_resumes(self):
        done = self.host.run("gnutls-cli", "--x509cafile", self.demo / "ca.pem", "--sni-hostname", NAME, "--verify-hostname", NAME,
                             "--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3", "--resume", "--waitresumption", "-p", "443", SERVICE,
                             stdin=REQUEST)
        self.assertIn(b"This is a resumed session", done.stdout)


if __name__ == "__main__":
    unittest.main()
