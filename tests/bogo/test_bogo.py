"""The shim's own protocol, with a small stand-in for the test runner."""

import base64
import contextlib
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LOCKSTEP_BUILD", ROOT / "build"))
SHIM = BUILD / "tests" / "bogo" / "bogo_shim"
SHIM_ID = 0x0123456789ABCDEF


class Run:
    """One start of the shim, and the connections that it makes."""

    def __init__(self, *flags):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(20)
        self.process = subprocess.Popen(
            [SHIM, "-port", str(self.listener.getsockname()[1]), "-shim-id", str(SHIM_ID), "-server", *flags],
            stderr=subprocess.PIPE, text=True)

    def accept(self):
        """The next connection, its number read."""
        connection, _ = self.listener.accept()
        connection.settimeout(20)
        assert struct.unpack("<Q", connection.recv(8, socket.MSG_WAITALL))[0] == SHIM_ID
        return connection

    def end(self):
        """Exit status and standard error."""
        self.listener.close()
        _, error = self.process.communicate(timeout=20)
        return self.process.returncode, error.strip()


class Bogo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="lockstep-bogo-")
        cls.addClassCleanup(folder.cleanup)
        cls.key, cls.certificate = pathlib.Path(folder.name, "key.pem"), pathlib.Path(folder.name, "certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=shim", "-addext", "subjectAltName=DNS:shim.test",
                        "-keyout", cls.key, "-out", cls.certificate], check=True, capture_output=True)

    def start(self, *flags):
        return Run("-key-file", str(self.key), "-cert-file", str(self.certificate), *flags)

    def context(self, version=None, **options):
        context = ssl.create_default_context(cafile=self.certificate)
        if version:
            context.minimum_version = context.maximum_version = version
        for name, value in options.items():
            setattr(context, name, value)
        return context

    @contextlib.contextmanager
    def client(self, run, context=None, session=None):
        with (context or self.context()).wrap_socket(run.accept(), server_hostname="shim.test", session=session) as tls:
            yield tls

    def echo(self, tls, text=b"a question"):
        tls.sendall(text)
        answer = b""
        while len(answer) < len(text):
            answer += tls.recv(65536)
        self.assertEqual(answer, bytes(byte ^ 0xFF for byte in text))

    def test_it_answers_with_every_bit_turned_in_both_versions(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version):
                run = self.start()
                with self.client(run, self.context(version)) as tls:
                    self.echo(tls)
                    self.echo(tls, os.urandom(200_000))
                    tls.unwrap()
                self.assertEqual(run.end(), (0, ""))

    def test_it_writes_first_if_told_so(self):
        run = self.start("-shim-writes-first")
        with self.client(run) as tls:
            self.assertEqual(tls.recv(100), b"hello")
            tls.unwrap()
        self.assertEqual(run.end(), (0, ""))

    def test_it_closes_first_if_told_so(self):
        run = self.start("-shim-shuts-down")
        with self.client(run) as tls:
            self.assertEqual(tls.recv(100), b"")
            tls.unwrap()
        self.assertEqual(run.end(), (0, ""))

    def test_a_missing_close_notify_is_a_failure(self):
        run = self.start("-check-close-notify")
        with self.client(run) as tls:
            self.echo(tls)
            os.close(tls.detach())
        status, error = run.end()
        self.assertEqual((status, error), (1, "truncated"))

    def test_further_connections_come_one_after_the_other(self):
        run = self.start("-resume-count", "2", "-on-resume-expect-session-miss")
        for _ in range(3):
            with self.client(run, self.context(ssl.TLSVersion.TLSv1_3)) as tls:
                self.echo(tls)
                tls.unwrap()
        self.assertEqual(run.end(), (0, ""))

    def resume(self, context, *flags):
        """Two connections of one session; in TLS 1.3 its ticket comes before the answer."""
        run = self.start("-resume-count", "1", *flags)
        session = None
        for _ in range(2):
            with self.client(run, context, session) as tls:
                self.echo(tls)
                session = tls.session
                tls.unwrap()
        return run.end()

    def test_sessions_go_on_by_ticket_and_by_identifier(self):
        for version, flags in ((ssl.TLSVersion.TLSv1_3, ()), (ssl.TLSVersion.TLSv1_2, ()), (ssl.TLSVersion.TLSv1_2, ("-no-ticket",))):
            with self.subTest(version=version, flags=flags):
                self.assertEqual(self.resume(self.context(version), *flags), (0, ""))
        self.assertEqual(self.resume(self.context(ssl.TLSVersion.TLSv1_3), "-on-resume-expect-session-miss"),
                         (1, "the session was resumed"))

    def test_a_ticket_is_good_for_whoever_has_its_key(self):
        key = base64.b64encode(bytes(range(48))).decode()
        context, session = self.context(ssl.TLSVersion.TLSv1_2), None
        for ticket_key, reused in ((key, False), (key, True), (base64.b64encode(bytes(48)).decode(), False)):
            run = self.start("-ticket-key", ticket_key)
            with self.client(run, context, session) as tls:
                self.echo(tls)
                self.assertEqual(tls.session_reused, reused)
                session = session or tls.session
                tls.unwrap()
            self.assertEqual(run.end(), (0, ""))

    def test_a_session_not_resumed_as_expected_is_a_failure(self):
        run = self.start("-resume-count", "1")
        for _ in range(2):
            with self.client(run) as tls:
                self.echo(tls)
                tls.unwrap()
        self.assertEqual(run.end(), (1, "the session was not resumed"))

    def test_expectations_that_do_not_hold_are_failures(self):
        for flags, text in ((("-expect-hrr",), "no HelloRetryRequest was sent"),
                            (("-expect-server-name", "other.test"), "another server name came"),
                            (("-expect-curve-id", "24"), "another group was used")):
            with self.subTest(flags=flags):
                run = self.start(*flags)
                with self.client(run) as tls:
                    self.echo(tls)
                    tls.unwrap()
                self.assertEqual(run.end(), (1, text))

    def test_versions_suites_groups_and_protocols_are_as_told(self):
        run = self.start("-max-version", "771", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384", "-curves", "24",
                         "-select-alpn", "foo", "-expect-alpn", "foo", "-expect-curve-id", "24")
        context = self.context()
        context.set_alpn_protocols(["bar", "foo"])
        with self.client(run, context) as tls:
            self.assertEqual((tls.version(), tls.cipher()[0], tls.selected_alpn_protocol()),
                             ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384", "foo"))
            self.echo(tls)
            tls.unwrap()
        self.assertEqual(run.end(), (0, ""))

    def test_certificates_of_clients_are_asked_for_and_judged_as_told(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            required = "certificate_required" if version == ssl.TLSVersion.TLSv1_3 else "certificate_required_tls12"
            for shown, flags, error in (
                    (True, ("-require-any-client-certificate", "-expect-verify-result"), ""),
                    (True, ("-verify-peer", "-use-custom-verify-callback", "-expect-verify-result"), ""),
                    (False, ("-verify-peer",), ""),
                    (False, ("-verify-peer", "-expect-verify-result"), "no certificate was looked at"),
                    (False, ("-require-any-client-certificate",), required),
                    (True, ("-verify-peer", "-verify-fail", "-expect-verify-result"), "unknown_authority")):
                with self.subTest(version=version, flags=flags):
                    context = self.context(version)
                    if shown:
                        context.load_cert_chain(self.certificate, self.key)
                    run = self.start(*flags)
                    try:
                        with self.client(run, context) as tls:
                            self.echo(tls)
                            tls.unwrap()
                    except OSError:
                        self.assertNotEqual(error, "")
                    self.assertEqual(run.end(), (1 if error else 0, error))

    def test_it_signs_by_the_schemes_that_it_is_told(self):
        self.assertEqual(self.start("-signing-prefs", "513").end()[0], 89)  # SHA-1
        # Not for the key that it has.
        run = self.start("-signing-prefs", str(0x0804))
        with self.assertRaises(ssl.SSLError), self.client(run):
            pass
        self.assertEqual(run.end(), (1, "no_common_signature_scheme"))

    def test_a_failure_of_the_session_is_named(self):
        run = self.start("-min-version", "772")
        with self.assertRaises(ssl.SSLError), self.client(run, self.context(ssl.TLSVersion.TLSv1_2)):
            pass
        self.assertEqual(run.end(), (1, "no_common_version"))

    def test_what_it_does_not_know_is_89(self):
        for flags in (("-quic",), ("-cipher", "RC4-MD5"), ("-curves", "25")):
            with self.subTest(flags=flags):
                self.assertEqual(self.start(*flags).end()[0], 89)

    def test_it_says_that_it_has_no_split_handshakes(self):
        done = subprocess.run([SHIM, "-is-handshaker-supported"], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "No\n")


if __name__ == "__main__":
    unittest.main()
