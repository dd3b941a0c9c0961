"""An authority for clients' certificates."""

import subprocess

CA_CONFIGURATION = """[ca]
default_ca = it
[it]
database = {folder}/index
serial = {folder}/serial
crlnumber = {folder}/crlnumber
default_md = sha256
default_crl_days = 2
"""

# What `openssl req -newkey` makes keys from, by kind.
KEYS = {"RSA": ("rsa:2048",), "P-256": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        "P-384": ("ec", "-pkeyopt", "ec_paramgen_curve:P-384"), "Ed25519": ("ed25519",)}


class Authority:
    """An authority for clients, made with openssl in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.certificate, self.list = folder / "ca.pem", folder / "crl.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                     "/CN=Clients", "-keyout", folder / "ca.key", "-out", self.certificate)
        (folder / "index").touch()
        (folder / "crlnumber").write_text("01\n", encoding="utf-8")
        (folder / "ca.conf").write_text(CA_CONFIGURATION.format(folder=folder), encoding="utf-8")
        (folder / "usage").write_text("extendedKeyUsage = clientAuth\nkeyUsage = digitalSignature\n", encoding="utf-8")
        self.publish()

    def openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def issue(self, name, *key):
        """A certificate for `name` with a key that `openssl req -newkey` makes: its file, and the key's."""
        at = self.folder / name
        self.openssl("req", "-new", "-newkey", *key, "-nodes", "-subj", f"/O=Lockstep/CN={name}", "-keyout", f"{at}.key", "-out",
                     f"{at}.csr")
        self.openssl("x509", "-req", "-in", f"{at}.csr", "-CA", self.certificate, "-CAkey", self.folder / "ca.key", "-days", "1",
                     "-extfile", self.folder / "usage", "-out", f"{at}.pem")
        return f"{at}.pem", f"{at}.key"

    def publish(self, revoke=None):
        common = ("-config", self.folder / "ca.conf", "-keyfile", self.folder / "ca.key", "-cert", self.certificate)
        if revoke is not None:
            self.openssl("ca", *common, "-revoke", self.folder / f"{revoke}.pem")
        self.openssl("ca", *common, "-gencrl", "-out", self.list)
