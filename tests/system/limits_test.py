# Limits against abuse, as clients of the real proxy see them.
import time
import unittest

from harness import UBSAN_READS_BY_PIPES, not_sanitized
from proxied import TenantTest


class Limits(TenantTest):
    def boot_tenant(self, proxy="", tenant=""):
        self.proxy(proxy)
        self.template(tenant)
        self.instances("a")
        berth = self.boot_web()
        self.get_ok("/a/")
        return berth

    def test_one_address_cannot_have_all_connections(self):
        self.boot_tenant("max_connections_per_address = 5")
        greedy = [self.connect() for _ in range(5)]
        for connection in greedy:
            connection.sendall(b"GET /a/ HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.recv(65536)

        reply = self.get("/a/")
        self.assertEqual((429, "1"), (reply.status, reply.headers["retry-after"]))

        greedy[0].close()
        self.wait_until_served("/a/")

    def test_a_tenant_gets_no_more_requests_than_it_may_have(self):
        self.boot_tenant(tenant="max_requests = 1\nhold = \"20s\"")
        begin = time.monotonic()

        replies = self.get_all(["/a/slow?ms=300"] * 4)

        self.assertEqual([200] * 4, [reply.status for reply in replies])
        self.assertGreaterEqual(time.monotonic() - begin, 1.2)  # one after the other

    def test_idle_connections_make_room_when_there_are_too_many(self):
        self.boot_tenant("max_connections = 20")
        idle = [self.connect() for _ in range(20)]
        for connection in idle:
            connection.sendall(b"GET /a/ HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.recv(65536)

        for _ in range(10):
            self.get_ok("/a/")

    @not_sanitized(UBSAN_READS_BY_PIPES)
    def test_it_lives_through_a_shortage_of_descriptors(self):
        berth = self.boot_tenant("[process]\nlimits = { nofile = 40 }")
        pid = berth.wait_for_process("berth-proxy --control").pid
        waiting = [self.connect() for _ in range(100)]
        for connection in waiting:
            connection.sendall(b"GET /a/ HTTP/1.1\r\nHost: x\r\n\r\n")

        # Who has been answered makes room for the next one.
        for connection in waiting:
            self.assertIn(connection.recv(65536)[9:12], (b"200", b"503"))

        self.get_ok("/a/")
        self.assertEqual(pid, berth.wait_for_process("berth-proxy --control").pid)


if __name__ == "__main__":
    unittest.main()
