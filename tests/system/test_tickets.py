"""Ticket keys: rotations under load, on all cores, of a fleet; what the operator sees of them, and what is refused."""

import json
import os
import subprocess
import time
import unittest

from configuration import builtin, configuration, tap
from harness import FULL, KERNEL, LOCKSTEP, NAME, ROOT, SERVICE, Case, wait_until
from openssl_session import with_long_lifetime

CLIENT = ROOT / "tests" / "system" / "ticket_client.py"
REQUEST = b"GET /bytes/5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def ticket(*arguments, check=True, stdin=None):
    done = subprocess.run([LOCKSTEP, "ticket", *map(str, arguments)], capture_output=True, check=False, input=stdin)
    if check and done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    return done


class TicketCase(Case):
    def show(self, lockstep):
        return json.loads(ticket("show", "--json", "--socket", lockstep.socket).stdout)

    def sealing(self, lockstep):
        return next(key["name"] for key in self.show(lockstep)["keys"] if key["use"] == "sealing")

    def clients(self, host, count, *arguments):
        return [host.start("python3", CLIENT, SERVICE, 443, NAME, self.demo / "ca.pem", *arguments,
                           stdout=subprocess.PIPE) for _ in range(count)]

    def results(self, clients):
        return [json.loads(client.communicate(timeout=120)[0]) for client in clients]

    def s_client(self, host, *arguments):
        """One connection by openssl; what it tells of the session."""
        done = host.run("openssl", "s_client", "-connect", f"{SERVICE}:443", "-servername", NAME, "-ign_eof",
                        "-CAfile", self.demo / "ca.pem", *arguments, stdin=REQUEST)
        text = done.stdout.decode(errors="replace")
        self.assertIn("abcde", text)
        return text


