"""The clients of the interoperation matrix: how each is called, and what it cannot do, with the reason.

A client makes the connections of a cell and gets /bytes/1000 over each; over the first one it need not where it only comes back.
"""

import os
import pathlib
import shutil
import subprocess

from harness import BUILD, NAME, ROOT, SERVICE, Failed

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
        self.certificates = case.certificates  # files of certificate and key, by the key's kind
        self.address = SERVICE

    def available(self):
        return True

    def reason(self, feature):
        """Why the client cannot do this; None if it can."""
        beginnings = [name for name in self.impossible if name == feature or name[-1] in " -_" and feature.startswith(name)]
        return self.impossible[beginnings[0]] if beginnings else None

    def names(self, alert, output):
        """Whether the client's output speaks of an alert."""
        return alert in output.lower().replace("_", " ")

    def certificate(self, feature, *options):
        """The options before the files of the certificate and of the key that the client is to show; nothing if none."""
        files = self.certificates.get(feature.shown, ())
        return [part for option, file in zip(options, files) for part in (option, file)] if options else files

    def run(self, *command, stdin=None, shows_body=True):
        """Runs a program that must succeed and, unless it checks the body itself, show the one that it got."""
        output = self.host.run(*command, stdin=stdin, timeout=60).stdout
        if shows_body and BODY not in output:
            raise Failed(f"no such body in {output[-1500:]!r}")
        return output

    def converse(self, *command):
        """Runs a program that ends when its input does, and so gets no end before the service's."""
        process = self.host.start(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with process:
            process.stdin.write(REQUEST)
            process.stdin.flush()
            output = process.stdout.read()
        if process.returncode != 0 or BODY not in output:
            raise Failed(f"exit {process.returncode}, {output[-1500:]!r}")

    def visit(self, port, feature):
        raise NotImplementedError


class Program(Client):
    """A program of tests/support/interop, with the arguments that its README.md describes."""

    command = ()

    def available(self):
        return shutil.which(self.command[0]) is not None

    def visit(self, port, feature):
        self.run(*self.command, self.address, port, NAME, self.authority, feature.connections, feature.resume_by,
                 *self.certificate(feature), shows_body=False)


class Openssl(Client):
    name = "openssl"

    def visit(self, port, feature):
        session, request = self.folder / f"openssl-{port}", self.folder / "openssl-request"
        request.write_bytes(REQUEST)
        for i in range(feature.connections):
            early = i and feature.early_data
            self.run("openssl", "s_client", "-connect", f"{self.address}:{port}", "-servername", NAME, "-CAfile", self.authority,
                     "-verify_return_error", "-ign_eof", "-cipher", "ALL:@SECLEVEL=1", "-sess_out", session,
                     *(["-sess_in", session] if i else []), *(["-no_ticket"] if feature.resume_by == "identifiers" else []),
                     *self.certificate(feature, "-cert", "-key"), *(["-early_data", request] if early else []),
                     stdin=b"" if early == "taken" else REQUEST)


class Gnutls(Client):
    name = "gnutls-cli"
    impossible = cannot("GnuTLS 3.7 encrypts the second ClientHello as if it were early data", "early data HelloRetryRequest")
    WORDS = {"handshake failure": "Handshake failed", "unknown ca": "CA is unknown", "certificate required": "Certificate is required"}

    def names(self, alert, output):
        return self.WORDS[alert] in output

    def visit(self, port, feature):
        priority = "NORMAL:+RSA:+SHA256:+SHA384:+AES-128-CBC:+AES-256-CBC" + (":%NO_TICKETS" if feature.resume_by == "identifiers" else "")
        request = self.folder / "gnutls-request"
        request.write_bytes(REQUEST)
        self.run("gnutls-cli", "--x509cafile", self.authority, "--sni-hostname", NAME, "--verify-hostname", NAME, "--priority", priority,
                 *(["--resume", "--waitresumption"] if feature.connections > 1 else []),
                 *self.certificate(feature, "--x509certfile", "--x509keyfile"),
                 *(["--earlydata", request] if feature.early_data else []), "-p", port, self.address,
                 stdin=b"" if feature.early_data == "taken" else REQUEST)


class Curl(Client):
    name = "curl"
    impossible = {
        **cannot("curl 7.88 turns TLS 1.2 tickets off (SSL_OP_NO_TICKET)", "1.2 RSA ticket", "1.2 ECDSA ticket", "classic ticket",
                 "1.2 shown, ticket"),
        **cannot("curl 7.88 has no early data", "early data ")}

    def visit(self, port, feature):
        output = self.run("curl", "-sS", "--fail", "--max-time", "30", "--cacert", self.authority, "--ciphers", "ALL:@SECLEVEL=1",
                          *self.certificate(feature, "--cert", "--key"), "-H", "Connection: close",
                          "--resolve", f"{NAME}:{port}:{self.address}",
                          *[f"https://{NAME}:{port}/bytes/1000"] * feature.connections)
        if output != BODY * feature.connections:
            raise Failed(f"not the bodies: {output!r}")


class Python(Program):
    name = "Python"
    impossible = cannot("Python's ssl module has no early data", "early data ")
    command = ("python3", PROGRAMS / "python_client.py")


class Node(Program):
    name = "Node.js"
    impossible = cannot("Node.js has no early data", "early data ")
    command = ("node", PROGRAMS / "node_client.js")


class Java(Program):
    name = "Java"
    impossible = cannot("Java's own provider (SunJSSE) has no early data", "early data ")

    def __init__(self, case):
        super().__init__(case)
        self.command = ("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", self.folder, "JavaClient")
        if shutil.which("javac"):
            subprocess.run(["javac", "-d", self.folder, PROGRAMS / "JavaClient.java"], check=True, capture_output=True)


class Go(Program):
    name = "Go"
    impossible = {
        **cannot("crypto/tls resumes by tickets only", "1.2 RSA identifier", "1.2 ECDSA identifier", "classic identifier",
                 "1.2 shown, identifier"),
        **cannot("crypto/tls has no early data for clients", "early data "),
        **cannot("Go has extended_master_secret from 1.21 on; without it no session is resumed (RFC 7627 section 5.3)", "1.2 RSA ticket",
                 "1.2 ECDSA ticket", "classic ticket", "1.2 shown, ticket"),
        **cannot("Go 1.19.6 and later 1.19s put wrong binders into a second ClientHello (golang/go issue 59424)",
                 "1.3 HelloRetryRequest ticket"),
        **cannot("crypto/tls has no such suite", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384", "RSA-AES256-SHA256")}

    def names(self, alert, output):
        return alert.replace("unknown ca", "unknown certificate authority") in output

    def __init__(self, case):
        super().__init__(case)
        self.command = (self.folder / "go_client",)
        if shutil.which("go"):
            subprocess.run(["go", "build", "-o", self.folder / "go_client", PROGRAMS / "go_client.go"], check=True, capture_output=True,
                           env={**os.environ, "GOCACHE": str(self.folder / "go-cache"), "GO111MODULE": "off"})


class Nss(Client):
    name = "NSS"
    impossible = cannot("NSS 3.87 has no Ed25519", "1.3 Ed25519 shown")

    def __init__(self, case):
        super().__init__(case)
        if self.available():
            self.make_database(self.database(""), {})
            # Cannot be imported: Ed25519.
            self.make_database(self.database("shown"), {kind: files for kind, files in self.certificates.items() if kind != "Ed25519"})

    def database(self, shown):
        """A client shows what its database has, whether it is named or not."""
        return f"sql:{self.folder / ('nss-shown' if shown else 'nss')}"

    def make_database(self, database, certificates):
        pathlib.Path(database.removeprefix("sql:")).mkdir()
        for command in (["-N", "--empty-password"], ["-A", "-n", "authority", "-t", "C,,", "-i", self.authority]):
            subprocess.run(["certutil", "-d", database, *command], check=True, capture_output=True)
        for kind, (certificate, key) in certificates.items():
            bundle = self.folder / f"nss-{kind}.p12"
            for command in (["openssl", "pkcs12", "-export", "-in", certificate, "-inkey", key, "-name", kind, "-passout", "pass:",
                             "-out", bundle], ["pk12util", "-d", database, "-i", bundle, "-W", ""]):
                subprocess.run(command, check=True, capture_output=True)

    def available(self):
        return shutil.which("tstclnt") is not None

    # By IANA's numbers: what is off by default is on when it is named.
    SUITES = ("1301", "1302", "1303", "C02B", "C02C", "C02F", "C030", "CCA8", "CCA9", "009C", "009D", "002F", "0035", "003C", "003D",
              "C009", "C00A", "C013", "C014", "C023", "C024", "C027", "C028")

    def visit(self, port, feature):
        request = self.folder / "nss-request"
        request.write_bytes(REQUEST)
        self.run("tstclnt", "-h", self.address, "-p", port, "-a", NAME, "-d", self.database(feature.shown), "-V", "tls1.2:tls1.3", "-G",
                 *(["-u"] if feature.resume_by == "tickets" else []),
                 # It reads its list of suites once, and aborts at the second connection.
                 *(["-c", "".join(f":{suite}" for suite in self.SUITES)] if feature.connections == 1 else ["-L", feature.connections]),
                 *(["-n", feature.shown] if feature.shown else []), *(["-Z"] if feature.early_data else []), "-A", request, stdin=b"")


class MbedTls(Program):
    name = "mbedTLS"
    impossible = cannot("mbedTLS 2.28 has no TLS 1.3", "1.3 ", "TLS_", "early data ")
    command = (BUILD / "tests" / "support" / "interop" / "mbedtls_client",)


class WolfSsl(Program):
    name = "wolfSSL"
    impossible = {
        **cannot("Debian's wolfSSL is built without RSA key exchange (WOLFSSL_STATIC_RSA)", "RSA-", "classic "),
        **cannot("wolfSSL comes back with a share in the session's group, so that it is not asked again", "1.3 HelloRetryRequest ticket"),
        **cannot("Debian's wolfSSL is built without early data (WOLFSSL_EARLY_DATA)", "early data ")}
    command = (BUILD / "tests" / "support" / "interop" / "wolfssl_client",)


class Botan(Client):
    name = "Botan"
    impossible = {
        **cannot("Botan 2.19 has no TLS 1.3", "1.3 ", "TLS_", "early data "),
        **cannot("botan tls_client shows no certificate", "1.2 RSA shown", "1.2 P-256 shown", "1.2 P-384 shown", "1.2 shown, ticket",
                 "1.2 stranger, refused"),
        **cannot("a Botan client that remembers sessions always asks for tickets", "1.2 RSA identifier", "1.2 ECDSA identifier",
                 "classic identifier", "1.2 shown, identifier")}
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
