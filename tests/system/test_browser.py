"""A browser: headless Chromium loads pages through a TAP port, trusts the authority that it was given, and no other."""

import re
import shutil
import subprocess
import unittest

from configuration import configuration, service, tap
from harness import FULL, KERNEL, NAME, SERVICE, Case, wait_until

# Over HTTP/1.1 a connection serves one request: what a page's script fetches comes over further ones.
NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder}; types {{ text/html html; }} root {folder}/site;
  server {{ listen {address}:8080; keepalive_timeout 0; }}
  server {{ listen {address}:8081 http2; }}
}}
"""
PAGE = """<!doctype html><title>Lockstep</title><link rel="icon" href="data:,">
<p>The page came.</p><p id="later"></p>
<script>
(async () => {
  let text;
  for (let i = 0; i < 4; ++i) text = await (await fetch("/later.html?" + i)).text();
  document.getElementById("later").textContent = text;
})();
</script>
"""
PORTS = {"http/1.1": 443, "h2": 444}


@unittest.skipUnless(FULL and shutil.which("chromium"), "with --full, where Chromium is (deploy/install-packages interop)")
class Browser(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        site = cls.folder / "nginx" / "site"
        site.mkdir(parents=True)
        (site / "index.html").write_text(PAGE, encoding="utf-8")
        (site / "later.html").write_text("What was fetched came, too.", encoding="utf-8")
        file = cls.folder / "nginx" / "nginx.conf"
        file.write_text(NGINX.format(folder=cls.folder / "nginx", address=KERNEL), encoding="utf-8")
        cls.lockstep = cls.service(cls.host, configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL),
            *(service(f"port-{port}", f"{SERVICE}:{port}",
                      more=f'backends = ["{KERNEL}:{8080 + index}"]\n[service.tls]\nalpn = ["{protocol}"]\n')
              for index, (protocol, port) in enumerate(PORTS.items()))))
        # The kernel's end of the TAP is there now, and has its address.
        cls.background(cls.host.start("nginx", "-c", file))
        wait_until("nginx answers", lambda: cls.host.run(
            "curl", "-sf", f"http://{KERNEL}:8080/later.html", check=False).returncode == 0)

    def home(self, name, authority=None):
        """A folder of a user, whose certificates are in the place where Chromium looks for them."""
        home = self.folder / name
        database = home / ".pki" / "nssdb"
        database.mkdir(parents=True)
        for command in (["-N", "--empty-password"], *([["-A", "-n", "authority", "-t", "C,,", "-i", authority]] if authority else [])):
            subprocess.run(["certutil", "-d", f"sql:{database}", *command], check=True, capture_output=True)
        return home

    def load(self, home, port):
        """The document when the page has done all that it does; what Chromium complains of; and the service's lines of the log since."""
        before = len(self.lines(port))
        done = self.host.run(
            "env", f"HOME={home}", f"XDG_CONFIG_HOME={home}/.config", f"XDG_CACHE_HOME={home}/.cache", "chromium", "--headless",
            "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
            "--no-first-run", "--enable-logging=stderr", f"--user-data-dir={home}/profile", f"--host-resolver-rules=MAP {NAME} {SERVICE}",
            "--virtual-time-budget=10000", "--dump-dom", f"https://{NAME}:{port}/", timeout=180)
        wait_until("the access log", lambda: len(self.lines(port)) > before)
        return done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), self.lines(port)[before:]

    def lines(self, port):
        return re.findall(rf"^.*\bservice=port-{port} .*sni=.*$", self.lockstep.log.read_text(encoding="utf-8"), re.M)

    def test_a_page_comes_by_each_protocol_and_its_connections_are_one_session(self):
        for protocol, port in PORTS.items():
            with self.subTest(protocol):
                document, _, lines = self.load(self.home(f"trusting-{port}", self.demo / "ca.pem"), port)
                self.assertIn("The page came.", document)
                self.assertIn("What was fetched came, too.", document)
                for line in lines:
                    self.assertIn(f"sni={NAME} version=TLSv1.3 ", line)
                    self.assertIn(f" alpn={protocol} ", line)
                # HTTP/2 needs one connection only.
                self.assertEqual(any("resumed=true" in line for line in lines), protocol == "http/1.1")

    def test_an_authority_that_was_not_given_is_not_trusted(self):
        document, complaints, lines = self.load(self.home("distrusting"), PORTS["h2"])
        self.assertNotIn("The page came.", document)
        self.assertIn("net::ERR_CERT_AUTHORITY_INVALID", complaints)
        for line in lines:
            self.assertIn(f"sni={NAME} version=TLSv1.3 ", line)
            self.assertIn(" tls_error=peer_alert ", line)


if __name__ == "__main__":
    unittest.main()
