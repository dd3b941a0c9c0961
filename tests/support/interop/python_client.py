#!/usr/bin/env python3
"""TLS client on Python's ssl module; see README.md."""

import socket
import ssl
import sys

address, port, name, authority, connections, resume_by, *shown = sys.argv[1:]
context = ssl.create_default_context(cafile=authority)
context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=1")
if shown:
    context.load_cert_chain(*shown)
if resume_by == "identifiers":
    context.options |= ssl.OP_NO_TICKET
session = None
for _ in range(int(connections)):
    with socket.create_connection((address, int(port)), 30) as plain, \
         context.wrap_socket(plain, server_hostname=name, session=session) as tls:
        tls.sendall(f"GET /bytes/1000 HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while block := tls.recv(65536):
            answer += block
        body = answer.partition(b"\r\n\r\n")[2]
        if body != (b"abcdefghijklmnopqrstuvwxyz" * 39)[:1000]:
            sys.exit(f"wrong body: {answer!r}")
        session = tls.session
