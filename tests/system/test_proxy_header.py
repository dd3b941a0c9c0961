"""What backends learn from the PROXY header, behind a real client: openssl prints the keying material that it derives itself."""

import re
import sys
import unittest

from configuration import configuration, service, tap
from harness import KERNEL, NAME, SERVICE, Case, wait_until

LABEL = "EXPORTER-Channel-Binding"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
# Prints, in hexadecimal, what each connection begins with.
BACKEND = """
import socket, sys
with socket.create_server(("%s", 8000)) as listener:
    while True:
        connection = listener.accept()[0]
        connection.settimeout(5)
        received = b""
        while len(received) < 16 or len(received) < 16 + int.from_bytes(received[14:16], "big"):
            received += connection.recv(1)
        print(received.hex(), flush=True)
        connection.close()
"""


def values(header):
    """The header's values by type, behind IPv4 addresses."""
    assert header.startswith(SIGNATURE), header
    found, at = {}, 16 + 12
    while at < len(header):
        size = int.from_bytes(header[at + 1:at + 3], "big")
        found[header[at]] = header[at + 3:at + 3 + size]
        at += 3 + size
    return found


class ProxyHeader(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        demo = cls.demo_folder()
        cls.host = cls.namespace("host")
        cls.lockstep = cls.service(cls.host, configuration(
            demo, tap("lockstep0", SERVICE, KERNEL),
            service("bound", f"{SERVICE}:443",
                    more=f'backends = ["{KERNEL}:8000"]\nproxy_protocol = "v2"\nchannel_binding = true\n'),
            service("unbound", f"{SERVICE}:444", more=f'backends = ["{KERNEL}:8000"]\nproxy_protocol = "v2"\n'),
            general="cores = [0]"))
        cls.heard = cls.folder / "headers"
        with cls.heard.open("wb") as output:
            cls.background(cls.host.start(sys.executable, "-c", BACKEND % KERNEL, stdout=output))
        wait_until("the backend", lambda: ":8000" in cls.host.run("ss", "-ltn").stdout.decode())

    def visit(self, port, *arguments):
        """One connection: what the backend heard, and what the client derived."""
        before = len(self.heard.read_text(encoding="ascii").split())
        client = self.host.run("openssl", "s_client", "-connect", f"{SERVICE}:{port}", "-servername", NAME, "-keymatexport", LABEL,
                               "-keymatexportlen", 32, *arguments, stdin=b"", check=False, timeout=20)
        headers = wait_until("the backend's header", lambda: self.heard.read_text(encoding="ascii").split()[before:])
        derived = re.search(r"Keying material: ([0-9A-F]{64})", client.stdout.decode())
        self.assertIsNotNone(derived, client.stdout)
        return values(bytes.fromhex(headers[0])), bytes.fromhex(derived.group(1))

    def test_tells_the_channel_binding_that_the_client_derives(self):
        told, derived = self.visit(443, "-tls1_3")
        self.assertEqual(told[0xe0], derived)
        self.assertEqual(told[0x02], NAME.encode())

    def test_tells_another_one_each_time(self):
        first, _ = self.visit(443, "-tls1_3")
        second, derived = self.visit(443, "-tls1_3")
        self.assertNotEqual(first[0xe0], second[0xe0])
        self.assertEqual(second[0xe0], derived)

    def test_tells_none_unless_asked_to(self):
        told, _ = self.visit(444, "-tls1_3")
        self.assertNotIn(0xe0, told)
        self.assertIn(0x20, told)


if __name__ == "__main__":
    unittest.main()
