"""Backends that speak TLS: openssl s_server behind the program, verified or not."""

import subprocess
import unittest

from configuration import configuration, service, tap
from harness import KERNEL, NAME, SERVICE, Case, wait_until

BACKEND = "app.internal"


class BackendTls(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        demo = cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        cls.authority("ca")
        cls.authority("stranger")
        cls.issue("good", "ca", f"DNS:{BACKEND}")
        cls.issue("other", "ca", "DNS:other.internal")
        cls.issue("expired", "ca", f"DNS:{BACKEND}", days=-1)
        cls.issue("unknown", "stranger", f"DNS:{BACKEND}")
        trust = f'backend_ca = "{cls.folder}/ca.pem"\nbackend_name = "{BACKEND}"\nconnect_retries = 0\neject_after = 0\n'
        services = []
        cls.ports = {"good": 8001, "other": 8002, "expired": 8003, "unknown": 8004}
        for number, (name, port) in enumerate(cls.ports.items()):
            services.append(service(name, f"{SERVICE}:{443 + number}",
                                    more=f'backends = ["tls://{KERNEL}:{port}"]\n{trust}'))
        services.append(service("careless", f"{SERVICE}:450",
                                more=f'backends = ["tls://{KERNEL}:8004"]\ninsecure = true\n'))
        cls.issue("we", "ca", "DNS:lockstep.internal", usage="clientAuth")
        services.append(service("asked", f"{SERVICE}:451", more=(
            f'backends = ["tls://{KERNEL}:8005"]\nbackend_certificates = ["we"]\n{trust}')))
        services.append(f'[[certificate]]\nname = "we"\nchain = "{cls.folder}/we.pem"\nkey = "{cls.folder}/we.key"\n')
        services.append(service("older", f"{SERVICE}:452", more=f'backends = ["tls://{KERNEL}:8006"]\n{trust}'))
        services.append(service("strict", f"{SERVICE}:453", more=(
            f'backends = ["tls://{KERNEL}:8006"]\nbackend_versions = ["1.3"]\n{trust}')))
        services.append(service("plain", f"{SERVICE}:80", "tcp", more=f'backends = ["tls://{KERNEL}:8001"]\n{trust}'))
        cls.lockstep = cls.service(cls.host, configuration(
            demo, tap("lockstep0", SERVICE, KERNEL), *services, general="cores = [0]"))
        for name, port in cls.ports.items():
            cls.backend(name, port)
        cls.backend("good", 8006, "-tls1_2")
        cls.backend("good", 8005, "-Verify", "1", "-verify_return_error", "-CAfile", cls.folder / "ca.pem")

    @classmethod
    def backend(cls, name, port, *more):
        cls.background(cls.host.start(
            "openssl", "s_server", "-accept", f"{KERNEL}:{port}", "-cert", f"{cls.folder}/{name}.pem", "-key",
            f"{cls.folder}/{name}.key", "-www", "-quiet", *map(str, more), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL))
        wait_until("the backend", lambda: str(port) in cls.host.run("ss", "-ltn").stdout.decode())

    @classmethod
    def openssl(cls, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    @classmethod
    def authority(cls, name):
        cls.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    f"/CN={name}", "-keyout", cls.folder / f"{name}.key", "-out", cls.folder / f"{name}.pem")

    @classmethod
    def issue(cls, name, issuer, names, days=1, usage="serverAuth"):
        at = cls.folder / name
        at.with_suffix(".ext").write_text(f"subjectAltName = {names}\nextendedKeyUsage = {usage}\n", encoding="utf-8")
        cls.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{at}.key", "-out",
                    f"{at}.csr")
        cls.openssl("x509", "-req", "-in", f"{at}.csr", "-CA", cls.folder / f"{issuer}.pem", "-CAkey",
                    cls.folder / f"{issuer}.key", "-CAcreateserial", "-days", days, "-extfile", f"{at}.ext", "-out", f"{at}.pem")

    def page(self, port):
        return self.host.run("curl", "-s", "--max-time", "10", "--cacert", self.demo / "ca.pem", "--resolve",
                             f"{NAME}:{port}:{SERVICE}", f"https://{NAME}:{port}/", check=False)

    def expect_refused(self, name, error):
        done = self.page(443 + list(self.ports).index(name))
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, b"")
        line = wait_until("the access line", lambda: [
            line for line in self.lockstep.tail(20000).splitlines() if f"service={name} " in line and "backend_tls_error" in line])
        self.assertIn(f"backend_tls_error={error}", line[0])

    def test_a_verified_backend_answers(self):
        done = self.page(443)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"TLSv1.3", done.stdout)
        self.assertIn(b"TLS_AES_", done.stdout)

    def test_sessions_with_a_backend_are_resumed(self):
        self.page(443)
        done = self.page(443)
        self.assertIn(b"Reused, TLSv1.3", done.stdout)
        wait_until("the access line", lambda: [
            line for line in self.lockstep.tail(20000).splitlines()
            if "service=good " in line and "backend_tls=resumed" in line])

    def test_a_client_in_plain_text_gets_the_same(self):
        done = self.host.run("curl", "-s", "--max-time", "10", f"http://{SERVICE}/")
        self.assertIn(b"TLSv1.3", done.stdout)

    def test_a_backend_that_asks_is_shown_our_certificate(self):
        for _ in range(2):
            done = self.page(451)
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, b"Subject: *CN *= *we")

    def test_an_older_backend_is_spoken_to_by_tls_1_2_and_resumed(self):
        self.assertIn(b"TLSv1.2", self.page(452).stdout)
        done = self.page(452)
        self.assertIn(b"Reused, TLSv1.2", done.stdout)
        self.assertIn(b"ECDHE-RSA-", done.stdout)

    def test_an_older_backend_is_refused_where_only_tls_1_3_is_spoken(self):
        self.assertNotEqual(self.page(453).returncode, 0)
        line = wait_until("the access line", lambda: [
            line for line in self.lockstep.tail(20000).splitlines() if "event=access service=strict " in line])
        self.assertRegex(line[0], "backend_tls_error=(peer_alert|no_common_version)")

    def test_another_name_is_refused(self):
        self.expect_refused("other", "wrong_certificate_name")

    def test_an_expired_certificate_is_refused(self):
        self.expect_refused("expired", "expired_certificate")

    def test_an_unknown_authority_is_refused(self):
        self.expect_refused("unknown", "unknown_authority")

    def test_insecure_takes_anybody_and_says_so(self):
        self.assertIn(b"TLSv1.3", self.page(450).stdout)
        log = self.lockstep.log.read_text(encoding="utf-8")
        self.assertRegex(log, r"backends_not_verified service=careless")
        self.assertRegex(log, r'listening service=careless .*backends="tls, not verified \(insecure\)"')
        self.assertRegex(log, r"listening service=good .*backends=tls\n")


if __name__ == "__main__":
    unittest.main()
