# Bodies of any size pass through the proxy in a constant, small memory; and who leaves is let go.
import os
import socket
import time
import unittest

from harness import DEADLINE, SANITIZED, read_text, wait_until
from proxied import TenantTest

# In each direction. BERTH_STREAM_BYTES=10737418240 is the 10 GB that the proxy promises.
SIZE = int(os.environ.get("BERTH_STREAM_BYTES", 1 << 30))
BLOCK = 1 << 20
# Bytes that the proxy may be larger afterwards, and at its largest meanwhile. What a sanitizer keeps
# of what was freed grows with the traffic.
GROWTH = SIZE // 2 if SANITIZED else 1 << 20


class Streaming(TenantTest):
    def setUp(self):
        super().setUp()
        self.proxy()
        self.template()
        self.instances("a")
        self.berth = self.boot_web()
        self.get_ok("/a/")
        self.get_ok("/a/length", method="POST", body=b"x" * BLOCK)
        self.get_ok("/a/pour?bytes=1000000")
        self.pid = self.berth.wait_for_process("berth-proxy --control").pid

    def peak(self):
        """The largest resident memory of the proxy so far, in bytes."""
        lines = read_text(f"/proc/{self.pid}/status").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))

    def assert_small(self, before):
        self.assertLess(self.peak() - before, GROWTH)

    def head(self, connection):
        """The head of a reply, and what has come behind it."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest

    def upload(self, head, frame):
        """Sends SIZE bytes in blocks, each framed; the length that the tenant has counted."""
        connection = self.connect()
        connection.settimeout(None)
        connection.sendall(b"POST /a/length HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
        for at in range(0, SIZE, BLOCK):
            connection.sendall(frame(b"u" * min(BLOCK, SIZE - at)))
        if b"chunked" in head:
            connection.sendall(b"0\r\n\r\n")
        return int(self.head(connection)[1])

    def test_a_reply_of_any_size_takes_no_memory(self):
        connection = self.connect()
        connection.settimeout(None)
        before = self.peak()
        connection.sendall(f"GET /a/pour?bytes={SIZE} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received = len(self.head(connection)[1])
        room = bytearray(BLOCK)
        while received < SIZE:
            received += connection.recv_into(room)

        self.assertEqual(SIZE, received)
        self.assert_small(before)

    def test_a_body_of_any_size_takes_no_memory(self):
        before = self.peak()

        self.assertEqual(SIZE, self.upload(b"Content-Length: %d" % SIZE, lambda block: block))

        self.assert_small(before)

    def test_a_chunked_body_of_any_size_takes_no_memory(self):
        before = self.peak()

        self.assertEqual(SIZE, self.upload(b"Transfer-Encoding: chunked",
                                           lambda block: b"%x\r\n%s\r\n" % (len(block), block)))

        self.assert_small(before)

    def test_a_hundred_stalled_readers_take_little_memory(self):
        before = self.peak()
        stalled = [self.connect() for _ in range(100)]
        for connection in stalled:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /a/pour?bytes=100000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: all(connection.recv(1, socket.MSG_PEEK) for connection in stalled),
                   "each has got something")
        self.get_ok("/a/")

        # At most one read of the shared buffer each.
        self.assertLess(self.peak() - before, 100 * 80 * 1024 + GROWTH)


class Leaving(TenantTest):
    def test_a_tenant_becomes_idle_as_soon_as_who_asked_has_left(self):
        self.proxy()
        self.template('idle_timeout = "300ms"')
        self.instances("a")
        berth = self.boot_web()
        self.get_ok("/a/")
        connection = self.connect()
        connection.sendall(b"GET /a/hang HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)  # until it has reached the tenant
        begin = time.monotonic()

        connection.close()

        berth.wait_until_gone("tenant.py", DEADLINE)
        self.assertLess(time.monotonic() - begin, 15)  # and not the minute of `upstream`


if __name__ == "__main__":
    unittest.main()
