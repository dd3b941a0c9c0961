"""The columns of the interoperation matrix: what a service leaves its clients, and what its log must show."""

import dataclasses

from harness import NAME

CERTIFICATE = {"RSA": "rsa", "ECDSA": "ecdsa"}
UNTIL_OFF = 'early_data = "16KiB"  # until the client comes back'

# The log's word for what a client is refused for, by the alert.
ERRORS = {("certificate required", "1.3"): "certificate_required", ("handshake failure", "1.2"): "certificate_required_tls12",
          **{("unknown ca", version): "unknown_authority" for version in ("1.2", "1.3")}}


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
    asks: str = "none"  # for the client's certificate: client_auth
    shown: str = ""  # the key's kind of the client's certificate, or "stranger": one of an authority that nobody trusts
    refused: str = ""  # the handshake ends with this alert, of which the client speaks
    early_data: str = ""  # the last connection's: "taken", "off" (its service takes none any more) or "retried" (is sent once more)
    expected: tuple = ()  # (field of the access log, value)

    def more(self, authority):
        """The service's own lines; `authority` is the file of the clients' one."""
        lines = [f'client_auth = "{self.asks}"', f'client_ca = "{authority}"'] if self.asks != "none" else []
        lines += ["[service.tls]", f'versions = ["{self.version}"]']
        if self.suite:
            lines.append(f'cipher_suites = ["{self.suite}"]')
        if self.group:
            lines.append(f'groups = ["{self.group}"]')
        if self.early_data:
            lines.append('handshake_timeout = "3s"')  # what a client waits that sends nothing we can read
            lines.append(UNTIL_OFF if self.early_data == "off" else 'early_data = "16KiB"')
        return "\n".join(lines) + "\n"

    def log(self):
        """What each line of the log must have, by field."""
        seen = self.asks != "none" and self.shown
        return {"sni": NAME, "version": f"TLSv{self.version}", "hello_retry": None,
                "client_subject": f"CN={self.shown},O=Lockstep" if seen else None,
                "tls_error": ERRORS[self.refused, self.version] if self.refused else None,
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


def client_certificates():
    for version in ("1.2", "1.3"):
        yield Feature(f"{version} not asked", version, shown="P-256")
        yield Feature(f"{version} optional, none shown", version, asks="optional")
        # TLS 1.2's CertificateRequest does not ask for Ed25519 (dataplane/tls/README.md).
        for key in ("RSA", "P-256", "P-384") if version == "1.2" else ("RSA", "P-256", "P-384", "Ed25519"):
            yield Feature(f"{version} {key} shown", version, asks="required", shown=key)
        yield Feature(f"{version} shown, ticket", version, asks="required", shown="P-256", connections=2)
        if version == "1.2":
            yield Feature("1.2 shown, identifier", version, asks="required", shown="P-256", connections=2, resume_by="identifiers")
        yield Feature(f"{version} none, refused", version, asks="required",
                      refused="handshake failure" if version == "1.2" else "certificate required")
        yield Feature(f"{version} stranger, refused", version, asks="optional", shown="stranger", refused="unknown ca")


def early_data():
    yield Feature("early data taken", "1.3", connections=2, early_data="taken")
    yield Feature("early data off", "1.3", connections=2, early_data="off")
    yield Feature("early data HelloRetryRequest", "1.3", group="secp384r1", connections=2, early_data="retried",
                  expected=(("hello_retry", True),))


TABLES = {"versions and certificates": [*certificates(), *groups()], "resumption": list(resumption()), "suites": list(suites()),
          "client certificates": list(client_certificates()), "early data": list(early_data())}
FEATURES = [feature for table in TABLES.values() for feature in table]
PORTS = {feature.name: 4000 + index for index, feature in enumerate(FEATURES)}
