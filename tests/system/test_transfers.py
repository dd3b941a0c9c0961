"""Bulk transfers over an AF_PACKET port: through a bridge that loses and delays, and without loss; beside the kernel's own TCP."""

import json
import statistics
import subprocess
import unittest

from configuration import af_packet, builtin, configuration
from harness import BRIDGE, FULL, ROOT, Case, link, stop

CLIENT = ROOT / "tests" / "system" / "client.py"
MEGABYTE = 1_000_000
CLIENT_ADDRESS, SERVICE, KERNEL_SERVER = "198.18.1.1", "198.18.1.2", "198.18.1.3"

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen {address}:443 ssl; root {folder}/site;
            ssl_certificate {demo}/ecdsa.pem; ssl_certificate_key {demo}/ecdsa.key; }}
}}
"""


class Path(Case):
    """client -- impairment bridge -- server, with Lockstep on the server's end."""

    impairment = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.client_host, cls.middle, cls.server = (cls.namespace(label) for label in ("client", "middle", "server"))
        link(cls.client_host, "c0", f"{CLIENT_ADDRESS}/24", cls.middle, "c1", None)
        link(cls.server, "s0", None, cls.middle, "s1", None)
        cls.lockstep = cls.service(cls.server, configuration(
            cls.demo, af_packet("s0", SERVICE), builtin("http", f"{SERVICE}:443"), builtin("echo", f"{SERVICE}:7")))
        cls.bridge = cls.background(cls.middle.start(
            BRIDGE, "c1", "s1", *cls.impairment, stdout=subprocess.PIPE, text=True))
        cls.bridge.stdout.readline()

    def client(self, *arguments, timeout=600):
        return json.loads(self.client_host.run(
            "python3", CLIENT, *arguments, "--host", SERVICE, "--ca", self.demo / "ca.pem", timeout=timeout).stdout)

    def transfer(self, way, version, size, port=443, timeout=900):
        """Moves `size` bytes, checks them, and returns the rate in MB/s."""
        answer = self.client(way, "--port", port, "--tls", version, "--bytes", size, timeout=timeout)
        if way == "post":
            self.assertEqual(json.loads(answer["answer"])["sha256"], answer["sha256"])
        else:
            self.assertEqual(answer["bytes"], size)
            reference = self.client_host.run(
                "python3", "-c", f"import hashlib\nh=hashlib.sha256()\nb=b'abcdefghijklmnopqrstuvwxyz'*10000\n"
                f"for _ in range({size}//len(b)): h.update(b)\nh.update(b[:{size}%len(b)])\nprint(h.hexdigest())", timeout=timeout)
            self.assertEqual(answer["sha256"], reference.stdout.decode().strip())
        return size / MEGABYTE / answer["seconds"]

    def kernel_rate(self, size):
        """What the kernel's TCP with nginx reaches downwards over the same path, in MB/s; Lockstep is not asked meanwhile."""
        folder = self.folder / "nginx"
        (folder / "site").mkdir(parents=True, exist_ok=True)
        with open(folder / "site" / "body", "wb") as body:
            body.truncate(size)
        (folder / "nginx.conf").write_text(
            NGINX.format(folder=folder, address=KERNEL_SERVER, demo=self.demo), encoding="utf-8")
        self.server.run("ip", "address", "add", f"{KERNEL_SERVER}/24", "dev", "s0")
        # The same congestion control as ours, whatever the machine's default is.
        self.server.run("ip", "route", "replace", "198.18.1.0/24", "dev", "s0", "src", KERNEL_SERVER, "congctl", "cubic")
        nginx = self.server.start("nginx", "-c", folder / "nginx.conf")
        try:
            done = self.client_host.run(
                "curl", "-sSf", "--retry", "20", "--retry-connrefused", "--retry-delay", "1", "-k", "-o", "/dev/null",
                "-w", "%{speed_download}", f"https://{KERNEL_SERVER}/body", timeout=900)
        finally:
            stop(nginx)
            self.server.run("ip", "address", "delete", f"{KERNEL_SERVER}/24", "dev", "s0")
        return float(done.stdout) / MEGABYTE


class LossAndDelay(Path):
    """1 % loss and 20 ms round trip, both ways."""

    impairment = ("--drop", "0.01", "--delay-ms", "10", "--seed", "7")

    def test_bodies_arrive_whole(self):
        size = 64 * MEGABYTE if FULL else 4 * MEGABYTE
        for version in ("1.3", "1.2"):
            for way in ("get", "post"):
                with self.subTest(version=version, way=way):
                    print(f"1 % loss, 20 ms: TLS {version} {way} {size // MEGABYTE} MB: {self.transfer(way, version, size):.2f} MB/s")
        print(f"1 % loss, 20 ms: the kernel's TCP (CUBIC, nginx, down): {self.kernel_rate(size):.2f} MB/s")


class Disorder(Path):
    """Everything a bad network does at once."""

    impairment = ("--drop", "0.02", "--duplicate", "0.02", "--corrupt", "0.01", "--reorder", "0.05", "--delay-ms", "3",
                  "--jitter-ms", "1", "--seed", "11")

    def test_bodies_arrive_whole(self):
        size = 16 * MEGABYTE if FULL else MEGABYTE
        for way in ("get", "post"):
            with self.subTest(way=way):
                print(f"disorder: TLS 1.3 {way} {size // MEGABYTE} MB: {self.transfer(way, '1.3', size):.2f} MB/s")

    def test_echo_both_ways_at_once(self):
        size = 8 * MEGABYTE if FULL else MEGABYTE
        self.assertTrue(self.client("echo", "--port", 7, "--tls", "1.3", "--bytes", size)["equal"])


class Clean(Path):
    """No loss: memory stays bounded whatever the length."""

    def test_long_bodies_in_bounded_memory(self):
        size = 1000 * MEGABYTE if FULL else 100 * MEGABYTE
        self.transfer("get", "1.3", 10 * MEGABYTE)
        self.transfer("post", "1.3", 10 * MEGABYTE)
        before = self.lockstep.resident_kilobytes()
        for version in ("1.3", "1.2"):
            for way in ("get", "post"):
                with self.subTest(version=version, way=way):
                    rate = self.transfer(way, version, size)
                    print(f"no loss: TLS {version} {way} {size // MEGABYTE} MB: {rate:.1f} MB/s")
        print(f"no loss: the kernel's TCP (CUBIC, nginx, down): {statistics.median(self.kernel_rate(size) for _ in range(3)):.1f} MB/s")
        grown = self.lockstep.resident_kilobytes() - before
        print(f"resident memory grew by {grown} KB over {4 * size // MEGABYTE} MB")
        self.assertLess(grown, 64 * 1024)


if __name__ == "__main__":
    unittest.main()
