"""The clients of the interoperation matrix: how each is called, and what it cannot do, with the reason.

A client makes the connections of a cell and gets /bytes/1000 over each; over the first one it need not where it only comes back.
"""

import os
import pathlib
import shutil
import subprocess

from harness import BUILD, NAME, ROOT, SERVICE

PROGRAMS = ROOT / "tests" / "support" / "interop"
REQUEST = f"GET /bytes/1000 HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()
BODY = (b"abcdefghijklmnopqrstuvwxyz" * 39)[:1000]

def cannot(reason, *features):
    return {feature: reason for feature in features}


class Client:
    """A client; `impossible` has reasons by the feature's name, or by a beginning that ends in space, "-" or "_"."""

    impossible = {}

    def __init__(self, case):
        self.host, self.folder, self.authority = case.host, case.folder, case.demo / "ca.pem"

    def available(self):
        return True

    def reason(self, feature):
        """Why the client cannot do this; None if it can."""
        beginnings = [name for name in self.impossible if name == feature or name[-1] in " -_" and feature.startswith(name)]
        return self.impossible[beginnings[0]] if beginnings else None

    def run(self, *command, stdin=None, shows_body=True):
        """Runs a program that must succeed and, unless it checks the body itself, show the one that it got."""
        output = self.host.run(*command, stdin=stdin, timeout=60).stdout
        if shows_body and BODY not in output:
            raise AssertionError(f"no such body in {output[-1500:]!r}")
        return output

    def converse(self, *command):
        """Runs a program that ends when its input does, and so gets no end before the service's."""
        process = self.host.start(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with process:
            process.stdin.write(REQUEST)
            process.stdin.flush()
            output = process.stdout.read()
        if process.returncode != 0 or BODY not in output:
            raise AssertionError(f"exit {process.returncode}, {output[-1500:]!r}")

    def visit(self, port, feature):
        raise NotImplementedError


class Program(Client):
    """A program of tests/support/interop, with the arguments that its README.md describes."""

    command = ()

    def available(self):
        return shutil.which(self.command[0]) is not None

    def visit(self, port, feature):
        self.run(*self.command, SERVICE, port, NAME, self.authority, feature.connections, feature.resume_by,
                 shows_body=False)


class Openssl(Client):
    name = "openssl"

    def visit(self, port, feature):
        session = self.folder / f"openssl-{port}"
        for i in range(feature.connections):
            self.run("openssl", "s_client", "-connect", f"{SERVICE}:{port}", "-servername", NAME, "-CAfile", self.authority,
                     "-verify_return_error", "-ign_eof", "-cipher", "ALL:@SECLEVEL=1", "-sess_out", session,
                     *(["-sess_in", session] if i else []), *(["-no_ticket"] if feature.resume_by == "identifiers" else []),
                     stdin=REQUEST)


class Gnutls(Client):
    name = "gnutls-cli"

    def visit(self, port, feature):
        priority = "NORMAL:+RSA:+SHA256:+SHA384:+AES-128-CBC:+AES-256-CBC" + (":%NO_TICKETS" if feature.resume_by == "identifiers" else "")
        self.run("gnutls-cli", "--x509cafile", self.authority, "--sni-hostname", NAME, "--verify-hostname", NAME, "--priority", priority,
                 *(["--resume", "--waitresumption"] if feature.connections > 1 else []), "-p", port, SERVICE, stdin=REQUEST)


class Curl(Client):
    name = "curl"
    impossible = cannot("curl 7.88 turns TLS 1.2 tickets off (SSL_OP_NO_TICKET)", "1.2 RSA ticket", "1.2 ECDSA ticket", "classic ticket")

    def visit(self, port, feature):
        output = self.run("curl", "-sS", "--fail", "--max-time", "30", "--cacert", self.authority, "--ciphers", "ALL:@SECLEVEL=1",
                          "--resolve", f"{NAME}:{port}:{SERVICE}", "-H", "Connection: close",
                          *[f"https://{NAME}:{port}/bytes/1000"] * feature.connections)
        if output != BODY * feature.connections:
            raise AssertionError(f"not the bodies: {output!r}")


class Python(Program):
    name = "Python"
    command = ("python3", PROGRAMS / "python_client.py")


class Node(Program):
    name = "Node.js"
    command = ("node", PROGRAMS / "node_client.js")


class Java(Program):
    name = "Java"

    def __init__(self, case):
        super().__init__(case)
        self.command = ("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", self.folder, "JavaClient")
        if shutil.which("javac"):
            subprocess.run(["javac", "-d", self.folder, PROGRAMS / "JavaClient.java"], check=True, capture_output=True)


class Go(Program):
    name = "Go"
    impossible = {
        **cannot("crypto/tls resumes by tickets only", "1.2 RSA identifier", "1.2 ECDSA identifier", "classic identifier"),
        **cannot("Go 1.19.6 and later 1.19s put wrong binders into a second ClientHello (golang/go issue 59424)",
                 "1.3 HelloRetryRequest ticket"),
        **cannot("crypto/tls has no such suite", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384", "RSA-AES256-SHA256")}

    def __init__(self, case):
        super().__init__(case)
        self.command = (self.folder / "go_client",)
        if shutil.which("go"):
            subprocess.run(["go", "build", "-o", self.folder / "go_client", PROGRAMS / "go_client.go"], check=True, capture_output=True,
                           env={**os.environ, "GOCACHE": str(self.folder / "go-cache"), "GO111MODULE": "off"})


class Nss(Client):
    name = "NSS"

    def __init__(self, case):
        super().__init__(case)
        self.database = f"sql:{self.folder / 'nss'}"
        if self.available():
            (self.folder / "nss").mkdir()
            for command in (["-N", "--empty-password"], ["-A", "-n", "authority", "-t", "C,,", "-i", self.authority]):
                subprocess.run(["certutil", "-d", self.database, *command], check=True, capture_output=True)

    def available(self):
        return shutil.which("tstclnt") is not None

    # By IANA's numbers: what is off by default is on when it is named.
    SUITES = ("1301", "1302", "1303", "C02B", "C02C", "C02F", "C030", "CCA8", "CCA9", "009C", "009D", "002F", "0035", "003C", "003D",
              "C009", "C00A", "C013", "C014", "C023", "C024", "C027", "C028")

    def visit(self, port, feature):
        request = self.folder / "nss-request"
        request.write_bytes(REQUEST)
        self.run("tstclnt", "-h", SERVICE, "-p", port, "-a", NAME, "-d", self.database, "-V", "tls1.2:tls1.3", "-G",
                 *(["-u"] if feature.resume_by == "tickets" else []),
                 # It reads its list of suites once, and aborts at the second connection.
                 *(["-c", "".join(f":{suite}" for suite in self.SUITES)] if feature.connections == 1 else ["-L", feature.connections]), "-A", request, stdin=b"")


class MbedTls(Program):
    name = "mbedTLS"
    impossible = cannot("mbedTLS 2.28 has no TLS 1.3", "1.3 ", "TLS_")
    command = (BUILD / "tests" / "support" / "interop" / "mbedtls_client",)


class WolfSsl(Program):
    name = "wolfSSL"
    impossible = {
        **cannot("Debian's wolfSSL is built without RSA key exchange (WOLFSSL_STATIC_RSA)", "RSA-", "classic "),
        **cannot("wolfSSL comes back with a share in the session's group, so that it is not asked again", "1.3 HelloRetryRequest ticket")}
    command = (BUILD / "tests" / "support" / "interop" / "wolfssl_client",)


class Botan(Client):
    name = "Botan"
    impossible = {
        **cannot("Botan 2.19 has no TLS 1.3", "1.3 ", "TLS_"),
        **cannot("a Botan client that remembers sessions always asks for tickets", "1.2 RSA identifier", "1.2 ECDSA identifier",
                 "classic identifier")}
    POLICY = """
ciphers = ChaCha20Poly1305 AES-256/GCM AES-128/GCM AES-256 AES-128
macs = AEAD SHA-384 SHA-256 SHA-1
signature_hashes = SHA-512 SHA-384 SHA-256
signature_methods = ECDSA RSA IMPLICIT
key_exchange_methods = ECDH RSA
key_exchange_groups = x25519 secp256r1 secp384r1
allow_insecure_renegotiation = false
"""

    def available(self):
        return shutil.which("botan") is not None

    def visit(self, port, feature):
        policy = self.folder / "botan-policy"
        policy.write_text(self.POLICY, encoding="utf-8")
        hosts = self.folder / "botan-hosts"
        hosts.write_text(f"{SERVICE} {NAME}\n", encoding="utf-8")
        sessions = (f"--session-db={self.folder / f'botan-{port}'}", "--session-db-pass=lockstep")
        for _ in range(feature.connections):
            # It looks its name up, in a file that this namespace only sees.
            self.converse("sh", "-c", 'mount --bind "$1" /etc/hosts; shift; exec "$@"', "sh", hosts, "botan", "tls_client", NAME,
                          f"--port={port}", f"--policy={policy}", "--tls1.2", "--skip-system-cert-store",
                          f"--trusted-cas={self.authority}", *(sessions if feature.connections > 1 else []))


DEFAULT = (Openssl, Gnutls, Curl, Python, Node)
WIDE = (Java, Go, Nss, MbedTls, WolfSsl, Botan)
