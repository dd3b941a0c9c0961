"""The classic handshake through a TAP port: old suites work where they are configured, and nowhere else."""

import json
import unittest

from configuration import builtin, configuration, tap
from harness import KERNEL, NAME, ROOT, SERVICE, Case

CLIENT = ROOT / "tests" / "system" / "client.py"

RSA = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256", "AES256-SHA256", "AES128-SHA", "AES256-SHA"]
ECDHE = [f"ECDHE-{key}-{cipher}" for key in ("ECDSA", "RSA")
         for cipher in ("AES128-SHA256", "AES256-SHA384", "AES128-SHA", "AES256-SHA")]

# Messages in the order of RFC 5246 section 7.3, without ServerKeyExchange; of ChangeCipherSpec, s_client shows its own only.
CLASSIC = [">>> ClientHello", "<<< ServerHello", "<<< Certificate", "<<< ServerHelloDone", ">>> ClientKeyExchange",
           ">>> ChangeCipherSpec", ">>> Finished", "<<< Finished"]


def messages(output):
    """What `s_client -msg` showed of the handshake, as "<<< Name"."""
    shown = []
    for line in output.splitlines():
        if line.startswith((">>>", "<<<")) and ("Handshake" in line or "ChangeCipherSpec" in line):
            name = line.rsplit(",", 1)[-1].strip() if "Handshake" in line else "ChangeCipherSpec"
            shown.append(f"{line[:3]} {name}")
    return shown


