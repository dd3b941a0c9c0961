#!/usr/bin/env python3
"""Sends random and mutated frames to the service, to be started inside a namespace; prints one JSON object.

    garbage.py frames --interface NAME --target IP --mac MAC --count N --seed S [--ports 443,80]
        frames: mutations of valid ARP, ICMP, TCP (SYN, data, options, flags), IPv4 and IPv6 datagrams, and noise
    garbage.py hellos --target IP --ports 443 --count N --seed S
        connections that send mutated ClientHellos, other protocols' greetings, or noise
"""

import argparse
import json
import random
import socket
import struct
import sys


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(source, target, protocol, payload):
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), random.getrandbits(16), 0, 64, protocol, 0,
                         socket.inet_aton(source), socket.inet_aton(target))
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + payload


def tcp(source, target, chooser, ports):
    flags = chooser.choice([0x02, 0x10, 0x18, 0x11, 0x04, 0x14, 0x12, 0x00, 0x3F, 0x29, chooser.getrandbits(8)])
    options = chooser.choice([b"", bytes.fromhex("020405b40402080a0000000100000000" "01030307"), chooser.randbytes(4),
                              chooser.randbytes(40), bytes.fromhex("02000101"), bytes.fromhex("050a0000000100000001" "0101")])
    payload = chooser.choice([b"", chooser.randbytes(chooser.randrange(1, 1400))])
    header = struct.pack(">HHIIBBHHH", chooser.randrange(1024, 65536), chooser.choice(ports), chooser.getrandbits(32),
                         chooser.getrandbits(32), (5 + len(options) // 4) << 4, flags, chooser.getrandbits(16), 0, 0)
    segment = header + options + payload
    pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack(">BBH", 0, 6, len(segment))
    return segment[:16] + struct.pack(">H", checksum(pseudo + segment)) + segment[18:]


def frame(chooser, mac, own, source, target, ports):
    """One frame: valid in itself, and in two of three cases then damaged."""
    kind = chooser.randrange(6)
    ethertype, payload = 0x0800, b""
    if kind == 0:
        ethertype = 0x0806
        payload = struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, chooser.choice([1, 2, 3]), own,
                              socket.inet_aton(source), mac, socket.inet_aton(target))
    elif kind == 1:
        echo = struct.pack(">BBHHH", chooser.choice([8, 0, 3, 5, 11]), chooser.choice([0, 1, 3, 4]), 0, 1, 1) + \
            chooser.randbytes(chooser.randrange(64))
        payload = ipv4(source, target, 1, echo[:2] + struct.pack(">H", checksum(echo)) + echo[4:])
    elif kind in (2, 3):
        payload = ipv4(source, target, 6, tcp(source, target, chooser, ports))
    elif kind == 4:
        ethertype = 0x86DD
        payload = struct.pack(">IHBB", 0x60000000, 40, chooser.choice([58, 6, 0, 44, 43, 60]), 255) + \
            chooser.randbytes(32) + chooser.randbytes(40)
    else:
        ethertype = chooser.choice([0x8100, 0x88A8, 0x0800, chooser.getrandbits(16)])
        payload = chooser.randbytes(chooser.randrange(1, 1500))
    data = bytearray(mac + own + struct.pack(">H", ethertype) + payload)
    damage = chooser.randrange(3)
    if damage == 1:
        for _ in range(chooser.randrange(1, 5)):
            data[chooser.randrange(12, len(data))] = chooser.getrandbits(8)
    elif damage == 2:
        data = data[:chooser.randrange(14, len(data) + 1)]
    return bytes(data[:1514])


def send_frames(arguments):
    chooser = random.Random(arguments.seed)
    random.seed(arguments.seed)
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind((arguments.interface, 0))
    own = raw.getsockname()[4]
    mac = bytes.fromhex(arguments.mac.replace(":", ""))
    sent = 0
    for _ in range(arguments.count):
        # Sources in a part of the prefix that no real host of the test uses.
        source = f"{arguments.target.rsplit('.', 1)[0]}.{chooser.randrange(100, 255)}"
        try:
            sent += bool(raw.send(frame(chooser, mac, own, source, arguments.target, arguments.port_list)))
        except OSError:
            pass  # the queue of the interface is full; the frame is lost, as on a wire
    return {"sent": sent}


def vector(width, *parts):
    body = b"".join(parts)
    return len(body).to_bytes(width, "big") + body


def extension(number, *parts):
    return number.to_bytes(2, "big") + vector(2, *parts)


def client_hello():
    """A ClientHello that a TLS 1.3 and 1.2 server takes: P-256 key share (the group's generator), all our suites."""
    generator = bytes.fromhex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                              "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
    extensions = (
        extension(0, vector(2, b"\0", vector(2, b"demo.lockstep.test"))),
        extension(10, vector(2, bytes.fromhex("001d0017"))),
        extension(11, vector(1, b"\0")),
        extension(13, vector(2, bytes.fromhex("0403080408050401"))),
        extension(23),
        extension(43, vector(1, bytes.fromhex("03040303"))),
        extension(45, vector(1, b"\1")),
        extension(51, vector(2, b"\0\x17", vector(2, generator))),
        extension(0xFF01, vector(1)),
    )
    body = (b"\x03\x03" + bytes(range(32)) + vector(1, bytes(range(32))) +
            vector(2, bytes.fromhex("130113021303c02bc02fc02cc030cca8cca9")) + vector(1, b"\0") + vector(2, *extensions))
    return b"\x16\x03\x01" + vector(2, b"\1" + vector(3, body))


HELLO = client_hello()


def greeting(chooser):
    kind = chooser.randrange(5)
    if kind == 0:
        return chooser.choice([b"GET / HTTP/1.0\r\n\r\n", b"SSH-2.0-x\r\n", bytes.fromhex("802e0100020015"),
                               b"PROXY TCP4 198.18.0.9 198.18.0.2 1 443\r\n"])
    if kind == 1:
        return chooser.randbytes(chooser.randrange(1, 3000))
    data = bytearray(HELLO)
    if kind >= 3:
        for _ in range(chooser.randrange(1, 6)):
            data[chooser.randrange(kind == 4 and 5 or 0, len(data))] = chooser.getrandbits(8)
    return bytes(data[:chooser.randrange(1, len(data) + 1)] if chooser.random() < 0.3 else data)


def send_hellos(arguments):
    chooser = random.Random(arguments.seed)
    connected = refused = 0
    for _ in range(arguments.count):
        with socket.socket() as client:
            client.settimeout(2)
            # Many of these never finish; the service must not wait for them, and neither does this.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", chooser.randrange(2), 0))
            try:
                client.connect((arguments.target, chooser.choice(arguments.port_list)))
                connected += 1
                client.sendall(greeting(chooser))
                if chooser.random() < 0.2:
                    client.settimeout(0.05)
                    client.recv(4096)
            except OSError:
                refused += 1
    return {"connected": connected, "unanswered": refused}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["frames", "hellos"])
    parser.add_argument("--interface")
    parser.add_argument("--target", required=True)
    parser.add_argument("--mac")
    parser.add_argument("--ports", default="443")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.port_list = [int(port) for port in arguments.ports.split(",")]
    print(json.dumps(send_frames(arguments) if arguments.action == "frames" else send_hellos(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
