# Many lives leave nothing in berth and in its proxy: no descriptor, no memory, no file.
import os
import signal
import unittest

from harness import read_text, wait_until
from proxied import TenantTest

LIVES = 60
GROWTH_KB = 2048  # what an allocator may keep; a leak of LIVES * 64 KiB would be twice that


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def rss_kb(pid):
    return int(next(line.split()[1] for line in read_text(f"/proc/{pid}/status").splitlines()
                    if line.startswith("VmRSS")))


class Leaks(TenantTest):
    def boot_tenant(self, tenant=""):
        self.proxy()
        self.template(tenant)
        self.instances("a")
        berth = self.boot_web()
        self.proxy_pid = berth.wait_for_process("berth-proxy --control").pid
        return berth

    def settle(self, berth):
        """Returns when no tenant and no command runs any more."""
        berth.wait_until_gone("tenant.py")
        wait_until(lambda: not berth.zombies(), "no zombie")

    def check(self, berth, live):
        for _ in range(10):
            live()  # until the first buffers have been allocated
        self.settle(berth)
        pids = (berth.pid, self.proxy_pid)
        before = [(descriptors(pid), rss_kb(pid)) for pid in pids]

        for _ in range(LIVES):
            live()

        self.settle(berth)
        for pid, (open_before, rss_before) in zip(pids, before):
            wait_until(lambda: descriptors(pid) <= open_before,
                       lambda: f"{open_before} descriptors, not {descriptors(pid)}, of {pid}")
            self.assertLess(rss_kb(pid) - rss_before, GROWTH_KB, f"memory of {pid}")

    def test_lives_of_a_tenant(self):
        berth = self.boot_tenant('idle_timeout = "1ms"\nafter_stop = ["true"]')

        def live():
            self.get_ok("/a/")
            berth.wait_until_gone("tenant.py")
        self.check(berth, live)

    def test_reloads(self):
        berth = self.boot_tenant()
        count = 0

        def live():
            nonlocal count
            count += 1
            self.instances("a", f"b{count % 7}")
            berth.signal(signal.SIGHUP)
            wait_until(lambda: berth.output().count("] reload: ") == count, "a reload")
        self.check(berth, live)

    def test_clients_that_come_and_go(self):
        berth = self.boot_tenant()

        def live():
            for request in (b"", b"GET", b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", b"nonsense\r\n"):
                connection = self.connect()
                connection.sendall(request)
                connection.close()
            self.assertEqual(404, self.get("/nobody/").status)
        self.check(berth, live)

    def test_commands(self):
        berth = self.boot_tenant()

        def live():
            for command in ("list", "memory"):
                self.assertEqual(0, berth.ctl(command).returncode)
        self.check(berth, live)


if __name__ == "__main__":
    unittest.main()
