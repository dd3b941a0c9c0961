"""Real clients with certificates: both versions, required and optional, revoked by a reload, remembered by sessions."""

import re
import subprocess
import unittest

from configuration import builtin, configuration, tap
from harness import KERNEL, NAME, ROOT, SERVICE, Case, wait_until

REQUEST = f"GET /bytes/100 HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()
PROGRAMS = ROOT / "tests" / "support" / "interop"
VERSIONS = {"1.2": 445, "1.3": 446}
CA_CONFIGURATION = """[ca]
default_ca = it
[it]
database = {folder}/index
serial = {folder}/serial
crlnumber = {folder}/crlnumber
default_md = sha256
default_crl_days = 2
"""


class Authority:
    """An authority for clients, made with openssl in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.certificate, self.list = folder / "ca.pem", folder / "crl.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                     "/CN=Clients", "-keyout", folder / "ca.key", "-out", self.certificate)
        (folder / "index").touch()
        (folder / "crlnumber").write_text("01\n", encoding="utf-8")
        (folder / "ca.conf").write_text(CA_CONFIGURATION.format(folder=folder), encoding="utf-8")
        (folder / "usage").write_text("extendedKeyUsage = clientAuth\nkeyUsage = digitalSignature\n", encoding="utf-8")
        self.publish()

    def openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def issue(self, name, *key):
        """A certificate for `name` with a key that `openssl req -newkey` makes; the arguments that s_client shows it by."""
        at = self.folder / name
        self.openssl("req", "-new", "-newkey", *key, "-nodes", "-subj", f"/O=Lockstep/CN={name}", "-keyout", f"{at}.key", "-out",
                     f"{at}.csr")
        self.openssl("x509", "-req", "-in", f"{at}.csr", "-CA", self.certificate, "-CAkey", self.folder / "ca.key", "-days", "1",
                     "-extfile", self.folder / "usage", "-out", f"{at}.pem")
        return ("-cert", f"{at}.pem", "-key", f"{at}.key")

    def publish(self, revoke=None):
        common = ("-config", self.folder / "ca.conf", "-keyfile", self.folder / "ca.key", "-cert", self.certificate)
        if revoke is not None:
            self.openssl("ca", *common, "-revoke", self.folder / f"{revoke}.pem")
        self.openssl("ca", *common, "-gencrl", "-out", self.list)


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
            *(builtin(f"http-{port}", f"{SERVICE}:{port}", more=f'client_auth = "required"\n{files}[service.tls]\nversions = ["{version}"]\n')
              for version, port in VERSIONS.items()),
            general="cores = [0]"))

    def visit(self, *arguments, port=443, version="-tls1_3"):
        """What s_client says; "200 OK" stands in it when the request was answered."""
        done = self.host.run("openssl", "s_client", "-connect", f"{SERVICE}:{port}", "-servername", NAME, version, "-CAfile",
                             self.demo / "ca.pem", "-verify_return_error", "-ign_eof", *arguments, stdin=REQUEST, check=False)
        return (done.stdout + done.stderr).decode(errors="replace")

    def reload(self):
        before = self.lockstep.tail(100000).count("reloaded")
        self.lockstep.reload()
        wait_until("the reload", lambda: self.lockstep.tail(100000).count("reloaded") > before)

    def test_every_kind_of_key_is_taken(self):
        kinds = {"rsa": ("rsa:2048",), "p256": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
                 "p384": ("ec", "-pkeyopt", "ec_paramgen_curve:P-384"), "ed25519": ("ed25519",)}
        for version in ("-tls1_3", "-tls1_2"):
            for name, key in kinds.items():
                if (version, name) == ("-tls1_2", "ed25519"):
                    continue  # not asked for
                with self.subTest(version=version, key=name):
                    self.assertIn("200 OK", self.visit(*self.clients.issue(f"{name}{version}", *key), version=version))
                    wait_until("the access line", lambda: f"CN={name}{version},O=Lockstep" in self.lockstep.tail(20000))

    def test_who_has_none_is_refused_where_one_is_required(self):
        self.assertIn("alert certificate required", self.visit())
        self.assertIn("alert handshake failure", self.visit(version="-tls1_2"))
        for version in ("-tls1_3", "-tls1_2"):
            self.assertIn("200 OK", self.visit(version=version, port=444))

    def test_the_authorities_are_named(self):
        for version in ("-tls1_3", "-tls1_2"):
            self.assertRegex(self.visit(version=version, port=444), r"Acceptable client certificate CA names\nCN = Clients")

    def test_strangers_are_refused_everywhere(self):
        stranger = self.strangers.issue("stranger", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        for version in ("-tls1_3", "-tls1_2"):
            for port in (443, 444):
                self.assertIn("alert unknown ca", self.visit(*stranger, version=version, port=port))

    def test_curl_shows_its_certificate(self):
        _, certificate, _, key = self.clients.issue("curl", "rsa:2048")
        done = self.host.run("curl", "-sf", "--cacert", self.demo / "ca.pem", "--cert", certificate, "--key", key, "--resolve",
                             f"{NAME}:443:{SERVICE}", f"https://{NAME}/bytes/100")
        self.assertEqual(len(done.stdout), 100)

    def test_clients_of_other_libraries_show_theirs(self):
        authority = self.demo / "ca.pem"
        for version, port in VERSIONS.items():
            for kind, key in {"rsa": ("rsa:2048",), "p256": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")}.items():
                for client, command in {
                        "gnutls": ("gnutls-cli", "--x509cafile", authority, "--sni-hostname", NAME, "--verify-hostname", NAME, "-p", port,
                                   SERVICE),
                        "python": ("python3", PROGRAMS / "python_client.py", SERVICE, port, NAME, authority, 1, "tickets"),
                        "node": ("node", PROGRAMS / "node_client.js", SERVICE, port, NAME, authority, 1, "tickets")}.items():
                    with self.subTest(version=version, key=kind, client=client):
                        name = f"{client}-{kind}-{version}"
                        _, certificate, _, private = self.clients.issue(name, *key)
                        shown = (("--x509certfile", certificate, "--x509keyfile", private) if client == "gnutls"
                                 else (certificate, private))
                        self.host.run(*command, *shown, stdin=REQUEST)
                        wait_until("the access line", lambda: f"CN={name},O=Lockstep" in self.lockstep.tail(20000))

    def test_a_revoked_client_is_refused_after_a_reload_and_its_session_does_not_go_on(self):
        client = self.clients.issue("revoked", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        session = self.folder / "session"
        self.assertIn("200 OK", self.visit(*client, "-sess_out", session))
        output = self.visit("-sess_in", session)
        self.assertIn("200 OK", output)
        self.assertTrue(re.search(r"^Reused, ", output, re.M), "the session goes on without showing the certificate again")
        self.clients.publish(revoke="revoked")
        self.reload()
        self.assertIn("alert certificate revoked", self.visit(*client, "-sess_in", session))
        self.assertIn("alert certificate required", self.visit("-sess_in", session))


if __name__ == "__main__":
    unittest.main()
