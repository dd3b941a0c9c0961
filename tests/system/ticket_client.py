#!/usr/bin/env python3
"""A TLS client that comes back with its tickets; prints one JSON object.

    ticket_client.py HOST PORT NAME CA --seconds N      handshakes one after the other, each with the last one's session
    ticket_client.py HOST PORT NAME CA --connections N  the same, N of them
"""

import argparse
import json
import socket
import ssl
import sys
import time


def exchange(arguments, context, session):
    """One connection with one request; returns the session to come back with, and whether this one was resumed."""
    with socket.create_connection((arguments.host, arguments.port), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname=arguments.name, session=session) as tls:
            tls.sendall(b"GET /bytes/5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b""
            while block := tls.recv(65536):
                answer += block
            if not answer.endswith(b"abcde"):
                raise ValueError(f"a wrong answer: {answer[:100]}")
            return tls.session, tls.session_reused


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("name")
    parser.add_argument("ca")
    parser.add_argument("--tls", choices=("1.2", "1.3"), default="1.3")
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--connections", type=int, default=10**9)
    arguments = parser.parse_args()
    context = ssl.create_default_context(cafile=arguments.ca)
    version = ssl.TLSVersion.TLSv1_3 if arguments.tls == "1.3" else ssl.TLSVersion.TLSv1_2
    context.minimum_version = context.maximum_version = version
    result = {"handshakes": 0, "resumed": 0, "failed": 0, "errors": []}
    end = time.monotonic() + arguments.seconds
    session = None
    while time.monotonic() < end and result["handshakes"] + result["failed"] < arguments.connections:
        try:
            session, resumed = exchange(arguments, context, session)
            result["handshakes"] += 1
            result["resumed"] += resumed
        except Exception as error:  # counted and reported
            session = None
            result["failed"] += 1
            result["errors"] = (result["errors"] + [repr(error)])[:5]
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
