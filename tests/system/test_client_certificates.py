"""A real client with certificates: required and optional, revoked by a reload, remembered by sessions. Others: test_interop.py."""

import re
import unittest

from client_authority import KEYS, Authority
from configuration import builtin, configuration, tap
from harness import KERNEL, NAME, SERVICE, Case

REQUEST = f"GET /bytes/100 HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()


class ClientCertificates(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        demo = cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        cls.clients = Authority(cls.folder / "clients")
        cls.strangers = Authority(cls.folder / "strangers")
        files = f'client_ca = "{cls.clients.certificate}"\nclient_crl = ["{cls.clients.list}"]\n'
        cls.lockstep = cls.service(cls.host, configuration(
            demo, tap("lockstep0", SERVICE, KERNEL),
            builtin("http", f"{SERVICE}:443", more=f'client_auth = "required"\n{files}'),
            builtin("http-optional", f"{SERVICE}:444", more=f'client_auth = "optional"\n{files}'),
            general="cores = [0]"))

    def shown(self, authority, name):
        """How s_client shows a certificate of an authority for `name`."""
        certificate, key = authority.issue(name, *KEYS["P-256"])
        return ("-cert", certificate, "-key", key)

    def visit(self, *arguments, port=443, version="-tls1_3"):
        """What s_client says; "200 OK" stands in it when the request was answered."""
        done = self.host.run("openssl", "s_client", "-connect", f"{SERVICE}:{port}", "-servername", NAME, version, "-CAfile",
                             self.demo / "ca.pem", "-verify_return_error", "-ign_eof", *arguments, stdin=REQUEST, check=False)
        return (done.stdout + done.stderr).decode(errors="replace")

    def test_who_has_none_is_refused_where_one_is_required(self):
        self.assertIn("alert certificate required", self.visit())
        self.assertIn("alert handshake failure", self.visit(version="-tls1_2"))
        for version in ("-tls1_3", "-tls1_2"):
            self.assertIn("200 OK", self.visit(version=version, port=444))

    def test_the_authorities_are_named(self):
        for version in ("-tls1_3", "-tls1_2"):
            self.assertRegex(self.visit(version=version, port=444), r"Acceptable client certificate CA names\nCN = Clients")

    def test_strangers_are_refused_everywhere(self):
        stranger = self.shown(self.strangers, "stranger")
        for version in ("-tls1_3", "-tls1_2"):
            for port in (443, 444):
                self.assertIn("alert unknown ca", self.visit(*stranger, version=version, port=port))

    def test_a_revoked_client_is_refused_after_a_reload_and_its_session_does_not_go_on(self):
        client = self.shown(self.clients, "revoked")
        session = self.folder / "session"
        self.assertIn("200 OK", self.visit(*client, "-sess_out", session))
        output = self.visit("-sess_in", session)
        self.assertIn("200 OK", output)
        self.assertTrue(re.search(r"^Reused, ", output, re.M), "the session goes on without showing the certificate again")
        self.clients.publish(revoke="revoked")
        self.lockstep.reload_and_wait()
        self.assertIn("alert certificate revoked", self.visit(*client, "-sess_in", session))
        self.assertIn("alert certificate required", self.visit("-sess_in", session))


if __name__ == "__main__":
    unittest.main()
