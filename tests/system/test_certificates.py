"""Certificates as an operator meets them: explained, listed, checked, reloaded, stapled, compressed, by the thousand."""

import json
import shutil
import subprocess
import time
import unittest

from configuration import GENERAL, SERVICE as SERVICE_TEXT, tap
from harness import BUILD, FULL, KERNEL, LOCKSTEP, SERVICE, Case, wait_until

MAKE = BUILD / "tests" / "support" / "certificate_folder"


def lockstep(*arguments):
    return subprocess.run([LOCKSTEP, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120)


def folder_configuration(folder, more="", service="", general=""):
    """One TLS service with a folder of certificates."""
    return (GENERAL.format(general=general, more="") + tap("lockstep0", SERVICE, KERNEL) +
            f'[[certificate]]\nname = "sites"\ndirectory = "{folder}"\n{more}\n' +
            SERVICE_TEXT.format(name="web", mode="tls", listen=f"{SERVICE}:443",
                                more=f'certificates = ["sites"]\nbuiltin = "http"\n{service}'))


class Certificates(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.namespace("host")

    def make(self, name, count, ocsp_url=None):
        folder = self.folder / name
        subprocess.run([MAKE, folder, str(count), *([ocsp_url] if ocsp_url else [])], check=True)
        return folder

    def start(self, name, configuration):
        service = self.service(self.host, configuration, name)
        self.addCleanup(service.stop)
        return service

    def responder(self, folder, port):
        """An OCSP responder of the folder's authority, in the service's namespace."""
        return self.background(self.host.start(
            "openssl", "ocsp", "-index", folder / "index.txt", "-CA", folder / "ca.pem", "-rsigner", folder / "ca.pem",
            "-rkey", folder / "ca.key", "-port", port, "-nmin", "60",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def s_client(self, *arguments, name="n0.lockstep.test"):
        """What openssl s_client prints of one handshake."""
        done = self.host.run("openssl", "s_client", "-connect", f"{SERVICE}:443", "-servername", name,
                             *arguments, check=False, stdin=b"", timeout=30)
        return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


class CommandLine(Certificates):
    def test_check_explains_a_service(self):
        folder = self.make("explain", 1)
        file = self.folder / "explain.toml"
        file.write_text(folder_configuration(folder / "sites", service='[service.tls]\npolicy = "modern"')
                        .replace("@SOCKET@", str(self.folder / "s")), encoding="utf-8")
        text = lockstep("check", "--explain", file).stdout
        for part in ("service web (tls)", "modern-2026", "TLS_AES_128_GCM_SHA256", "CN=n0.lockstep.test <- ",
                     "(root not sent)", "sites/0.pem: ECDSA P-256"):
            self.assertIn(part, text)
        self.assertNotIn("ECDHE", text)
        document = json.loads(lockstep("check", "--explain", "--json", file).stdout)
        self.assertEqual(document["services"][0]["tls"]["versions"], ["1.3"])

    def test_cert_check_looks_at_a_file(self):
        folder = self.make("check", 1)
        bundle = folder / "sites" / "0.pem"
        done = lockstep("cert", "check", bundle)
        self.assertEqual(done.returncode, 0, done.stdout)
        for part in ("n0.lockstep.test", "ECDSA P-256, matches", "days left", "root not sent"):
            self.assertIn(part, done.stdout)
        document = json.loads(lockstep("cert", "check", "--json", bundle).stdout)
        self.assertTrue(document["usable"])
        self.assertEqual(document["dns_names"], ["n0.lockstep.test"])
        done = lockstep("cert", "check", bundle, "--key", folder / "ca.key")
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not belong to the certificate", done.stdout)
        done = lockstep("cert", "check", folder / "ca.pem")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no private key in it", done.stdout)


class Running(Certificates):
    def test_list_and_reload_tell_what_is_in_use_and_what_changed(self):
        folder = self.make("reload", 2)
        service = self.start("reload", folder_configuration(folder / "sites"))
        listed = lockstep("cert", "list", "--socket", service.socket)
        self.assertEqual(listed.returncode, 0, listed.stderr)
        for part in ("sites/0.pem", "n1.lockstep.test", "web", "Lockstep test authority"):
            self.assertIn(part, listed.stdout)

        other = self.make("other", 3)
        shutil.copy(other / "sites" / "1.pem", folder / "sites" / "1.pem")
        shutil.copy(other / "sites" / "2.pem", folder / "sites" / "2.pem")
        (folder / "sites" / "0.pem").unlink()
        done = lockstep("cert", "reload", "--socket", service.socket)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("sites/1.pem: replaced (ECDSA P-256", done.stdout)
        self.assertIn("sites/2.pem: added", done.stdout)
        self.assertIn("sites/0.pem: removed", done.stdout)
        self.assertIn("n2.lockstep.test", self.s_client(name="n2.lockstep.test"))
        self.assertIn("no certificate changed", lockstep("cert", "reload", "--socket", service.socket).stdout)

        (folder / "sites" / "2.pem").write_text("rubbish", encoding="utf-8")
        done = lockstep("cert", "reload", "--socket", service.socket, "--json")
        self.assertEqual(done.returncode, 1)
        answer = json.loads(done.stdout)
        self.assertFalse(answer["reloaded"])
        self.assertIn("2.pem: no certificate in PEM form", " ".join(answer["problems"]))
        self.assertIn("n2.lockstep.test", self.s_client(name="n2.lockstep.test"), "the old one stays in use")

    def test_an_ocsp_response_is_fetched_and_stapled(self):
        folder = self.make("ocsp", 1, "http://127.0.0.1:18888/")
        self.responder(folder, 18888)
        service = self.start("ocsp", folder_configuration(folder / "sites", "ocsp_fetch = true"))
        wait_until("the response is stapled", lambda: service.status()["certificates"][0]["ocsp"] == "good")
        for version in ("-tls1_2", "-tls1_3"):
            text = self.s_client("-status", version)
            self.assertIn("OCSP Response Status: successful", text, version)
            self.assertIn("Cert Status: good", text, version)
            self.assertNotIn("OCSP Response Status", self.s_client(version), "nobody asked")

    def test_a_revoked_certificate_is_not_stapled_and_loudly_logged(self):
        folder = self.make("revoked", 1, "http://127.0.0.1:18889/")
        index = (folder / "index.txt").read_text(encoding="utf-8").split("\t")
        index[0], index[2] = "R", "250101000000Z"
        (folder / "index.txt").write_text("\t".join(index), encoding="utf-8")
        self.responder(folder, 18889)
        service = self.start("revoked", folder_configuration(folder / "sites", "ocsp_fetch = true"))
        wait_until("the log says so", lambda: "certificate_revoked" in service.tail(20000))
        self.assertEqual(service.status()["certificates"][0]["ocsp"], "revoked")
        self.assertIn("OCSP response: no response sent", self.s_client("-status"))


class Many(Certificates):
    CLIENT = """
import socket, ssl, sys, time
ca, address, count, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
context = ssl.create_default_context(cafile=ca)
done, failed, end, i = 0, 0, time.monotonic() + seconds, 0
while time.monotonic() < end:
    name = f"n{i % count}.lockstep.test"
    i += 7919
    try:
        with socket.create_connection((address, 443), 10) as raw, context.wrap_socket(raw, server_hostname=name):
            done += 1
    except OSError as error:
        failed += 1
        print(error, file=sys.stderr)
print(done, failed)
"""

    def load(self, folder, count, seconds):
        return self.host.start("python3", "-c", self.CLIENT, folder / "ca.pem", SERVICE, count, seconds,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_reloads_under_load_fail_no_handshake(self):
        reloads = 100 if FULL else 10
        folder = self.make("load", 20)
        service = self.start("load", folder_configuration(folder / "sites", general="log_rate = 100000"))
        fresh = self.make("fresh", 20)  # another authority: certificates of both are good while they change
        both = folder / "both.pem"
        both.write_text((folder / "ca.pem").read_text() + (fresh / "ca.pem").read_text(), encoding="utf-8")
        (folder / "ca.pem").unlink()
        both.rename(folder / "ca.pem")
        sets = [self.folder / "set0", self.folder / "set1"]
        shutil.copytree(folder / "sites", sets[0])
        shutil.copytree(fresh / "sites", sets[1])
        client = self.load(folder, 20, 0.3 * reloads + 2)
        refused = 0
        for i in range(reloads):
            for file in sets[(i + 1) % 2].iterdir():
                shutil.copy(file, folder / "sites" / (file.name + ".new"))
                (folder / "sites" / (file.name + ".new")).rename(folder / "sites" / file.name)
            done = lockstep("cert", "reload", "--socket", service.socket, "--json")
            refused += 0 if json.loads(done.stdout)["reloaded"] else 1
            time.sleep(0.2)
        out, errors = client.communicate(timeout=120)
        handshakes, failed = map(int, out.split())
        print(f"{handshakes} handshakes during {reloads} reloads, {refused} of them put off")
        self.assertEqual(failed, 0, errors[-2000:])
        self.assertGreater(handshakes, reloads)
        self.assertEqual(refused, 0)
        self.assertEqual(service.status()["epoch"], reloads + 1)

    def cost(self, service, folder, names):
        """Microseconds of a worker for each handshake, over so many names."""
        def totals():
            worker = service.status()["workers"][0]
            return worker["loop"]["busy_nanoseconds"], worker["tls"]["handshakes_tls13"]
        busy, handshakes = totals()
        clients = [self.load(folder, names, 3) for _ in range(2)]
        for client in clients:
            out, errors = client.communicate(timeout=60)
            self.assertEqual(out.split()[1], "0", errors[-2000:])
        busy_after, handshakes_after = totals()
        return (busy_after - busy) / (handshakes_after - handshakes) / 1000

    def test_thousands_of_names_with_their_own_certificates(self):
        count = 10_000 if FULL else 300
        folder = self.make("many", count)
        before = time.monotonic()
        service = self.start("many", folder_configuration(folder / "sites"))
        started = time.monotonic() - before
        status = service.status()
        each = status["certificate_bytes"] / count
        print(f"{count} certificates: ready after {started:.2f} s, {each:.0f} bytes each, "
              f"resident {service.resident_kilobytes() / 1024:.0f} MiB")
        self.assertEqual(len(status["certificates"]), count)
        self.assertGreater(each, 1000)
        self.assertLess(each, 64 * 1024)
        if FULL:
            self.assertLess(started, 5 + 3)  # ports and engines take their time too
        text = lockstep("status", "--socket", service.socket).stdout
        self.assertIn("bytes for each", text)
        self.assertIn("lockstep cert list", text)
        self.cost(service, folder, count)  # warms up
        one, all_names = self.cost(service, folder, 1), self.cost(service, folder, count)
        print(f"a handshake takes {one:.0f} us of a worker with one name, {all_names:.0f} us with {count}")
        if FULL:
            self.assertLess(all_names, 2 * one)  # figures of a busy machine; making nonces ahead for each was seven
        for i in (0, count // 2, count - 1):
            self.assertIn(f"CN = n{i}.lockstep.test", self.s_client(name=f"n{i}.lockstep.test"))


if __name__ == "__main__":
    unittest.main()
