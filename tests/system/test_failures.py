"""What breaks around the service: backends, clients, the link, and rubbish on the wire. It serves on, and nothing is stuck."""

import json
import random
import signal
import subprocess
import time
import unittest

from configuration import builtin, configuration, service, tap
from harness import FULL, KERNEL, NAME, ROOT, SERVICE, Case, stop, wait_until

HERE = ROOT / "tests" / "system"


class Surroundings(Case):
    """The service on a TAP, with a backend of the kernel's beside it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        cls.site = cls.folder / "site"
        cls.site.mkdir()
        (cls.site / "page").write_bytes(b"from the backend\n")
        (cls.site / "body").write_bytes(bytes(30_000_000))
        cls.lockstep = cls.service(cls.host, configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL),
            builtin("http", f"{SERVICE}:443"), builtin("echo", f"{SERVICE}:7"), builtin("discard", f"{SERVICE}:9"),
            builtin("http-plain", f"{SERVICE}:80", "tcp"),
            service("web", f"{SERVICE}:8443", more=f'backends = ["{KERNEL}:8080", "{KERNEL}:8081"]\n'
                    'connect_timeout = "500ms"\neject_for = "1s"\nidle_timeout = "10s"')))

    def backend(self, port):
        process = self.host.start("python3", "-m", "http.server", "--directory", self.site, "--bind", KERNEL, str(port),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(stop, process)
        wait_until("the backend listens", lambda: self.host.run(
            "curl", "-s", f"http://{KERNEL}:{port}/page", check=False).returncode == 0)
        return process

    def curl(self, port, path, *arguments, seconds=10):
        return self.host.run("curl", "-sS", "--fail", "--max-time", seconds, "--cacert", self.demo / "ca.pem",
                             "--resolve", f"{NAME}:{port}:{SERVICE}", *arguments, f"https://{NAME}:{port}{path}", check=False)

    def assert_serves(self):
        done = self.curl(443, "/bytes/1000")
        self.assertEqual((done.returncode, len(done.stdout)), (0, 1000), done.stderr)

    def assert_quiet(self, seconds=30):
        """All connections are gone, and the books balance."""
        try:
            wait_until("all connections ended", lambda: self.lockstep.metrics()["lockstep_proxy_connections"] == 0, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{json.dumps(self.lockstep.metrics(), indent=1)[:6000]}") from None
        metrics = self.lockstep.metrics()
        self.assertEqual(metrics["lockstep_proxy_connections_accepted_total"],
                         metrics["lockstep_proxy_connections_finished_total"] + metrics["lockstep_proxy_connections_failed_total"])
        self.assertEqual(metrics["lockstep_tls_handshakes_in_progress"], 0)


class Backends(Surroundings):
    def test_a_killed_backend_is_replaced_and_comes_back(self):
        first, second = self.backend(8080), self.backend(8081)
        for _ in range(4):
            self.assertEqual(self.curl(8443, "/page").stdout, b"from the backend\n")
        first.send_signal(signal.SIGKILL)
        first.wait()
        for _ in range(10):
            self.assertEqual(self.curl(8443, "/page").stdout, b"from the backend\n", "the other backend must serve")
        self.assertGreater(self.lockstep.metrics()["lockstep_proxy_backend_ejections_total"], 0)
        stop(second)
        self.assertNotEqual(self.curl(8443, "/page").returncode, 0, "no backend is left")
        self.backend(8080)
        wait_until("the restarted backend serves", lambda: self.curl(8443, "/page").stdout == b"from the backend\n", 10)
        self.assert_quiet()

    def test_a_backend_killed_in_the_middle_of_a_body(self):
        backend = self.backend(8080)
        client = self.host.start("curl", "-s", "--limit-rate", "2M", "--max-time", "20", "-o", "/dev/null", "-k",
                                 f"https://{SERVICE}:8443/body")
        time.sleep(1)
        backend.send_signal(signal.SIGKILL)
        backend.wait()
        self.assertNotEqual(client.wait(25), 0, "the client must not take a cut body for whole")
        self.assert_quiet()


class Clients(Surroundings):
    def test_clients_killed_at_any_moment(self):
        chooser = random.Random(3)
        self.backend(8080)
        rounds = 120 if FULL else 30
        for _ in range(rounds):
            port, path = chooser.choice([(443, "/bytes/20000000"), (8443, "/body"), (443, "/")])
            client = self.host.start("curl", "-sk", "-o", "/dev/null", f"https://{SERVICE}:{port}{path}")
            time.sleep(chooser.random() * 0.2)
            client.send_signal(signal.SIGKILL)
            client.wait()
        self.assert_serves()
        self.assert_quiet()


class Link(Surroundings):
    def test_link_down_and_up_under_load(self):
        """Clients run, the TAP's kernel end goes down and up at random; afterwards everything works and nothing is stuck."""
        chooser = random.Random(5)
        self.backend(8080)
        end = time.monotonic() + (60 if FULL else 12)
        clients = []
        while time.monotonic() < end:
            for port, path in ((443, "/bytes/3000000"), (8443, "/body")):
                clients.append(self.host.start("curl", "-sk", "--max-time", "5", "-o", "/dev/null",
                                               f"https://{SERVICE}:{port}{path}"))
            time.sleep(chooser.random() * 0.5)
            if chooser.random() < 0.5:
                self.host.run("ip", "link", "set", "lockstep0", "down")
                time.sleep(chooser.random() * 0.5)
                self.host.run("ip", "link", "set", "lockstep0", "up")
            if chooser.random() < 0.5:
                chooser.choice(clients).kill()
        for client in clients:
            client.wait(20)
        wait_until("pages come again", lambda: self.curl(443, "/bytes/1000").returncode == 0, 20)
        self.assert_serves()
        self.assert_quiet(60)


class Rubbish(Surroundings):
    def script(self, *arguments):
        return json.loads(self.host.run("python3", HERE / "garbage.py", *arguments, "--target", SERVICE, timeout=600).stdout)

    def test_random_frames(self):
        ports = "443,7,9,80,8443,1"
        mac = self.lockstep.status()["ports"][0]["mac"]
        answer = self.script("frames", "--interface", "lockstep0", "--mac", mac, "--ports", ports,
                             "--count", 100_000 if FULL else 30_000, "--seed", 1)
        self.assertGreater(answer["sent"], 10_000)
        self.assert_serves()

    def test_random_hellos(self):
        answer = self.script("hellos", "--ports", "443,7,9,8443", "--count", 20_000 if FULL else 1_500, "--seed", 1)
        self.assertGreater(answer["connected"], 1_000)
        self.assert_serves()
        self.assert_quiet(60)
        errors = {name: value for name, value in self.lockstep.metrics().items() if name.startswith("lockstep_tls_errors")}
        self.assertGreater(sum(errors.values()), 100)


if __name__ == "__main__":
    unittest.main()
