"""The interoperation matrix: clients by other people, and each thing that they can do with us.

A cell is a client at a service that leaves it one choice: one version, certificate, suite or group. It passes if the client gets the
page and the service's access log says that the handshake was the one the cell is named for. What a client cannot do stands in
interop_clients.py with the reason, is tried all the same, and fails the test if it works.
"""

import collections
import contextlib
import dataclasses
import json
import os
import unittest

from configuration import builtin, configuration, tap
from harness import FULL, KERNEL, NAME, SERVICE, Case, Failed, wait_until
from interop_clients import DEFAULT, WIDE

CERTIFICATE = {"RSA": "rsa", "ECDSA": "ecdsa"}


@dataclasses.dataclass(frozen=True)
class Feature:
    """A column: what the service is restricted to, and what its log must show of each connection."""

    name: str
    version: str
    certificates: tuple = ("ecdsa", "rsa")
    suite: str = ""
    group: str = ""
    connections: int = 1
    resume_by: str = "tickets"
    expected: tuple = ()  # (field of the access log, value)

    def tls(self):
        lines = [f'versions = ["{self.version}"]']
        if self.suite:
            lines.append(f'cipher_suites = ["{self.suite}"]')
        if self.group:
            lines.append(f'groups = ["{self.group}"]')
        return "[service.tls]\n" + "\n".join(lines) + "\n"

    def log(self):
        """What each line of the log must have, by field."""
        return {"sni": NAME, "version": f"TLSv{self.version}", "hello_retry": None,
                **({"group": self.group} if self.group else {}), **dict(self.expected)}


SIGNED_WITH = {"RSA": "rsa_", "ECDSA": "ecdsa_"}


def certificates():
    for version in ("1.2", "1.3"):
        for key in ("RSA", "ECDSA"):
            yield Feature(f"{version} {key}", version, (CERTIFICATE[key],), expected=(("signature", SIGNED_WITH[key]),))


def groups():
    for version in ("1.2", "1.3"):
        for group in ("x25519", "secp256r1"):
            yield Feature(f"{version} {group}", version, group=group, expected=(("hello_retry", "any"),))
    yield Feature("1.2 secp384r1", "1.2", group="secp384r1")
    # Nobody's first share is on P-384.
    yield Feature("1.3 HelloRetryRequest", "1.3", group="secp384r1", expected=(("hello_retry", True),))


def resumption():
    for key in ("RSA", "ECDSA"):
        for version in ("1.2", "1.3"):
            yield Feature(f"{version} {key} ticket", version, (CERTIFICATE[key],), connections=2)
        yield Feature(f"1.2 {key} identifier", "1.2", (CERTIFICATE[key],), connections=2, resume_by="identifiers")
    yield Feature("1.3 HelloRetryRequest ticket", "1.3", group="secp384r1", connections=2, expected=(("hello_retry", True),))
    yield Feature("classic ticket", "1.2", suite="AES128-SHA", connections=2)
    yield Feature("classic identifier", "1.2", suite="AES128-SHA", connections=2, resume_by="identifiers")


def suites():
    for suite in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"):
        yield Feature(suite, "1.3", suite=suite, expected=(("suite", suite),))
    for key in ("ECDSA", "RSA"):
        for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA", "AES128-SHA256",
                       "AES256-SHA384"):
            yield Feature(f"ECDHE-{key}-{cipher}", "1.2", suite=f"ECDHE-{key}-{cipher}", expected=(("signature", SIGNED_WITH[key]),))
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA", "AES128-SHA256", "AES256-SHA256"):
        yield Feature(f"RSA-{cipher}", "1.2", suite=cipher, expected=(("signature", None),))


TABLES = {"versions and certificates": [*certificates(), *groups()], "resumption": list(resumption()), "suites": list(suites())}
FEATURES = [feature for table in TABLES.values() for feature in table]
PORTS = {feature.name: 4000 + index for index, feature in enumerate(FEATURES)}


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
        cls.lockstep = cls.service(cls.host, configuration(
            cls.demo, tap("lockstep0", SERVICE, KERNEL),
            *(builtin(f"http-{PORTS[feature.name]}", f"{SERVICE}:{PORTS[feature.name]}", more=feature.tls(),
                      certificates=feature.certificates) for feature in FEATURES),
            general='cores = [0, 1]\nlog_format = "json"'))

    def lines(self, feature, offset):
        """The access log's lines of a feature's service, from an offset into the file on."""
        with open(self.lockstep.log, "rb") as log:
            log.seek(offset)
            lines = log.read().split(b"\n")[:-1]
        events = [json.loads(line) for line in lines if line.startswith(b"{")]
        return [event for event in events if event.get("event") == "access" and event["service"] == f"http-{PORTS[feature.name]}"]

    def attempt(self, client, feature):
        """Why a cell does not work; None if it does."""
        offset = self.lockstep.log.stat().st_size
        tickets = self.lockstep.metrics()["lockstep_tls_tickets_issued_total"]
        try:
            client.visit(PORTS[feature.name], feature)
            wait_until("the access log", lambda: len(self.lines(feature, offset)) >= feature.connections, 10)
        except AssertionError as failure:
            with contextlib.suppress(Failed):
                wait_until("the access log", lambda: self.lines(feature, offset), 1)
            return f"{failure}\n{self.lines(feature, offset)}"
        lines = self.lines(feature, offset)
        wrong = [f"{field} is {line.get(field)}, not {value}" for field, value in feature.log().items() for line in lines
                 if not agrees(value, line.get(field))]
        # Workers' lines come in any order.
        resumed = sum(line["resumed"] for line in lines)
        if len(lines) != feature.connections or resumed != feature.connections - 1:
            wrong.append(f"{len(lines)} connections, {resumed} resumed")
        issued = self.lockstep.metrics()["lockstep_tls_tickets_issued_total"] - tickets
        if feature.connections > 1 and (issued == 0) != (feature.resume_by == "identifiers"):
            wrong.append(f"{issued:.0f} tickets were issued")
        return ", ".join(wrong) or None

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
