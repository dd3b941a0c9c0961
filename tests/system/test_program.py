"""The program as an operator meets it: check, doctor, status, signals, logs, reloads."""

import json
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest

from configuration import builtin, configuration, tap
from harness import FULL, KERNEL, LOCKSTEP, NAME, ROOT, SERVICE, Case, wait_until


class Program(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")

    def start(self, name, *services, general=""):
        service = self.service(self.host, configuration(
            self.demo, tap("lockstep0", SERVICE, KERNEL), *services, general=general), name)
        self.addCleanup(service.stop)
        return service

    def curl(self, *arguments, path="/", seconds=10):
        return self.host.run("curl", "-sS", "--fail", "--max-time", seconds, "--cacert", self.demo / "ca.pem",
                             "--resolve", f"{NAME}:443:{SERVICE}", *arguments, f"https://{NAME}{path}", check=False)


class CommandLine(Program):
    def run_program(self, *arguments):
        return subprocess.run([LOCKSTEP, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)

    def test_help_and_version(self):
        self.assertIn("Usage", self.run_program("--help").stdout)
        self.assertRegex(self.run_program("--version").stdout, r"\d+\.\d+\.\d+")
        self.assertNotEqual(self.run_program("fly").returncode, 0)

    def test_check_accepts_a_good_file(self):
        file = self.folder / "good.toml"
        file.write_text(configuration(self.demo, tap("lockstep0", SERVICE, KERNEL), builtin("http", f"{SERVICE}:443"))
                        .replace("@SOCKET@", str(self.folder / "s")), encoding="utf-8")
        done = self.run_program("check", file)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_check_names_the_place_and_the_remedy_of_each_broken_file(self):
        broken = sorted((ROOT / "tests" / "unit" / "control" / "broken").glob("*.toml"))
        self.assertGreaterEqual(len(broken), 12)
        for file in broken:
            with self.subTest(file.name):
                done = self.run_program("check", file)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stdout + done.stderr, re.escape(file.name) + r":\d+:\d+: .+;? .+")

    def test_a_missing_file_is_named(self):
        done = self.run_program("run", "-c", "/nowhere/lockstep.toml")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/nowhere/lockstep.toml", done.stderr)

    def test_doctor_names_engines_and_remedies(self):
        done = self.run_program("doctor", "--json")
        findings = json.loads(done.stdout)
        self.assertIn("sign", json.dumps(findings))
        text = self.run_program("doctor").stdout
        for word in ("hugepages", "/dev/net/tun", "libcrypto"):
            self.assertIn(word, text)


class Running(Program):
    def test_status_shows_engines_and_workers(self):
        service = self.start("status", builtin("http", f"{SERVICE}:443"))
        self.assertEqual(self.curl().returncode, 0)
        done = subprocess.run([LOCKSTEP, "status", "--socket", service.socket], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("libcrypto", "seal", "worker"):
            self.assertIn(word, done.stdout.lower())
        self.assertEqual(service.status()["version"].count("."), 2)

    def test_a_drain_finishes_what_is_under_way(self):
        service = self.start("drain", builtin("http", f"{SERVICE}:443"), general="")
        client = self.host.start("curl", "-sS", "--fail", "--cacert", self.demo / "ca.pem", "--limit-rate", "5M",
                                 "--resolve", f"{NAME}:443:{SERVICE}", f"https://{NAME}/bytes/10000000", "-o", self.folder / "slow")
        time.sleep(0.7)
        started = time.monotonic()
        self.assertEqual(service.stop(), 0)
        self.assertLess(time.monotonic() - started, 8)
        self.assertEqual(client.wait(10), 0, service.tail())
        self.assertEqual((self.folder / "slow").stat().st_size, 10_000_000)

    def test_starts_again_at_once(self):
        for turn in range(3):
            with self.subTest(turn):
                service = self.start(f"again{turn}", builtin("http", f"{SERVICE}:443"))
                self.assertEqual(self.curl().returncode, 0)
                self.assertEqual(service.stop(), 0, service.tail())

    def test_idle_worker_leaves_the_core_alone(self):
        service = self.start("idle", builtin("http", f"{SERVICE}:443"))
        self.assertEqual(self.curl().returncode, 0)
        time.sleep(1)

        def ticks():
            fields = pathlib.Path(f"/proc/{service.process.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])
        before = ticks()
        time.sleep(5)
        share = (ticks() - before) / 100 / 5
        print(f"idle: {share * 100:.1f} % of a core")
        self.assertLess(share, 0.05)

    def test_two_workers_share_a_single_queue_port(self):
        service = self.start("workers", builtin("http", f"{SERVICE}:443"), general="cores = [0, 1]")
        for _ in range(40):
            self.assertEqual(self.curl(path="/bytes/20000").returncode, 0)
        accepted = re.findall(r'lockstep_proxy_connections_accepted_total\{[^}]*worker="(\d)"[^}]*\} (\d+)',
                              service.curl_socket("/metrics"))
        self.assertEqual({worker for worker, _ in accepted}, {"0", "1"})
        self.assertTrue(all(int(count) > 0 for _, count in accepted), accepted)

    def test_the_access_log_tells_each_connection(self):
        service = self.start("access", builtin("http", f"{SERVICE}:443"))
        self.assertEqual(self.curl("--tlsv1.3", path="/bytes/1000").returncode, 0)
        line = wait_until("the access line", lambda: next(
            (line for line in service.tail().splitlines() if f"sni={NAME}" in line or f'sni="{NAME}"' in line), None))
        for word in ("TLSv1.3", "TLS_AES", "duration", "finished"):
            self.assertIn(word, line)


class Reloads(Program):
    def test_a_new_certificate_is_served_after_hup_and_connections_live_on(self):
        folder = self.folder / "renewed"
        shutil.copytree(self.demo, folder)
        service = self.service(self.host, configuration(
            folder, tap("lockstep0", SERVICE, KERNEL), builtin("http", f"{SERVICE}:443"), builtin("echo", f"{SERVICE}:7")), "renew")
        self.addCleanup(service.stop)
        alive = self.host.start("openssl", "s_client", "-quiet", "-connect", f"{SERVICE}:7", "-servername", NAME,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(alive.kill)
        alive.stdin.write(b"one\n")
        alive.stdin.flush()
        self.assertEqual(alive.stdout.readline(), b"one\n")

        other = self.folder / "other"
        subprocess.run([LOCKSTEP, "demo", "--directory", other], check=True, capture_output=True)
        for file in ("ecdsa.pem", "ecdsa.key", "rsa.pem", "rsa.key"):
            shutil.copy(other / file, folder / file)
        service.reload()
        wait_until("the new certificate is served", lambda: self.host.run(
            "curl", "-s", "--max-time", "5", "--cacert", other / "ca.pem", "--resolve", f"{NAME}:443:{SERVICE}",
            f"https://{NAME}/", check=False).returncode == 0)
        alive.stdin.write(b"two\n")
        alive.stdin.flush()
        self.assertEqual(alive.stdout.readline(), b"two\n")

    def test_a_broken_file_changes_nothing(self):
        service = self.start("broken", builtin("http", f"{SERVICE}:443"))
        good = service.file.read_text(encoding="utf-8")
        service.file.write_text(good.replace("mode = ", "mood = "), encoding="utf-8")
        service.reload()
        wait_until("the refusal is logged", lambda: "mood" in service.tail())
        self.assertEqual(self.curl().returncode, 0)

    def test_many_reloads_under_load_lose_nothing(self):
        service = self.start("many", builtin("http", f"{SERVICE}:443"))
        load = self.host.start("h2load", "--h1", "-n", "800000" if FULL else "30000", "-c", "20", f"https://{SERVICE}/bytes/2000",
                               stdout=subprocess.PIPE, text=True)
        reloads = 0
        while load.poll() is None:
            service.reload()
            reloads += 1
            time.sleep(0.02)
        output, _ = load.communicate()
        self.assertIn(" 0 failed, 0 errored", output)
        self.assertGreater(reloads, 5)
        metrics = service.metrics()
        print(f"{reloads} reloads asked for, epoch {metrics.get('lockstep_snapshot_epoch')}")

    def test_stop_twice_stops_at_once(self):
        service = self.start("twice", builtin("http", f"{SERVICE}:443"), builtin("chargen", f"{SERVICE}:19"))
        client = self.host.start("curl", "-sk", "--limit-rate", "1M", "-o", "/dev/null", f"https://{SERVICE}/bytes/500000000")
        self.addCleanup(client.kill)
        time.sleep(0.5)
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        started = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(5)
        self.assertLess(time.monotonic() - started, 3)


if __name__ == "__main__":
    unittest.main()
