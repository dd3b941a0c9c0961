"""Early data: a recorded ClientHello is never taken twice, wherever and whenever it comes back."""

import re
import subprocess
import unittest

from configuration import builtin, configuration, tap
from harness import KERNEL, LOCKSTEP, NAME, ROOT, SERVICE, Case, stop

RECORDER = ROOT / "tests" / "system" / "hello_recorder.py"
REQUEST = f"GET /bytes/1000 HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()
TICKETS = '[tickets]\nsource = "fleet"\nsecret = "{secret}"\n'
# A full flight with certificate is longer, and so is an answer with the page.
HANDSHAKE_ONLY = 900


class EarlyData(Case):
    """Two machines of one fleet, each in a namespace of its own; the first has two workers."""

    @classmethod
    def machine(cls, host, name, cores):
        folder = cls.folder / name
        text = configuration(cls.demo, tap("lockstep0", SERVICE, KERNEL),
                             builtin("http", f"{SERVICE}:443", more='[service.tls]\nearly_data = "16KiB"\n'),
                             general=f"cores = {cores}", more=TICKETS.format(secret=folder / "tickets"))
        if not folder.exists():
            folder.mkdir()
            file = folder / "lockstep.toml"
            file.write_text(text, encoding="utf-8")
            subprocess.run([LOCKSTEP, "ticket", "import", "--config", file, *([] if cls.exported else ["--new"])],
                           input=cls.exported, check=True, capture_output=True)
            cls.exported = subprocess.run([LOCKSTEP, "ticket", "export", "--config", file], check=True,
                                          capture_output=True).stdout
        return cls.service(host, text, name)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.exported = b""  # the fleet's state
        cls.hosts = [cls.namespace("first"), cls.namespace("second")]
        cls.machines = [cls.machine(cls.hosts[0], "first", "[0, 1]"), cls.machine(cls.hosts[1], "second", "[0]")]
        cls.request = cls.folder / "request"
        cls.request.write_bytes(REQUEST)

    def s_client(self, host, *arguments, address=SERVICE, port=443, stdin=b""):
        done = host.run("openssl", "s_client", "-connect", f"{address}:{port}", "-servername", NAME, "-tls1_3", "-ign_eof",
                        "-CAfile", self.demo / "ca.pem", *arguments, stdin=stdin)
        return done.stdout.decode(errors="replace")

    def session_of(self, host, name):
        file = self.folder / name
        self.assertIn("200 OK", self.s_client(host, "-sess_out", file, stdin=REQUEST))
        return file

    def record(self, name):
        """A hello whose early data the first machine took, as bytes in a file."""
        host = self.hosts[0]
        session, file = self.session_of(host, f"{name}.session"), self.folder / name
        recorder = host.start("python3", RECORDER, "record", SERVICE, 443, 4443, file, stdout=subprocess.PIPE)
        try:
            recorder.stdout.readline()
            text = self.s_client(host, "-sess_in", session, "-early_data", self.request, address="127.0.0.1", port=4443)
            recorder.wait(timeout=20)
        finally:
            stop(recorder)
            recorder.stdout.close()
        self.assertIn("Early data was accepted", text)
        self.assertIn("200 OK", text)
        return file

    def replay(self, host, file, times=1):
        """The lengths of the answers to what was recorded."""
        done = host.run("python3", RECORDER, "replay", SERVICE, 443, file, times)
        return [int(size) for size in done.stdout.split()]

    def outcome(self, machine, name, worker=None):
        if worker is None:
            return machine.metrics()[f"lockstep_tls_early_data_{name}_total"]
        found = re.search(rf'lockstep_tls_early_data_{name}_total\{{[^}}]*worker="{worker}"[^}}]*\}} (\d+)',
                          machine.curl_socket("/metrics"))
        return int(found[1])

    def assert_refused(self, host, machine, file, why):
        accepted, refused = self.outcome(machine, "accepted"), self.outcome(machine, why)
        size, = self.replay(host, file)
        self.assertTrue(0 < size < HANDSHAKE_ONLY, f"{size} bytes: the handshake goes on, but nothing is answered")
        self.assertEqual(self.outcome(machine, "accepted"), accepted)
        self.assertEqual(self.outcome(machine, why), refused + 1)

    def test_a_replayed_hello_is_refused_by_all_workers(self):
        machine, file = self.machines[0], self.record("replayed")
        accepted = self.outcome(machine, "accepted")
        before = [self.outcome(machine, "replayed", worker) for worker in (0, 1)]
        # Local ports decide which worker a connection goes to; all answers together must come while the hello is fresh.
        for _ in range(8):
            sizes = self.replay(self.hosts[0], file)
            self.assertTrue(all(0 < size < HANDSHAKE_ONLY for size in sizes), sizes)
            after = [self.outcome(machine, "replayed", worker) for worker in (0, 1)]
            if all(now > then for now, then in zip(after, before)):
                break
        self.assertTrue(all(now > then for now, then in zip(after, before)), f"both workers have refused it: {before}, {after}")
        self.assertEqual(self.outcome(machine, "accepted"), accepted)

    def test_a_replayed_hello_is_refused_by_another_machine(self):
        self.assert_refused(self.hosts[1], self.machines[1], self.record("elsewhere"), "foreign")

    def test_a_replayed_hello_is_refused_after_a_restart(self):
        file = self.record("restart")
        self.machines[0].stop()
        self.machines[0] = self.machine(self.hosts[0], "first", "[0, 1]")
        self.assert_refused(self.hosts[0], self.machines[0], file, "foreign")

    def test_what_is_refused_still_resumes(self):
        session = self.session_of(self.hosts[0], "abroad.session")
        text = self.s_client(self.hosts[1], "-sess_in", session, "-early_data", self.request, stdin=REQUEST)
        self.assertIn("Reused, TLSv1.3", text)
        self.assertIn("Early data was rejected", text)
        self.assertIn("200 OK", text)


if __name__ == "__main__":
    unittest.main()
