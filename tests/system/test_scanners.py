"""What scanners say: testssl.sh and sslscan find nothing to complain about."""

import json
import shutil
import subprocess
import unittest
import xml.etree.ElementTree

from configuration import builtin, configuration, tap
from harness import FULL, KERNEL, NAME, SERVICE, Case

EXTENSIONS = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:{name}
authorityInfoAccess=OCSP;URI:http://{responder}:2560/
"""


class Scanners(Case):
    """A service with the defaults and one for TLS 1.3 alone; their certificates say where their status can be asked for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates = cls.make_certificates()
        cls.host = cls.namespace("host")
        cls.lockstep = cls.service(cls.host, configuration(
            cls.certificates, tap("lockstep0", SERVICE, KERNEL), builtin("echo", f"{SERVICE}:443"),
            builtin("echo-modern", f"{SERVICE}:1443", more='[service.tls]\nversions = ["1.3"]\n')))

    @classmethod
    def make_certificates(cls):
        folder = cls.folder / "certificates"
        folder.mkdir()
        (folder / "extensions").write_text(EXTENSIONS.format(name=NAME, responder=KERNEL), encoding="utf-8")

        def openssl(*arguments):
            subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True)

        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "300",
                "-subj", "/CN=Scanned CA", "-keyout", "ca.key", "-out", "ca.pem",
                "-addext", "keyUsage=critical,keyCertSign")
        for kind, new in (("ecdsa", ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")), ("rsa", ("rsa:3072",))):
            openssl("req", "-newkey", *new, "-nodes", "-subj", f"/CN={NAME}", "-keyout", f"{kind}.key",
                    "-out", f"{kind}.csr")
            openssl("x509", "-req", "-in", f"{kind}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "300",
                    "-extfile", "extensions", "-out", f"{kind}.pem")
        return folder

    def scan(self, port):
        """Findings of the checks of protocols, ciphers, forward secrecy, preferences, server defaults and vulnerabilities, by severity."""
        report = self.folder / f"testssl-{port}.json"
        done = self.host.run(
            "testssl", "--quiet", "--warnings", "batch", "--color", "0", "--nodns", "min", "--ip", SERVICE,
            "--add-ca", self.certificates / "ca.pem", "--jsonfile", report, "-p", "-s", "-f", "-P", "-S", "-U",
            f"{NAME}:{port}", timeout=900, check=False)
        findings = {}
        for finding in json.loads(report.read_text(encoding="utf-8")):
            findings.setdefault(finding["severity"], []).append(f"{finding['id']}: {finding['finding']}")
        self.assertGreater(len(findings.get("OK", [])), 20, done.stdout.decode())
        print(json.dumps({key: value for key, value in findings.items() if key not in ("OK", "INFO")}))
        return findings

    @unittest.skipUnless(FULL and shutil.which("testssl"), "a minute for each service: with --full, where testssl.sh is")
    def test_testssl_finds_nothing_above_low_in_the_defaults_and_nothing_in_tls13_alone(self):
        findings = self.scan(443)
        for severity in ("MEDIUM", "HIGH", "CRITICAL", "WARN"):
            self.assertEqual(findings.get(severity, []), [])
        findings = self.scan(1443)
        for severity in ("LOW", "MEDIUM", "HIGH", "CRITICAL", "WARN"):
            self.assertEqual(findings.get(severity, []), [])

    def sslscan(self, port):
        done = self.host.run("sslscan", "--xml=-", "--no-colour", f"--sni-name={NAME}", f"{SERVICE}:{port}", timeout=300)
        return xml.etree.ElementTree.fromstring(done.stdout).find("ssltest")

    def test_sslscan_sees_what_is_configured_and_no_weakness(self):
        for port, versions in ((443, {"1.2", "1.3"}), (1443, {"1.3"})):
            with self.subTest(port=port):
                scan = self.sslscan(port)
                enabled = {(protocol.get("type"), protocol.get("version"))
                           for protocol in scan.findall("protocol") if protocol.get("enabled") == "1"}
                self.assertEqual(enabled, {("tls", version) for version in versions})
                self.assertLessEqual({cipher.get("strength") for cipher in scan.findall("cipher")}, {"strong", "acceptable"})
                self.assertEqual([bleeding for bleeding in scan.findall("heartbleed")
                                  if bleeding.get("vulnerable") != "0"], [])
                self.assertEqual([one for one in scan.findall("compression") if one.get("supported") != "0"], [])
                self.assertEqual(scan.find("renegotiation").get("supported"), "0")


if __name__ == "__main__":
    unittest.main()
