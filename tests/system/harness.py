"""Hosts for the system tests: network namespaces, links, the service, backends and clients, all of them torn down at the end.

Addresses come from 198.18.0.0/15 (RFC 2544) and fd00::/8 only.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LOCKSTEP_BUILD", ROOT / "build"))
LOCKSTEP = BUILD / "control" / "lockstep"
BRIDGE = BUILD / "tests" / "support" / "impairment_bridge"
FULL = bool(os.environ.get("LOCKSTEP_TEST_FULL"))

KERNEL = "198.18.0.1"   # the kernel's end of the TAP
SERVICE = "198.18.0.2"  # Lockstep's
NAME = "demo.lockstep.test"


class Failed(AssertionError):
    """Something of the test's surroundings did not come about."""


def wait_until(what, condition, seconds=20.0, step=0.05):
    """Returns condition()'s first true value; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(step)


class Namespace:
    """A network namespace with its loopback up."""

    count = 0

    def __init__(self, label):
        Namespace.count += 1
        self.name = f"ls{os.getpid()}-{Namespace.count}-{label}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.run("ip", "link", "set", "lo", "up")

    def command(self, *arguments):
        return ["ip", "netns", "exec", self.name, *map(str, arguments)]

    def run(self, *arguments, timeout=120, check=True, stdin=None):
        """Runs a program inside, to its end; its output is captured."""
        done = subprocess.run(self.command(*arguments), capture_output=True, timeout=timeout, check=False, input=stdin)
        if check and done.returncode != 0:
            raise Failed(f"{' '.join(map(str, arguments))}: exit {done.returncode}\n"
                         f"{done.stdout.decode(errors='replace')[-2000:]}\n{done.stderr.decode(errors='replace')[-2000:]}")
        return done

    def start(self, *arguments, **options):
        """Starts a program inside, in a process group of its own."""
        return subprocess.Popen(self.command(*arguments), start_new_session=True, **options)

    def delete(self):
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)


def stop(process, limit=10):
    """Ends a process we started: TERM, and KILL if that is not enough. Returns its exit status."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def link(left, left_name, left_address, right, right_name, right_address):
    """Joins two namespaces by a veth pair without offloads (frames on it are what a wire would carry)."""
    subprocess.run(["ip", "link", "add", left_name, "netns", left.name, "type", "veth",
                    "peer", "name", right_name, "netns", right.name], check=True)
    for side, name, address in ((left, left_name, left_address), (right, right_name, right_address)):
        side.run("ethtool", "-K", name, "tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off")
        if address:
            side.run("ip", "address", "add", address, "dev", name)
        side.run("ip", "link", "set", name, "up")


class Service:
    """The program, running on a configuration inside a namespace."""

    def __init__(self, host, folder, configuration, environment=None):
        self.host = host
        self.folder = pathlib.Path(folder)
        self.socket = self.folder / "lockstep.sock"
        self.file = self.folder / "lockstep.toml"
        self.log = self.folder / "lockstep.log"
        self.file.write_text(configuration, encoding="utf-8")
        with open(self.log, "ab") as log:
            self.process = host.start(LOCKSTEP, "run", "-c", self.file, stdout=log, stderr=log,
                                      env={**os.environ, **(environment or {})})
        try:
            wait_until("the service is ready", self.ready, 40)
        except Failed as failure:
            self.kill()
            raise Failed(f"{failure}\n{self.tail()}") from None

    def ready(self):
        if self.process.poll() is not None:
            raise Failed(f"the service ended with {self.process.returncode}\n{self.tail()}")
        return self.socket.exists() and self.curl_socket("/healthz") is not None

    def tail(self, size=4000):
        return self.log.read_text(encoding="utf-8", errors="replace")[-size:]

    def curl_socket(self, path):
        done = subprocess.run(["curl", "-sf", "--max-time", "5", "--unix-socket", self.socket, f"http://lockstep{path}"],
                              capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else None

    def status(self):
        return json.loads(self.curl_socket("/status"))

    def metrics(self):
        """Sums of the metrics over workers and other labels, by name."""
        totals = {}
        for line in self.curl_socket("/metrics").splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                name = name.split("{")[0]
                totals[name] = totals.get(name, 0) + float(value)
        return totals

    def resident_kilobytes(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise Failed("no VmRSS")

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def reload_and_wait(self):
        """Reloads the configuration, until the log says so."""
        def count():
            return self.log.read_text(encoding="utf-8", errors="replace").count("reloaded")

        before = count()
        self.reload()
        wait_until("the reload", lambda: count() > before)

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        return stop(self.process, 30)


class Case(unittest.TestCase):
    """A test case with a folder and namespaces that go when it ends."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="lockstep-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    @classmethod
    def namespace(cls, label):
        host = Namespace(label)
        cls.addClassCleanup(host.delete)
        return host

    @classmethod
    def demo_folder(cls):
        """A demo CA with RSA and ECDSA certificates for NAME, as `lockstep demo` makes it."""
        folder = cls.folder / "demo"
        if not folder.exists():
            subprocess.run([LOCKSTEP, "demo", "--directory", folder], check=True, capture_output=True)
        return folder

    @classmethod
    def service(cls, host, configuration, name="service", environment=None):
        folder = cls.folder / name
        folder.mkdir(exist_ok=True)
        service = Service(host, folder, configuration.replace("@SOCKET@", str(folder / "lockstep.sock")), environment)
        cls.addClassCleanup(service.stop)
        return service

    @classmethod
    def background(cls, process):
        if process.stdout:
            cls.addClassCleanup(process.stdout.close)
        cls.addClassCleanup(stop, process)
        return process


def sha256_file(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
