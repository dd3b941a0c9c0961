"""The interoperation matrix: clients by other people, and each thing that they can do with us.

A cell is a client at a service that leaves it one choice: one version, certificate, suite, group or way to be known. It passes if the
client gets the page and the service's access log says that the handshake was the one the cell is named for (interop_features.py).
Where a client is to be refused, the log must have the reason and the client must name the alert. What a client cannot do stands in
interop_clients.py with the reason, is tried all the same, and fails the test if it works.
"""

import collections
import contextlib
import json
import os
import subprocess
import threading
import unittest

from client_authority import KEYS, Authority
from configuration import builtin, configuration, tap
from harness import FULL, KERNEL, ROOT, SERVICE, Case, Failed, stop, wait_until
from interop_clients import DEFAULT, WIDE
from interop_features import FEATURES, PORTS, TABLES, UNTIL_OFF

RELAY = ROOT / "tests" / "system" / "relay.py"
# Counted once in a cell of early data.
OUTCOMES = {"taken": "accepted", "off": "not_allowed", "retried": "retried"}


def agrees(expected, found):
    """Whether a field of the log is as expected; text is only a beginning."""
    if expected == "any":
        return True
    return found.startswith(expected) if isinstance(expected, str) and found else found == expected


class Interoperation(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        clients, strangers = (Authority(cls.folder / name) for name in ("clients", "strangers"))
        cls.certificates = {kind: clients.issue(kind, *key) for kind, key in KEYS.items()}
        cls.certificates["stranger"] = strangers.issue("stranger", *KEYS["P-256"])
        cls.lockstep = cls.service(cls.host, configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL),
            *(builtin(f"http-{PORTS[feature.name]}", f"{SERVICE}:{PORTS[feature.name]}", more=feature.more(clients.certificate),
                      certificates=feature.certificates) for feature in FEATURES),
            general='cores = [0, 1]\nlog_format = "json"'))

    def lines(self, feature, offset):
        """The access log's lines of a feature's service, from an offset into the file on."""
        with open(self.lockstep.log, "rb") as log:
            log.seek(offset)
            lines = log.read().split(b"\n")[:-1]
        events = [json.loads(line) for line in lines if line.startswith(b"{")]
        return [event for event in events if event.get("event") == "access" and event["service"] == f"http-{PORTS[feature.name]}"]

    def visit(self, client, feature):
        """The client's connections; what a client that is refused says of it is compared here."""
        if feature.early_data == "off":
            self.visit_until_off(client, feature)
        elif feature.refused:
            try:
                client.visit(PORTS[feature.name], feature)
            except Failed as failure:
                if not client.names(feature.refused, str(failure)):
                    raise
            else:
                raise AssertionError("it was not refused")
        else:
            client.visit(PORTS[feature.name], feature)

    def visit_until_off(self, client, feature):
        """The service is told to take no early data any more while the client's second connection waits."""
        port, text = PORTS[feature.name], self.lockstep.file.read_text(encoding="utf-8")
        relay = self.host.start("python3", RELAY, SERVICE, port, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

        def let_through():
            for said in relay.stdout:
                if said == "asked\n":
                    relay.stdin.write("go on\n")
                    break
            for said in relay.stdout:
                self.lockstep.file.write_text(text.replace(UNTIL_OFF, ""), encoding="utf-8")
                self.lockstep.reload_and_wait()
                relay.stdin.write("go on\n")

        relay.stdout.readline()
        gate = threading.Thread(target=let_through)
        gate.start()
        client.address = "127.0.0.1"
        try:
            client.visit(port, feature)
        finally:
            client.address = SERVICE
            stop(relay)
            gate.join()
            relay.stdin.close()
            relay.stdout.close()
            self.lockstep.file.write_text(text, encoding="utf-8")
            self.lockstep.reload_and_wait()

    def attempt(self, client, feature):
        """Why a cell does not work; None if it does."""
        offset, before = self.lockstep.log.stat().st_size, self.lockstep.metrics()
        try:
            self.visit(client, feature)
            wait_until("the access log", lambda: len(self.lines(feature, offset)) >= feature.connections, 10, step=0.01)
        except AssertionError as failure:
            with contextlib.suppress(Failed):
                wait_until("the access log", lambda: self.lines(feature, offset), 1)
            return f"{failure}\n{self.lines(feature, offset)}"
        after = self.lockstep.metrics()
        return ", ".join(self.wrong(feature, self.lines(feature, offset), {name: after[name] - before[name] for name in after})) or None

    def wrong(self, feature, lines, counts):
        """What the log and the counters have that is not the feature's."""
        for field, value in feature.log().items():
            yield from (f"{field} is {line.get(field)}, not {value}" for line in lines if not agrees(value, line.get(field)))
        # Workers' lines come in any order.
        resumed = sum(line["resumed"] for line in lines)
        if len(lines) != feature.connections or resumed != feature.connections - 1:
            yield f"{len(lines)} connections, {resumed} resumed"
        issued = counts["lockstep_tls_tickets_issued_total"]
        if feature.connections > 1 and (issued == 0) != (feature.resume_by == "identifiers"):
            yield f"{issued:.0f} tickets were issued"
        early = [line["resumed"] for line in lines if line.get("early_data")]
        if early != ([True] if feature.early_data == "taken" else []):
            yield f"early data of {len(early)} connections was taken"
        for outcome in OUTCOMES.values():
            count = counts[f"lockstep_tls_early_data_{outcome}_total"]
            if count != (OUTCOMES.get(feature.early_data) == outcome):
                yield f"early data {outcome} {count:.0f} times"

    def cell(self, client, feature):
        reason = client.reason(feature.name)
        failure = self.attempt(client, feature)
        if reason:
            return ("-", None) if failure else ("WORKS", "listed as impossible, but it works")
        return ("FAIL", failure) if failure else ("ok", None)

    def matrix(self, clients):
        results = {}
        for client in clients:
            for feature in FEATURES:
                results[client.name, feature.name] = self.cell(client, feature)
        self.show(clients, results)
        failures = [f"{client}, {feature}: {why}" for (client, feature), (_, why) in results.items() if why]
        self.assertFalse(failures, "\n\n".join(["", *failures]))

    def show(self, clients, results):
        for title, features in TABLES.items():
            print(f"\n{title}: {', '.join(f'{i}) {feature.name}' for i, feature in enumerate(features, 1))}")
            print(" " * 12 + "".join(f"{i:>6}" for i in range(1, len(features) + 1)))
            for client in clients:
                print(f"{client.name:12}" + "".join(f"{results[client.name, feature.name][0]:>6}" for feature in features))
        for client in clients:
            reasons = collections.defaultdict(list)
            for feature in FEATURES:
                if client.reason(feature.name):
                    reasons[client.reason(feature.name)].append(feature.name)
            for reason, names in reasons.items():
                print(f"- {client.name}: {reason}: {', '.join(names)}")
        counts = collections.Counter(mark for mark, _ in results.values())
        print(f"{counts['ok']} cells pass, {counts['-']} are impossible, {counts['FAIL'] + counts['WORKS']} are wrong")

    def clients(self, kinds):
        only = os.environ.get("LOCKSTEP_INTEROP")  # names of clients, separated by commas
        made = [kind(self) for kind in kinds if not only or kind.name in only.split(",")]
        missing = [client.name for client in made if not client.available()]
        self.assertFalse(missing, "not on this machine: deploy/install-packages test interop")
        return made

    def test_clients_that_every_machine_has(self):
        self.matrix(self.clients(DEFAULT))

    @unittest.skipUnless(FULL, "with --full")
    def test_more_clients(self):
        self.matrix(self.clients(WIDE))


if __name__ == "__main__":
    unittest.main()
