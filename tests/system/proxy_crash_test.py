# berth-proxy may die at any time: only what is in flight on its own connections is lost.
import concurrent.futures
import os
import signal
import time
import unittest

from harness import wait_until
from proxied import TenantTest


class Killed(TenantTest):
    def boot_tenant(self, tenant="", config="", proxy=""):
        self.proxy(proxy)
        self.config(config)
        self.template(tenant)
        self.instances("a")
        berth = self.boot_web()
        self.first = self.get_ok("/a/pid").body
        return berth

    def kill_proxy(self, berth):
        """Returns when the old process has gone."""
        proxy = berth.wait_for_process("berth-proxy --control")
        os.kill(proxy.pid, signal.SIGKILL)
        wait_until(lambda: proxy.pid not in [each.pid for each in berth.processes()], "its end")

    def test_the_listening_socket_lives_on_and_new_requests_are_answered(self):
        berth = self.boot_tenant()

        for _ in range(5):
            self.kill_proxy(berth)
            self.assertEqual(self.first, self.get_ok("/a/pid").body)

        self.assertEqual(0, berth.stop())

    def test_no_connection_that_waits_to_be_accepted_is_refused(self):
        berth = self.boot_tenant()
        proxy = berth.wait_for_process("berth-proxy --control")
        os.kill(proxy.pid, signal.SIGSTOP)
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            waiting = [pool.submit(self.get, "/a/pid") for _ in range(20)]
            os.kill(proxy.pid, signal.SIGKILL)
            statuses = [each.result().status for each in waiting]

        self.assertEqual([200] * 20, statuses)

    def test_a_restart_by_hand_lets_it_finish_what_is_in_flight(self):
        berth = self.boot_tenant()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            slow = pool.submit(self.get, "/a/slow?ms=700")
            time.sleep(0.2)  # until it has reached the tenant
            self.assertEqual(0, berth.ctl("restart", "web").returncode)

            self.assertEqual(200, slow.result().status)
        self.assertEqual(self.first, self.get_ok("/a/pid").body)

    def test_its_leases_return_so_that_the_tenant_becomes_idle(self):
        berth = self.boot_tenant('idle_timeout = "700ms"')
        self.connect().sendall(b"GET /a/hang HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.1)  # until it has reached the tenant

        self.kill_proxy(berth)

        berth.wait_until_gone("tenant.py")
        self.get_ok("/a/pid")

    def test_it_is_started_again_however_often_it_dies(self):
        berth = self.boot_tenant()

        for _ in range(12):
            self.kill_proxy(berth)
            berth.wait_for_process("berth-proxy --control")

        self.wait_until_served("/a/pid")

    def test_requests_of_one_kill_after_the_other_lose_only_what_was_in_flight(self):
        berth = self.boot_tenant()
        end = time.monotonic() + 2.5
        lost = kills = 0
        while time.monotonic() < end:
            if int((end - time.monotonic()) * 4) != 9 - kills:
                self.kill_proxy(berth)
                kills += 1
            try:
                self.assertEqual(200, self.get("/a/pid").status)
            except OSError:
                lost += 1

        self.assertGreater(kills, 3)
        self.assertEqual(0, lost)  # one request at a time, and never while the proxy is killed


class Shutdown(TenantTest):
    def boot_tenant(self, config):
        self.proxy()
        self.config(config)
        self.template()
        self.instances("a")
        berth = self.boot_web()
        self.get_ok("/a/")
        return berth

    def test_a_hanging_request_holds_the_end_up_no_longer_than_its_timeout(self):
        berth = self.boot_tenant('[shutdown]\ntimeout = "2s"')
        self.connect().sendall(b"GET /a/hang HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.1)  # until it has reached the tenant

        begin = time.monotonic()
        berth.stop()

        self.assertLess(time.monotonic() - begin, 3.0)

    def test_a_request_in_flight_is_finished(self):
        berth = self.boot_tenant('[shutdown]\ntimeout = "8s"')
        slow = self.in_background("/a/slow?ms=1000")
        time.sleep(0.1)  # until it has reached the tenant

        self.assertEqual(0, berth.stop())

        self.assertEqual(200, slow.result().status)

    def test_a_new_request_is_refused_while_another_is_finished(self):
        berth = self.boot_tenant('[shutdown]\ntimeout = "8s"')
        slow = self.in_background("/a/slow?ms=1000")
        time.sleep(0.1)  # until it has reached the tenant
        berth.signal(signal.SIGTERM)
        berth.wait_for_line("shutting down")

        self.assertEqual(503, self.get("/a/").status)

        self.assertEqual(200, slow.result().status)
        self.assertEqual(0, berth.wait())


if __name__ == "__main__":
    unittest.main()
