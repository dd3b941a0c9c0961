#!/usr/bin/env python3
"""A TLS or TCP client for the system tests, to be started inside a namespace; prints one JSON object.

    client.py many   --connections N --requests R ...   N connections at the same time, R requests each, bodies verified
    client.py get    --bytes N ...                      one body of the known pattern, verified
    client.py post   --bytes N ...                      one body sent, the answer's SHA-256 verified
    client.py echo   --bytes N ...                      bytes through the echo service, both ways at once, half-close at the end
"""

import argparse
import asyncio
import hashlib
import json
import random
import ssl
import sys
import time

ALPHABET = b"abcdefghijklmnopqrstuvwxyz"


def pattern(size):
    """The first `size` bytes of GET /bytes/N: byte i is the i-th letter of the repeated alphabet."""
    return (ALPHABET * (size // 26 + 1))[:size]


def context(arguments):
    if not arguments.ca:
        return None
    result = ssl.create_default_context(cafile=arguments.ca)
    version = {"1.3": ssl.TLSVersion.TLSv1_3, "1.2": ssl.TLSVersion.TLSv1_2}
    if arguments.tls:
        result.minimum_version = result.maximum_version = version[arguments.tls]
    if arguments.ciphers:
        result.set_ciphers(arguments.ciphers)
    return result


async def connect(arguments, tls):
    return await asyncio.wait_for(asyncio.open_connection(
        arguments.host, arguments.port, ssl=tls, server_hostname=arguments.name if tls else None, limit=1 << 20), 60)


async def read_response(reader, digest=None):
    """One HTTP/1.1 response with Content-Length; returns its status, body size and body (None when hashed)."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    left = size = int(fields[b"content-length"])
    body = bytearray()
    while left:
        block = await reader.read(min(left, 1 << 18))
        if not block:
            raise EOFError(f"{left} of {size} bytes are missing")
        left -= len(block)
        if digest:
            digest.update(block)
        else:
            body += block
    return status, size, bytes(body)


async def many(arguments, tls):
    """Each connection asks for bodies of different sizes; all stand open before the first request goes out."""
    gate = asyncio.Event()
    ready = 0
    verified = 0
    errors = []

    async def one(index):
        nonlocal ready, verified
        try:
            async with limit:
                reader, writer = await connect(arguments, tls)
        except Exception as error:  # counted and reported
            errors.append(f"connect {index}: {error!r}")
            return
        finally:
            ready += 1
            if ready == arguments.connections:
                gate.set()
        try:
            await gate.wait()
            chooser = random.Random(index)
            for _ in range(arguments.requests):
                if arguments.path:
                    path, expected = arguments.path, None
                else:
                    size = chooser.choice([0, 1, 100, 1448, 16384, 16385, 50000])
                    path, expected = f"/bytes/{size}", pattern(size)
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {arguments.name}\r\n\r\n".encode())
                status, _, body = await asyncio.wait_for(read_response(reader), 120)
                good = body == expected if expected is not None else \
                    hashlib.sha256(body).hexdigest() == arguments.sha256
                if status != 200 or not good:
                    raise ValueError(f"status {status}, {len(body)} bytes of {path} differ")
                verified += 1
            writer.close()
        except Exception as error:
            errors.append(f"request {index}: {error!r}")

    limit = asyncio.Semaphore(200)  # handshakes at the same time: what one client process can drive
    await asyncio.gather(*(one(index) for index in range(arguments.connections)))
    return {"verified": verified, "errors": errors[:10], "error_count": len(errors)}


async def get(arguments, tls):
    reader, writer = await connect(arguments, tls)
    path = arguments.path or f"/bytes/{arguments.bytes}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {arguments.name}\r\nConnection: close\r\n\r\n".encode())
    digest = hashlib.sha256()
    status, size, _ = await read_response(reader, digest)
    return {"status": status, "bytes": size, "sha256": digest.hexdigest()}


async def post(arguments, tls):
    reader, writer = await connect(arguments, tls)
    block = random.Random(arguments.seed).randbytes(1 << 18)
    digest = hashlib.sha256()
    writer.write(f"POST {arguments.path or '/'} HTTP/1.1\r\nHost: {arguments.name}\r\n"
                 f"Content-Length: {arguments.bytes}\r\n\r\n".encode())
    left = arguments.bytes
    while left:
        part = block[:min(left, len(block))]
        digest.update(part)
        writer.write(part)
        await writer.drain()
        left -= len(part)
    status, _, body = await read_response(reader)
    return {"status": status, "sha256": digest.hexdigest(), "answer": body.decode()}


async def echo(arguments, tls):
    reader, writer = await connect(arguments, tls)
    sent, received = hashlib.sha256(), hashlib.sha256()
    count = 0

    async def send():
        chooser = random.Random(arguments.seed)
        left = arguments.bytes
        while left:
            part = chooser.randbytes(min(left, chooser.choice([1, 100, 1448, 16384, 65536])))
            sent.update(part)
            writer.write(part)
            await writer.drain()
            left -= len(part)
        if not tls:
            writer.write_eof()

    async def receive():
        nonlocal count
        while count < arguments.bytes:
            part = await reader.read(1 << 18)
            if not part:
                break
            received.update(part)
            count += len(part)

    await asyncio.gather(send(), receive())
    return {"bytes": count, "equal": sent.digest() == received.digest()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["many", "get", "post", "echo"])
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--name", default="demo.lockstep.test")
    parser.add_argument("--ca", help="without it: plain TCP")
    parser.add_argument("--tls", choices=["1.2", "1.3"])
    parser.add_argument("--ciphers")
    parser.add_argument("--bytes", type=int, default=0)
    parser.add_argument("--path")
    parser.add_argument("--sha256", help="of the body of --path, for many")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--requests", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    started = time.monotonic()
    result = asyncio.run(globals()[arguments.action](arguments, context(arguments)))
    result["seconds"] = time.monotonic() - started
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
