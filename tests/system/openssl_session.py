"""The session file that `openssl s_client -sess_out` writes: SSL_SESSION as PEM. Makes a client forget how old it is."""

import base64


def elements(der):
    """The elements of a DER sequence's content, as (tag, content)."""
    found = []
    while der:
        tag, length, at = der[0], der[1], 2
        if length & 0x80:
            at += length & 0x7f
            length = int.from_bytes(der[2:at], "big")
        found.append((tag, der[at:at + length]))
        der = der[at + length:]
    return found


def element(tag, content):
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def with_long_lifetime(pem):
    """The same session, which the client takes for good for a day: its timeout [2] and the ticket's lifetime hint [9]."""
    lines = pem.strip().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("-----BEGIN"))
    last = next(i for i, line in enumerate(lines) if line.startswith("-----END"))
    (tag, content), = elements(base64.b64decode("".join(lines[first + 1:last])))
    day = element(2, (86400).to_bytes(3, "big"))
    body = b"".join(element(t, day if t in (0xa2, 0xa9) else c) for t, c in elements(content))
    text = base64.encodebytes(element(tag, body)).decode()
    return "\n".join([lines[first], text.strip(), lines[last], ""])