class Rotations(TicketCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        cores = sorted(os.sched_getaffinity(0))[:2]
        cls.lockstep = cls.service(cls.host, configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL), builtin("http", f"{SERVICE}:443"), general=f"cores = {cores}"))

    def test_a_hundred_under_load_fail_no_handshake(self):
        before = self.lockstep.metrics()
        clients = self.clients(self.host, 2) + self.clients(self.host, 1, "--tls", "1.2")
        seen = {self.sealing(self.lockstep)}
        try:
            for _ in range(100):
                done = ticket("rotate", "--json", "--socket", self.lockstep.socket)
                seen.add(json.loads(done.stdout)["sealing"])
        finally:
            for client in clients:
                client.terminate()
        for client in clients:
            client.wait()
            client.stdout.close()
        after = self.lockstep.metrics()
        self.assertEqual(len(seen), 101, "each time another key")
        self.assertEqual(after["lockstep_ticket_key_rotations_total"] - before["lockstep_ticket_key_rotations_total"], 100)
        handshakes = sum(after[name] - before[name] for name in
                         ("lockstep_tls_handshakes_tls13_total", "lockstep_tls_handshakes_tls12_total"))
        print(f"{handshakes:.0f} handshakes during 100 rotations, "
              f"{after['lockstep_tls_handshakes_resumed_total'] - before['lockstep_tls_handshakes_resumed_total']:.0f} resumed")
        self.assertGreater(handshakes, 100)
        # A client that was ended in the middle of a handshake is the only failure there may be.
        self.assertLessEqual(after["lockstep_tls_handshakes_failed_total"] - before["lockstep_tls_handshakes_failed_total"],
                             len(clients))
        wait_until("old snapshots are gone", lambda: self.lockstep.metrics()["lockstep_snapshots_old"] == 0)
        table = ticket("show", "--socket", self.lockstep.socket).stdout.decode()
        print("\n".join(table.splitlines()[:5]))
        self.assertIn("source random", table)
        self.assertIn(f"{self.sealing(self.lockstep)}  sealing", table)

    def test_clients_see_nothing_of_rotations(self):
        """The same, seen from the clients: no error, and every connection but the first resumes."""
        clients = self.clients(self.host, 3, "--seconds", 20 if FULL else 6)
        while any(client.poll() is None for client in clients):
            if self.show(self.lockstep)["rotations"] < 120:
                ticket("rotate", "--socket", self.lockstep.socket)
            time.sleep(0.3)
        for result in self.results(clients):
            self.assertEqual(result["failed"], 0, result["errors"])
            self.assertGreater(result["handshakes"], 5)
            self.assertEqual(result["resumed"], result["handshakes"] - 1, result)

    def test_a_ticket_of_one_worker_resumes_on_another(self):
        result, = self.results(self.clients(self.host, 1, "--connections", 60))
        self.assertEqual((result["failed"], result["handshakes"], result["resumed"]), (0, 60, 59), result["errors"])
        workers = self.lockstep.status()["workers"]
        if len(workers) > 1:
            for worker in workers:
                self.assertGreater(worker["tls"]["handshakes_resumed"], 5, "all workers have resumed")

    def test_without_a_fleet_there_is_nothing_to_export(self):
        done = ticket("export", "--config", self.lockstep.file, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('set source = "fleet"', done.stderr.decode())
        self.assertEqual(done.stdout, b"")


FLEET = """
[tickets]
source = "fleet"
secret = "{secret}"
slice = "{slice}"
[tls]
session_lifetime = "{lifetime}"
"""


class Fleet(TicketCase):
    """Two machines, each in a namespace of its own, which never talk."""

    SLICE, LIFETIME = "2s", "12s"  # a slow machine needs a while between two connections

    @classmethod
    def machine(cls, name):
        folder = cls.folder / name
        folder.mkdir()
        (folder / "lockstep.toml").write_text(configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL), builtin("http", f"{SERVICE}:443"),
            more=FLEET.format(secret=folder / "tickets", slice=cls.SLICE, lifetime=cls.LIFETIME)), encoding="utf-8")
        return folder

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        folders = [cls.machine("first"), cls.machine("second")]
        cls.hosts = [cls.namespace("first"), cls.namespace("second")]
        ticket("import", "--new", "--config", folders[0] / "lockstep.toml")
        exported = ticket("export", "--config", folders[0] / "lockstep.toml").stdout
        ticket("import", "--config", folders[1] / "lockstep.toml", stdin=exported)
        cls.machines = [cls.service(host, (folder / "lockstep.toml").read_text(encoding="utf-8"), folder.name)
                        for host, folder in zip(cls.hosts, folders)]

    def session_of(self, index):
        file = self.folder / f"session-{index}"
        self.s_client(self.hosts[index], "-sess_out", file)
        return file

    def assert_resumes(self, index, session, expected=True):
        text = self.s_client(self.hosts[index], "-sess_in", session)
        self.assertIn("Reused, TLSv1.3" if expected else "New, TLSv1.3", text)

    def test_they_agree_on_the_key_of_each_slice(self):
        for _ in range(3):
            def same():
                first, second = (self.sealing(machine) for machine in self.machines)
                return first if first == second else None
            before = wait_until("both are in the same slice", same, 5)
            wait_until("the next slice", lambda before=before: same() not in (None, before), 10)

    def test_a_ticket_of_one_resumes_on_the_other(self):
        self.assert_resumes(1, self.session_of(0))
        self.assert_resumes(0, self.session_of(1))

    def test_after_slices_have_passed_it_still_resumes_and_after_its_lifetime_no_more(self):
        file = self.session_of(0)
        time.sleep(3)
        self.assert_resumes(1, file)
        time.sleep(12)
        # The client would not offer it: it knows the lifetime too. This one has forgotten.
        file.write_text(with_long_lifetime(file.read_text(encoding="utf-8")), encoding="utf-8")
        before = self.machines[1].metrics()
        self.assert_resumes(1, file, expected=False)
        after = self.machines[1].metrics()
        refused = sum(after[f"lockstep_tls_tickets_{why}_total"] - before[f"lockstep_tls_tickets_{why}_total"]
                      for why in ("expired", "unknown"))
        self.assertEqual(refused, 1, "it was offered, and refused")

    def test_the_file_goes_with_the_slices_and_holds_no_past(self):
        file = self.machines[0].folder / "tickets"
        first = file.read_text(encoding="utf-8")
        second = wait_until("the next slice", lambda: (text := file.read_text(encoding="utf-8")) != first and text, 10)
        self.assertEqual(len(second.splitlines()), 5)
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertNotIn(first.splitlines()[3].split()[1], second)
        names = set(os.listdir(file.parent))
        self.assertFalse({name for name in names if name.startswith("tickets.")}, names)

    def test_rotation_by_hand_is_refused_with_what_to_do(self):
        done = ticket("rotate", "--socket", self.machines[0].socket, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("begin anew with 'lockstep ticket import --new'", done.stderr.decode())

    def test_an_export_is_not_for_screens_and_no_file_is_overwritten(self):
        configuration_file = self.machines[0].file
        out = self.folder / "export"
        ticket("export", "--config", configuration_file, "--output", out)
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)
        self.assertEqual(ticket("export", "--config", configuration_file, "--output", out, check=False).returncode, 1)
        done = subprocess.run(["script", "-qec", f"{LOCKSTEP} ticket export --config {configuration_file}", "/dev/null"],
                              capture_output=True, text=True, check=False)
        self.assertIn("not for a screen", done.stdout)
        self.assertNotRegex(done.stdout, "[0-9a-f]{64}")
        done = ticket("import", "--config", configuration_file, stdin=b"nonsense", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("this is no ticket state", done.stderr.decode())


class Files(TicketCase):
    """Keys that the operator distributes, in HAProxy's form."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        cls.keys = cls.folder / "ticket.keys"
        cls.append(3)
        os.chmod(cls.keys, 0o600)
        cls.lockstep = cls.service(cls.host, configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL), builtin("http", f"{SERVICE}:443"),
            more=f'[tickets]\nsource = "file"\nfiles = ["{cls.keys}"]\n'))

    @classmethod
    def append(cls, count):
        with open(cls.keys, "a", encoding="ascii") as file:
            for _ in range(count):
                file.write(subprocess.run(["openssl", "rand", "-base64", "80"], capture_output=True, text=True,
                                          check=True).stdout.replace("\n", "") + "\n")

    def test_a_line_that_is_appended_makes_the_next_one_seal(self):
        names = [key["name"] for key in self.show(self.lockstep)["keys"]]
        session = self.folder / "session"
        self.s_client(self.host, "-sess_out", session)
        self.append(1)
        self.lockstep.reload()
        wait_until("the file is read again", lambda: self.sealing(self.lockstep) == names[0])
        self.assertEqual([key["use"] for key in self.show(self.lockstep)["keys"]], ["next", "sealing", "previous"])
        self.assertIn("Reused", self.s_client(self.host, "-sess_in", session))
        self.append(2)
        self.lockstep.reload()
        wait_until("the file is read again", lambda: self.sealing(self.lockstep) != names[0])
        self.assertIn("New, TLSv1.3", self.s_client(self.host, "-sess_in", session))

    def test_a_file_with_an_error_keeps_the_old_keys(self):
        before = self.show(self.lockstep)
        good = self.keys.read_text(encoding="ascii")
        self.keys.write_text(good + "something else\n", encoding="ascii")
        self.lockstep.reload()
        wait_until("the reload is refused", lambda: self.lockstep.metrics()["lockstep_reloads_refused_total"] == 1)
        self.assertEqual(self.show(self.lockstep), before)
        self.assertIn("is no base64 of 48 or 80 bytes", self.lockstep.tail())
        self.keys.write_text(good, encoding="ascii")

    def test_rotation_by_hand_is_refused_with_what_to_do(self):
        done = ticket("rotate", "--socket", self.lockstep.socket, check=False)
        self.assertIn("change the files, and send SIGHUP", done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
