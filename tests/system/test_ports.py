"""Every kind of port between two hosts: TLS comes in on one, plaintext goes out through another to a second Lockstep."""

import unittest

from configuration import af_packet, builtin, configuration, port, service
from harness import NAME, Case, link

CLIENT, FRONT = "198.18.1.1", "198.18.1.2"          # between the client and the TLS service
WIRE_NEAR, WIRE_FAR = "198.18.2.1", "198.18.2.2"    # of the port under test


class Ports(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.demo = cls.demo_folder()

    def hosts(self):
        """A client, and a host that it reaches over a veth whose other end is `f0`."""
        client, server = self.namespace("client"), self.namespace("server")
        link(client, "c0", f"{CLIENT}/24", server, "f0", None)
        return client, server

    def curl(self, host, address, path):
        return host.run("curl", "-sS", "--fail", "--max-time", "30", "--cacert", self.demo / "ca.pem",
                        "--resolve", f"{NAME}:443:{address}", f"https://{NAME}{path}").stdout

    def fetches(self, host, address):
        for size in (1, 10_000_000):
            body = self.curl(host, address, f"/bytes/{size}")
            self.assertEqual(body, (b"abcdefghijklmnopqrstuvwxyz" * (size // 26 + 1))[:size])

    def through_wire(self, name, far_device, near_device):
        """client - TLS service - port under test - port under test - plain service"""
        client, server = self.hosts()
        folder = self.folder / name
        folder.mkdir()
        devices = [device.format(folder=folder) for device in (far_device, near_device)]
        self.service(server, configuration(
            self.demo, port("wire", devices[0], WIRE_FAR), builtin("http", f"{WIRE_FAR}:80", "tcp")), f"{name}-far")
        front = self.service(server, configuration(
            self.demo, af_packet("f0", FRONT), port("wire", devices[1], WIRE_NEAR),
            service("proxied", f"{FRONT}:443", more=f'backends = ["{WIRE_FAR}:80"]')), f"{name}-near")
        self.fetches(client, FRONT)
        metrics = front.metrics()
        self.assertEqual(metrics["lockstep_proxy_connections_failed_total"], 0)

    def test_memif_carries_connections_to_backends(self):
        socket = "socket={folder}/memif.sock,socket-abstract=no"
        self.through_wire("memif", f"net_memif0,role=server,{socket}", f"net_memif0,role=client,{socket}")

    def test_virtio_user_carries_connections_to_backends(self):
        self.through_wire("virtio", "net_vhost0,iface={folder}/vhost.sock", "net_virtio_user0,path={folder}/vhost.sock")

    def test_af_xdp_serves_clients(self):
        client, server = self.hosts()
        service = self.service(server, configuration(
            self.demo, port("f0", "net_af_xdp0,iface=f0", FRONT), builtin("http", f"{FRONT}:443")), "xdp")
        self.fetches(client, FRONT)
        self.assertEqual(service.metrics()["lockstep_proxy_connections_failed_total"], 0)


if __name__ == "__main__":
    unittest.main()
