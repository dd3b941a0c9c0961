"""Real TLS clients through a TAP port: versions, certificates, suites, groups, bodies both ways, many connections."""

import itertools
import json
import shutil
import subprocess
import unittest

from configuration import builtin, configuration, service, tap
from harness import FULL, KERNEL, NAME, ROOT, SERVICE, Case, Namespace, link, sha256_file, wait_until

CLIENT = ROOT / "tests" / "system" / "client.py"
BACKEND = "198.18.2.2"

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 8192; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder}; client_max_body_size 0; keepalive_requests 100000;
  server {{ listen {address}:8080 backlog=4096; root {folder}/site; }}
}}
"""


class Clients(Case):
    """One service for all cases: built-ins on the TAP, and nginx in another namespace behind it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        cls.behind = cls.namespace("behind")
        link(cls.host, "front", "198.18.2.1/24", cls.behind, "back", f"{BACKEND}/24")
        cls.host.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        cls.behind.run("ip", "route", "add", "default", "via", "198.18.2.1")
        site = cls.folder / "nginx" / "site"
        site.mkdir(parents=True)
        (site / "page").write_bytes(b"a page of nginx\n" * 100)
        (cls.folder / "nginx" / "nginx.conf").write_text(
            NGINX.format(folder=cls.folder / "nginx", address=BACKEND), encoding="utf-8")
        cls.nginx = cls.background(cls.behind.start("nginx", "-c", cls.folder / "nginx" / "nginx.conf"))
        cls.lockstep = cls.service(cls.host, configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL),
            builtin("http", f"{SERVICE}:443"), builtin("http-plain", f"{SERVICE}:80", "tcp"),
            builtin("echo", f"{SERVICE}:7"), builtin("echo-plain", f"{SERVICE}:1007", "tcp"),
            builtin("daytime", f"{SERVICE}:13", "tcp"), builtin("chargen", f"{SERVICE}:19", "tcp", "bytes = 100000"),
            service("nginx", f"{SERVICE}:8443", more=f'backends = ["{BACKEND}:8080"]')))
        wait_until("nginx answers", lambda: cls.host.run(
            "curl", "-sf", f"http://{BACKEND}:8080/page", check=False).returncode == 0)

    def curl(self, *arguments, port=443, path="/"):
        return self.host.run("curl", "-sS", "--fail", "--max-time", "60", "--cacert", self.demo / "ca.pem",
                             "--resolve", f"{NAME}:{port}:{SERVICE}", f"https://{NAME}:{port}{path}", *arguments).stdout

    def client(self, *arguments, timeout=300):
        return json.loads(self.host.run("python3", CLIENT, *arguments, "--host", SERVICE, timeout=timeout).stdout)

    def s_client(self, *arguments, stdin=b"", check=True):
        done = self.host.run("openssl", "s_client", "-connect", f"{SERVICE}:443", "-servername", NAME,
                             "-CAfile", self.demo / "ca.pem", "-verify_return_error", *arguments, stdin=stdin, check=check)
        return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")

    def test_curl_fetches_a_page_by_both_versions(self):
        for version in ("1.3", "1.2"):
            with self.subTest(version):
                self.assertIn(b"<html", self.curl(f"--tlsv{version}", "--tls-max", version).lower())

    def test_both_certificates_serve_both_versions(self):
        for version, (key, schemes) in itertools.product(
                ("-tls1_3", "-tls1_2"), (("RSA-PSS", "rsa_pss_rsae_sha256"), ("ECDSA", "ecdsa_secp256r1_sha256"))):
            with self.subTest(version=version, key=key):
                output = self.s_client(version, "-sigalgs", schemes)
                self.assertIn(f"Peer signature type: {key}", output)
                self.assertIn("Verify return code: 0 (ok)", output)

    def test_every_suite_and_group(self):
        suites = [("-tls1_3", "-ciphersuites", name) for name in
                  ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")]
        suites += [("-tls1_2", "-cipher", f"ECDHE-{key}-{cipher}") for key in ("ECDSA", "RSA")
                   for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")]
        for suite, group in itertools.product(suites, ("X25519", "P-256")):
            with self.subTest(suite=suite[2], group=group):
                # In TLS 1.2 the list also says which curves a certificate may be on (RFC 8422 section 5.1).
                certificate = "" if suite[0] == "-tls1_3" or group == "P-256" else ":P-256"
                output = self.s_client(*suite, "-groups", group + certificate)
                self.assertIn(suite[2], output)
                self.assertIn("X25519" if group == "X25519" else "prime256v1", output)

    def test_hello_retry_request(self):
        output = self.s_client("-tls1_3", "-groups", "P-521:P-256", "-msg")
        self.assertIn("Verify return code: 0 (ok)", output)
        self.assertEqual(output.count("ClientHello"), 2, "the client must have been asked for another key share")

    def test_client_without_a_common_version_gets_an_alert(self):
        output = self.s_client("-tls1_1", "-cipher", "ALL:@SECLEVEL=0", check=False)
        self.assertIn("alert protocol version", output)

    def test_key_update_by_the_client(self):
        # "K" asks for a KeyUpdate of both sides between two requests on the same connection.
        process = self.host.start("openssl", "s_client", "-connect", f"{SERVICE}:7", "-servername", NAME, "-tls1_3", "-msg",
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.kill)
        seen = b""
        for line in (b"before\n", b"K\n", b"after\n"):
            process.stdin.write(line)
            process.stdin.flush()
            expected = b"KeyUpdate" if line == b"K\n" else b"\n" + line
            while expected not in seen:
                block = process.stdout.read1(65536)
                self.assertTrue(block, seen[-1000:])
                seen += block
            seen = seen[-100:] if line != b"K\n" else seen
        process.stdin.close()

    def test_gnutls_client(self):
        for version in ("TLS1.3", "TLS1.2"):
            with self.subTest(version):
                done = self.host.run("gnutls-cli", "--x509cafile", self.demo / "ca.pem", "--sni-hostname", NAME, "--verify-hostname", NAME,
                                     "--priority", f"NORMAL:-VERS-ALL:+VERS-{version}", "-p", "443", SERVICE,
                                     stdin=f"GET /bytes/100 HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
                self.assertIn(b"200 OK", done.stdout)
                self.assertIn(b"abcdefghij", done.stdout)

    @unittest.skipUnless(shutil.which("node"), "no node on this machine")
    def test_node_client(self):
        script = ("const https=require('https'),fs=require('fs');const [ca,ip,name]=process.argv.slice(1);"
                  "https.get({host:ip,servername:name,path:'/bytes/50000',ca:fs.readFileSync(ca)},r=>{let n=0;"
                  "const version=r.socket.getProtocol();r.on('data',d=>n+=d.length);"
                  "r.on('end',()=>console.log(r.statusCode,n,version))})")
        done = self.host.run("node", "-e", script, self.demo / "ca.pem", SERVICE, NAME)
        self.assertEqual(done.stdout.decode().split(), ["200", "50000", "TLSv1.3"])

    def test_bodies_both_ways(self):
        size = 100_000_000 if FULL else 10_000_000
        for version in ("1.3", "1.2"):
            with self.subTest(version, way="up"):
                answer = self.client("post", "--port", 443, "--ca", self.demo / "ca.pem", "--tls", version, "--bytes", size)
                self.assertEqual(json.loads(answer["answer"])["sha256"], answer["sha256"])
                print(f"TLS {version}: {size} bytes up, {size / answer['seconds'] / 1e6:.0f} MB/s")
            with self.subTest(version, way="down"):
                answer = self.client("get", "--port", 443, "--ca", self.demo / "ca.pem", "--tls", version, "--bytes", size)
                self.assertEqual(answer["bytes"], size)
                self.assertEqual(answer["sha256"], self.pattern_digest(size))
                print(f"TLS {version}: {size} bytes down, {size / answer['seconds'] / 1e6:.0f} MB/s")
            with self.subTest(version, way="both"):
                self.assertTrue(self.client("echo", "--port", 7, "--ca", self.demo / "ca.pem", "--tls", version,
                                            "--bytes", size // 4)["equal"])
        self.assertTrue(self.client("echo", "--port", 1007, "--bytes", size // 4)["equal"])

    def pattern_digest(self, size):
        file = self.folder / f"pattern-{size}"
        with open(file, "wb") as out:
            block = b"abcdefghijklmnopqrstuvwxyz" * 10000
            for _ in range(size // len(block)):
                out.write(block)
            out.write(block[:size % len(block)])
        return sha256_file(file)

    def test_plain_services(self):
        self.assertIn(b"<html", self.host.run("curl", "-sSf", f"http://{SERVICE}/").stdout.lower())
        self.assertRegex(self.host.run("curl", "-sS", "--max-time", "10", f"telnet://{SERVICE}:13", stdin=b"").stdout, rb"20\d\d")
        lines = self.host.run("curl", "-sS", "--max-time", "20", f"telnet://{SERVICE}:19", stdin=b"").stdout
        self.assertEqual(len(lines), 100000)
        self.assertTrue(lines.startswith(b" !\"#$%&'()*+,-./0123456789"), lines[:80])

    def test_a_thousand_connections_to_nginx(self):
        page = self.folder / "nginx" / "site" / "page"
        before = self.lockstep.metrics()
        answer = self.client("many", "--port", 8443, "--ca", self.demo / "ca.pem", "--tls", "1.3", "--connections", 1000,
                             "--requests", 3, "--path", "/page", "--sha256", sha256_file(page))
        self.assertEqual((answer["verified"], answer["error_count"]), (3000, 0), answer["errors"])
        after = self.lockstep.metrics()
        completed = after["lockstep_tls_handshakes_tls13_total"] - before["lockstep_tls_handshakes_tls13_total"]
        self.assertGreaterEqual(completed, 1000)

    def test_a_thousand_connections_of_h2load(self):
        done = self.host.run("h2load", "--h1", "-n", "2000", "-c", "1000", f"https://{SERVICE}:8443/page")
        output = done.stdout.decode()
        self.assertIn("2000 succeeded, 0 failed, 0 errored", output)
        self.assertIn("status codes: 2000 2xx", output)

    def test_nothing_is_left_when_the_clients_are_gone(self):
        wait_until("no connection is left", lambda: self.lockstep.metrics()["lockstep_proxy_connections"] == 0)
        metrics = self.lockstep.metrics()
        self.assertEqual(metrics["lockstep_proxy_connections_accepted_total"],
                         metrics["lockstep_proxy_connections_finished_total"] + metrics["lockstep_proxy_connections_failed_total"])


if __name__ == "__main__":
    unittest.main()
