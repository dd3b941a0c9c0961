"""What scanners say: testssl.sh and sslscan find nothing to complain about."""

import json
import shutil
import subprocess
import unittest
import xml.etree.ElementTree

from configuration import builtin, configuration, tap
from harness import FULL, KERNEL, NAME, SERVICE, Case

INTERMEDIATE, MODERN = 443, 1443
EXTENSIONS = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:{name}
authorityInfoAccess=OCSP;URI:http://{responder}:2560/
"""
# Its openssl ends with the handshake, often before TLS 1.3's ticket comes; then it has no session to come back with, and blames the
# connection. Resumption has tests of its own.
MISSED = ("sessionresumption_ticket", "check failed because of connect problem")


class Scanners(Case):
    """A service for each policy that has no old suites; the certificates say where their status can be asked for, and it is stapled."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates = cls.make_certificates()
        cls.host = cls.namespace("host")
        text = configuration(
            cls.certificates, tap("lockstep0", SERVICE, KERNEL),
            *(builtin(f"echo-{policy}", f"{SERVICE}:{port}", more=f'[service.tls]\npolicy = "{policy}"\n')
              for policy, port in (("intermediate", INTERMEDIATE), ("modern", MODERN))))
        for kind in ("ecdsa", "rsa"):
            key = f'key = "{cls.certificates}/{kind}.key"\n'
            text = text.replace(key, f'{key}ocsp_response = "{cls.certificates}/{kind}.ocsp"\n')
        cls.lockstep = cls.service(cls.host, text)

    @classmethod
    def make_certificates(cls):
        folder = cls.folder / "certificates"
        folder.mkdir()
        (folder / "extensions").write_text(EXTENSIONS.format(name=NAME, responder=KERNEL), encoding="utf-8")

        def openssl(*arguments):
            return subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True, text=True).stdout

        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "300",
                "-subj", "/CN=Scanned CA", "-keyout", "ca.key", "-out", "ca.pem",
                "-addext", "keyUsage=critical,keyCertSign")
        for kind, new in (("ecdsa", ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")), ("rsa", ("rsa:3072",))):
            openssl("req", "-newkey", *new, "-nodes", "-subj", f"/CN={NAME}", "-keyout", f"{kind}.key",
                    "-out", f"{kind}.csr")
            openssl("x509", "-req", "-in", f"{kind}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "300",
                    "-extfile", "extensions", "-out", f"{kind}.pem")
            # The authority's list of certificates: valid, until when, serial number, name.
            serial = openssl("x509", "-in", f"{kind}.pem", "-noout", "-serial").split("=")[1].strip()
            (folder / "index.txt").write_text(f"V\t491231235959Z\t\t{serial}\tunknown\t/CN={NAME}\n", encoding="utf-8")
            openssl("ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key", "-issuer", "ca.pem",
                    "-cert", f"{kind}.pem", "-ndays", "7", "-no_nonce", "-respout", f"{kind}.ocsp")
            # The issuer, by which the response is verified.
            with open(folder / f"{kind}.pem", "a", encoding="ascii") as chain:
                chain.write((folder / "ca.pem").read_text(encoding="ascii"))
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
            if (finding["id"], finding["finding"]) != MISSED:
                findings.setdefault(finding["severity"], []).append(f"{finding['id']}: {finding['finding']}")
        self.assertGreater(len(findings.get("OK", [])), 20, done.stdout.decode())
        print(json.dumps({key: value for key, value in findings.items() if key not in ("OK", "INFO")}))
        return findings

    @unittest.skipUnless(FULL and shutil.which("testssl"), "a minute for each service: with --full, where testssl.sh is")
    def test_testssl_finds_nothing_above_low_in_intermediate_and_nothing_in_modern(self):
        findings = self.scan(INTERMEDIATE)
        for severity in ("MEDIUM", "HIGH", "CRITICAL", "WARN"):
            self.assertEqual(findings.get(severity, []), [])
        findings = self.scan(MODERN)
        for severity in ("LOW", "MEDIUM", "HIGH", "CRITICAL", "WARN"):
            self.assertEqual(findings.get(severity, []), [])

    def sslscan(self, port):
        done = self.host.run("sslscan", "--xml=-", "--no-colour", f"--sni-name={NAME}", f"{SERVICE}:{port}", timeout=300)
        return xml.etree.ElementTree.fromstring(done.stdout).find("ssltest")

    def test_sslscan_sees_what_is_configured_and_no_weakness(self):
        for port, versions in ((INTERMEDIATE, {"1.2", "1.3"}), (MODERN, {"1.3"})):
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
