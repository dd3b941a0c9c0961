#!/usr/bin/env python3
"""Stands between a client and a service, and keeps what the client said before it heard anything; or says it again.

    hello_recorder.py record ADDRESS PORT LISTEN FILE   one connection from 127.0.0.1:LISTEN on; prints "ready" first
    hello_recorder.py replay ADDRESS PORT FILE TIMES    from a new local port each time; prints the bytes of each answer
"""

import select
import socket
import sys


def record(address, port, listen, file):
    """Forwards one connection both ways; writes the client's bytes up to the service's first."""
    with socket.create_server(("127.0.0.1", listen)) as server:
        print("ready", flush=True)
        client, _ = server.accept()
    service = socket.create_connection((address, port), timeout=20)
    heard = bytearray()
    answered = False
    with client, service:
        while True:
            readable, _, _ = select.select([client, service], [], [], 20)
            if not readable:
                raise TimeoutError("neither side says anything")
            for source in readable:
                block = source.recv(65536)
                if not block:
                    with open(file, "wb") as out:
                        out.write(heard)
                    return
                if source is client and not answered:
                    heard += block
                answered = answered or source is service
                (service if source is client else client).sendall(block)


def replay(address, port, file, times):
    """Sends the recorded bytes and reads until the service has said nothing for a while."""
    with open(file, "rb") as recorded:
        said = recorded.read()
    for _ in range(times):
        with socket.create_connection((address, port), timeout=20) as service:
            service.sendall(said)
            size = 0
            service.settimeout(0.5)
            try:
                while block := service.recv(65536):
                    size += len(block)
            except TimeoutError:
                pass
            print(size, flush=True)


if __name__ == "__main__":
    what, host, number, *rest = sys.argv[1:]
    if what == "record":
        record(host, int(number), int(rest[0]), rest[1])
    else:
        replay(host, int(number), rest[0], int(rest[1]))