class Classic(Case):
    """One service with every suite there is, one with the default ones."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        suites = json.dumps(RSA + ECDHE)
        old = f'[service.tls]\nversions = ["1.2"]\ncipher_suites = {suites}\n'
        cls.lockstep = cls.service(cls.host, configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL),
            builtin("http-old", f"{SERVICE}:443", more=old), builtin("echo-old", f"{SERVICE}:7", more=old),
            builtin("http-new", f"{SERVICE}:444")))

    def s_client(self, *arguments, port=443, stdin=b"", check=True):
        done = self.host.run("openssl", "s_client", "-connect", f"{SERVICE}:{port}", "-servername", NAME, "-tls1_2",
                             "-CAfile", self.demo / "ca.pem", "-verify_return_error", *arguments, stdin=stdin, check=check)
        return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")

    def client(self, *arguments):
        return json.loads(self.host.run("python3", CLIENT, *arguments, "--host", SERVICE, "--ca", self.demo / "ca.pem",
                                        "--tls", "1.2", timeout=300).stdout)

    def test_the_classic_handshake_message_by_message(self):
        output = self.s_client("-cipher", "AES128-SHA", "-no_ticket", "-msg")
        self.assertEqual(messages(output), CLASSIC)
        self.assertIn("Verify return code: 0 (ok)", output)
        self.assertRegex(output, r"Cipher\s*(is|:) AES128-SHA\b")

    def test_every_old_suite(self):
        for suite in RSA + ECDHE:
            with self.subTest(suite):
                output = self.s_client("-cipher", suite)
                self.assertIn(f"Cipher is {suite}", output)
                self.assertIn("Verify return code: 0 (ok)", output)

    def test_data_flows_both_ways(self):
        for suite in ("AES128-SHA", "AES256-SHA256", "ECDHE-ECDSA-AES256-SHA384", "AES256-GCM-SHA384"):
            with self.subTest(suite):
                self.assertTrue(self.client("echo", "--port", 7, "--ciphers", suite, "--bytes", 1_000_000)["equal"])
                answer = self.client("post", "--port", 443, "--ciphers", suite, "--bytes", 1_000_000)
                self.assertEqual(json.loads(answer["answer"])["sha256"], answer["sha256"])

    def test_many_connections_at_the_same_time(self):
        answer = self.client("many", "--port", 443, "--ciphers", "AES128-SHA", "--connections", 200, "--requests", 3)
        self.assertEqual((answer["verified"], answer["error_count"]), (600, 0), answer["errors"])

    def test_encrypt_then_mac_is_answered_with_cbc_only(self):
        for suite, expected in (("AES128-SHA", True), ("ECDHE-RSA-AES256-SHA384", True), ("AES128-GCM-SHA256", False)):
            with self.subTest(suite):
                output = self.s_client("-cipher", suite, "-tlsextdebug")
                self.assertEqual('server extension "encrypt-then-mac"' in output, expected)

    def test_gnutls(self):
        request = f"GET /bytes/100000 HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()
        for exchange, cipher, mac in (("RSA", "AES-128-CBC", "SHA1"), ("RSA", "AES-256-CBC", "SHA256"), ("RSA", "AES-128-GCM", "AEAD"),
                                      ("ECDHE-RSA", "AES-128-CBC", "SHA1"), ("ECDHE-ECDSA", "AES-256-CBC", "SHA384")):
            for encrypt_then_mac in (True, False):
                priority = (f"NONE:+VERS-TLS1.2:+COMP-NULL:+GROUP-ALL:+SIGN-ALL:+{exchange}:+{cipher}:+{mac}"
                            + ("" if encrypt_then_mac else ":%NO_ETM"))
                with self.subTest(priority):
                    done = self.host.run("gnutls-cli", "--x509cafile", self.demo / "ca.pem", "--sni-hostname", NAME,
                                         "--verify-hostname", NAME, "--priority", priority, "-p", "443", SERVICE, stdin=request)
                    self.assertIn(b"200 OK", done.stdout)
                    self.assertIn(b"abcdefghij", done.stdout)
                    self.assertIn(cipher.encode(), done.stdout)

    def test_a_suite_that_is_not_configured_is_refused(self):
        for suite in RSA + ECDHE:
            with self.subTest(suite):
                self.assertIn("alert handshake failure", self.s_client("-cipher", suite, port=444, check=False))
        self.assertIn("alert handshake failure", self.s_client("-cipher", "ECDHE-RSA-AES128-GCM-SHA256", check=False))

    def test_old_versions_are_refused_with_old_suites_too(self):
        for version in ("-tls1", "-tls1_1"):
            with self.subTest(version):
                done = self.host.run("openssl", "s_client", "-connect", f"{SERVICE}:443", version, "-cipher", "ALL:@SECLEVEL=0",
                                     stdin=b"", check=False)
                self.assertIn(b"alert protocol version", done.stderr)

    def test_a_damaged_record_ends_the_connection_alike_wherever_it_is(self):
        # A proxy of the test's own changes one byte of the client's first record of data.
        answers = set()
        for place in (5, 20, 21, 40, 60, -17, -2, -1):
            done = self.host.run("python3", "-c", DAMAGE, SERVICE, self.demo / "ca.pem", NAME, str(place))
            answers.add(done.stdout)
        self.assertEqual(answers, {b"sslv3 alert bad record mac\n"})


# Completes a handshake over memory, sends one record with one byte changed, and says how it was answered.
DAMAGE = """
import socket, ssl, sys
address, ca, name, place = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.maximum_version = ssl.TLSVersion.TLSv1_2
context.set_ciphers('AES128-SHA')
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
connection = socket.create_connection((address, 443), 20)
def step(action):
    while True:
        try:
            return action()
        except ssl.SSLWantReadError:
            connection.sendall(outgoing.read())
            incoming.write(connection.recv(65536))
step(tls.do_handshake)
connection.sendall(outgoing.read())
tls.write(b'GET / HTTP/1.1' + bytes(40))
record = bytearray(outgoing.read())
record[int(place)] ^= 1
connection.sendall(record)
try:
    step(lambda: tls.read(1))
    print('data')
except ssl.SSLError as error:
    print(error.reason.lower().replace('_', ' '))
"""


if __name__ == "__main__":
    unittest.main()
