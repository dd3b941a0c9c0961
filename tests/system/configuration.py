"""Configurations for the system tests, as TOML text."""

import json

GENERAL = """
[general]
socket = "@SOCKET@"
drain_limit = "5s"
{general}
[admin]
http = ""
{more}
"""

PORT = """
[[port]]
name = "{name}"
device = "{device}"
addresses = ["{address}/24"]
{more}
"""

CERTIFICATES = """
[[certificate]]
name = "ecdsa"
chain = "{demo}/ecdsa.pem"
key = "{demo}/ecdsa.key"

[[certificate]]
name = "rsa"
chain = "{demo}/rsa.pem"
key = "{demo}/rsa.key"
"""

SERVICE = """
[[service]]
name = "{name}"
mode = "{mode}"
listen = ["{listen}"]
{more}
"""


def port(name, device, address, more=""):
    return PORT.format(name=name, device=device, address=address, more=more)


def tap(name, address, kernel):
    """A TAP port whose kernel end has the address `kernel`."""
    return port(name, f"net_tap0,iface={name}", address, f'kernel_address = "{kernel}/24"\ngateway = "{kernel}"')


def af_packet(interface, address, more=""):
    """A port on a kernel interface."""
    return port(interface, f"net_af_packet0,iface={interface}", address, more)


def service(name, listen, mode="tls", more="", certificates=("ecdsa", "rsa")):
    names = f"certificates = {json.dumps(certificates)}\n" if mode == "tls" else ""
    return SERVICE.format(name=name, listen=listen, mode=mode, more=names + more)


def builtin(name, listen, mode="tls", more="", certificates=("ecdsa", "rsa")):
    """A built-in service; `name` is also which one, up to a dash."""
    return service(name, listen, mode, f'builtin = "{name.split("-")[0]}"\n{more}', certificates)


def configuration(demo, *parts, general="", more=""):
    return GENERAL.format(general=general, more=more) + CERTIFICATES.format(demo=demo) + "".join(parts)
