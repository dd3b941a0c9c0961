#!/usr/bin/env python3
"""Stands between a client and a service, and lets connections through one by one, when it is told to.

    relay.py ADDRESS PORT   listens at 127.0.0.1:PORT; prints "ready", and for each connection "asked" and awaits a line
"""

import select
import socket
import sys


def forward(client, service):
    """Both ways, until one side ends."""
    while True:
        for source in select.select([client, service], [], [])[0]:
            block = source.recv(65536)
            if not block:
                return
            (service if source is client else client).sendall(block)


def main(address, port):
    with socket.create_server(("127.0.0.1", port)) as server:
        print("ready", flush=True)
        while True:
            client, _ = server.accept()
            print("asked", flush=True)
            if not sys.stdin.readline():
                return
            with client, socket.create_connection((address, port)) as service:
                try:
                    forward(client, service)
                except ConnectionError:
                    pass  # one side was in a hurry


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
