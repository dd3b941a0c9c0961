"""The key log file beside what openssl's client logs of the same connections; and padded records on the wire."""

import re
import stat
import unittest

from configuration import builtin, configuration, tap
from harness import KERNEL, LOCKSTEP, NAME, SERVICE, Case, wait_until

REQUEST = f"GET /bytes/100 HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()


class KeyLog(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        cls.file = cls.folder / "secrets"
        cls.lockstep = cls.service(cls.host, configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL), builtin("http", f"{SERVICE}:443"),
            builtin("http-padded", f"{SERVICE}:444", more="[service.tls]\nrecord_padding = 1000\n"),
            general=f'key_log = "{cls.file}"'))

    def visit(self, *arguments, port=443):
        done = self.host.run("openssl", "s_client", "-connect", f"{SERVICE}:{port}", "-servername", NAME,
                             "-CAfile", self.demo / "ca.pem", "-verify_return_error", "-ign_eof", *arguments, stdin=REQUEST)
        output = done.stdout.decode(errors="replace")
        self.assertIn("200 OK", output)
        return output

    @staticmethod
    def lines(path):
        return sorted(line for line in path.read_text().splitlines() if not line.startswith("#")) if path.exists() else []

    def test_both_sides_log_the_same_lines(self):
        theirs = self.folder / "theirs"
        session = self.folder / "session"
        for version in ("-tls1_3", "-tls1_2"):
            self.visit(version, "-keylogfile", theirs, "-sess_out", session)
            self.visit(version, "-keylogfile", theirs, "-sess_in", session)
        self.assertEqual(len(self.lines(theirs)), 2 * 5 + 2 * 1)
        of_these = {line.split()[1] for line in self.lines(theirs)}
        logged = lambda: [line for line in self.lines(self.file) if line.split()[1] in of_these]
        wait_until("all lines are there", lambda: len(logged()) >= len(self.lines(theirs)))
        self.assertEqual(logged(), self.lines(theirs))

    def test_it_is_the_owners_alone_and_said_loudly(self):
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        said = lambda: len(re.findall(r"level=warning event=key_log .*decrypt", self.lockstep.tail(100_000)))
        before = said()
        self.assertGreaterEqual(before, 1)
        self.lockstep.reload()
        wait_until("it is said again", lambda: said() > before)

    def test_a_file_that_others_may_read_is_refused(self):
        folder = self.folder / "refused"
        folder.mkdir()
        (folder / "secrets").touch(mode=0o644)
        (folder / "lockstep.toml").write_text(configuration(
            self.demo, tap("lockstep1", "198.18.9.2", "198.18.9.1"), builtin("http", "198.18.9.2:443"),
            general=f'key_log = "{folder}/secrets"').replace("@SOCKET@", f"{folder}/socket"))
        done = self.host.run(LOCKSTEP, "run", "-c", folder / "lockstep.toml", check=False, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("its mode is not 0600", (done.stdout + done.stderr).decode())

    def test_records_are_padded_where_the_service_says_so(self):
        for port, padded in ((443, False), (444, True)):
            output = self.visit("-tls1_3", "-msg", port=port)
            # Headers of protected records that came in: content type, version, length of ciphertext with its tag.
            headers = re.findall(r"<<< TLS 1.\d, RecordHeader \[length 0005\]\n +17 03 03 (\w\w) (\w\w)", output)
            lengths = [int(high + low, 16) - 16 for high, low in headers]
            self.assertGreater(len(lengths), 3)
            self.assertEqual(all(length % 1000 == 0 for length in lengths), padded, lengths)


if __name__ == "__main__":
    unittest.main()
