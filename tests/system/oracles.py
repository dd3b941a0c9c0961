"""Probes a TLS 1.2 server for oracles: what it answers to wrong premaster secrets and to wrong CBC records.

    oracles.py --host ADDRESS --port PORT --certificate RSA.pem --tries N (robot | padding)

Prints JSON: for each kind of fault every answer that came, with its number, and the median time until it was complete. An answer is what a
peer sees: the records in their order, their lengths, and how the connection ended.
"""

import argparse
import collections
import json
import os
import random
import socket
import ssl
import statistics
import struct
import subprocess
import time

HANDSHAKE, ALERT, CHANGE_CIPHER_SPEC, APPLICATION_DATA = 22, 21, 20, 23
TLS12 = b"\x03\x03"


def record(kind, content):
    return struct.pack("!B2sH", kind, TLS12, len(content)) + content


def message(kind, body):
    return struct.pack("!B", kind) + len(body).to_bytes(3, "big") + body


class Peer:
    """A connection whose records are read one by one."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unread = b""

    def record(self):
        """Type and content of the next record; None at the end; "reset" if it was none."""
        while True:
            if len(self.unread) >= 5:
                length = 5 + int.from_bytes(self.unread[3:5], "big")
                if len(self.unread) >= length:
                    whole, self.unread = self.unread[:length], self.unread[length:]
                    return whole[0], whole[5:]
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                return "reset"
            if not more:
                return None
            self.unread += more

    def answer(self):
        """All that still comes, as an observer notes it."""
        seen = []
        while isinstance(got := self.record(), tuple):
            kind, content = got
            seen.append(f"{kind}:{content.hex()}" if kind == ALERT and len(content) == 2 else f"{kind}:{len(content)} bytes")
        seen.append(got or "end")
        return " ".join(seen)


def rsa_modulus(certificate):
    text = subprocess.run(["openssl", "x509", "-noout", "-modulus", "-in", certificate], capture_output=True, text=True,
                          check=True).stdout
    return int(text.split("=")[1], 16)


def premasters(modulus):
    """What a client could encrypt, by the fault in it; None: as it should be, but for the Finished message."""
    size = (modulus.bit_length() + 7) // 8

    def padded(head, secret, padding=None, delimiter=b"\x00"):
        fill = padding or bytes(random.randrange(1, 256) for _ in range(size - len(head) - len(delimiter) - len(secret)))
        return int.from_bytes(head + fill + delimiter + secret, "big")

    def fill(count):
        return bytes(random.randrange(1, 256) for _ in range(count))

    secret = os.urandom(46)
    return {
        "right": padded(b"\x00\x02", TLS12 + secret),
        "wrong version": padded(b"\x00\x02", b"\x03\x02" + secret),
        "version of SSL 3.0": padded(b"\x00\x02", b"\x03\x00" + secret),
        "block type 1": padded(b"\x00\x01", TLS12 + secret),
        "first byte not 0": padded(b"\x41\x17", TLS12 + secret),
        "no zero": padded(b"\x00\x02", b"", fill(size - 2), b""),
        "zero in the first eight bytes": padded(b"\x00\x02", TLS12 + secret, fill(4) + b"\x00" + fill(size - 56)),
        "47 bytes": padded(b"\x00\x02", TLS12 + secret[:45]),
        "49 bytes": padded(b"\x00\x02", TLS12 + secret + b"\x07"),
        "no bytes": padded(b"\x00\x02", b""),
    }


def ciphertexts(modulus):
    """Encrypted premaster secrets by the fault in them."""
    size = (modulus.bit_length() + 7) // 8
    made = {name: pow(number, 65537, modulus).to_bytes(size, "big") for name, number in premasters(modulus).items()}
    made |= {
        "ciphertext 0": bytes(size),
        "ciphertext 1": (1).to_bytes(size, "big"),
        "ciphertext n - 1": (modulus - 1).to_bytes(size, "big"),
        "ciphertext n": modulus.to_bytes(size, "big"),
        "ciphertext of all ones": b"\xff" * size,
        "a byte too short": made["right"][1:],
        "a byte too long": b"\x00" + made["right"],
    }
    return made


def probe_premaster(address, encrypted):
    """One handshake with TLS_RSA_WITH_AES_128_CBC_SHA up to a Finished that cannot be right."""
    peer = Peer(address)
    hello = TLS12 + os.urandom(32) + b"\x00" + b"\x00\x02\x00\x2f" + b"\x01\x00"
    peer.socket.sendall(record(HANDSHAKE, message(1, hello)))
    flight = b""
    while not flight.endswith(message(14, b"")):
        got = peer.record()
        if not isinstance(got, tuple) or got[0] != HANDSHAKE:
            raise SystemExit(f"the handshake was refused: {got}")
        flight += got[1]
    exchange = message(16, len(encrypted).to_bytes(2, "big") + encrypted)
    started = time.monotonic()
    peer.socket.sendall(record(HANDSHAKE, exchange) + record(CHANGE_CIPHER_SPEC, b"\x01") +
                        record(HANDSHAKE, os.urandom(64)))
    answer = peer.answer()
    elapsed = time.monotonic() - started
    peer.socket.close()
    return answer, elapsed


def damage(whole, fault):
    """A CBC record (explicit IV, content, MAC, padding) with a fault in it."""
    content = bytearray(whole[5:])
    if fault == "last byte of the padding":  # the block before decides it
        content[-17] ^= 1
    elif fault == "padding longer than the record":
        content[-17] ^= 0x80
    elif fault == "first byte":
        content[16] ^= 1
    elif fault == "IV":
        content[0] ^= 1
    elif fault == "MAC":
        content[-33] ^= 1
    elif fault == "a block missing":
        del content[-16:]
    elif fault == "all but two blocks missing":
        del content[32:]
    elif fault == "a block swapped":
        content[-32:-16], content[-16:] = content[-16:], content[-32:-16]
    return record(whole[0], bytes(content))


FAULTS = ["last byte of the padding", "padding longer than the record", "first byte", "IV", "MAC", "a block missing",
          "all but two blocks missing", "a block swapped"]


class Encrypting:
    """A client over memory with AES-128-CBC, whose records can be damaged before they are sent."""

    def __init__(self, address, context, sizes):
        self.peer = Peer(address)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="probe.test")
        self.size = sizes
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.peer.socket.sendall(self.outgoing.read())
                self.incoming.write(self.peer.socket.recv(65536))
        self.peer.socket.sendall(self.outgoing.read())

    def probe(self, fault):
        self.tls.write(os.urandom(self.size))
        whole = self.outgoing.read()
        started = time.monotonic()
        self.peer.socket.sendall(damage(whole, fault))
        answer = self.peer.answer()
        elapsed = time.monotonic() - started
        self.peer.socket.close()
        return answer, elapsed


def padding_context(cipher):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(cipher)
    context.options |= 1 << 19  # SSL_OP_NO_ENCRYPT_THEN_MAC, which this module has no name for
    return context


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("robot", "padding"))
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", help="the server's RSA certificate")
    parser.add_argument("--cipher", default="AES128-SHA", help="for padding: in OpenSSL's notation")
    parser.add_argument("--tries", type=int, default=100)
    arguments = parser.parse_args()
    address = (arguments.host, arguments.port)
    answers = collections.defaultdict(collections.Counter)
    times = collections.defaultdict(list)

    def note(kind, result):
        answers[kind][result[0]] += 1
        times[kind].append(result[1])

    if arguments.what == "robot":
        modulus = rsa_modulus(arguments.certificate)
        done = 0
        while done < arguments.tries:
            kinds = list(ciphertexts(modulus).items())
            random.shuffle(kinds)
            for kind, encrypted in kinds:
                note(kind, probe_premaster(address, encrypted))
                done += 1
    else:
        context = padding_context(arguments.cipher)
        # Contents for which padding and MAC share a block, or do not; the thirteenth byte of the header counts, too.
        for i in range(arguments.tries):
            size = random.choice((27, 28, 43, 44, 55, 56, 200, 256))
            fault = FAULTS[i % len(FAULTS)]
            note(fault, Encrypting(address, context, size).probe(fault))
    print(json.dumps({kind: {"answers": answers[kind], "median_us": round(1e6 * statistics.median(times[kind]), 1)}
                      for kind in answers}))


if __name__ == "__main__":
    main()
