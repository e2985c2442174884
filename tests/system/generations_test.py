# A restart of berth-proxy has no gap: the next process serves before the one before stops.
import re
import time
import unittest

from clients import Download, KeptAlive, Load, WEBSOCKET_CLOSED, WebSocket
from harness import SANITIZED, kill, wait_until
from proxied import TenantTest

PROXY = "berth-proxy --control"
# KB that PID 1 may have gained: its heap is not given back to the byte.
GROWTH = 8_000 if SANITIZED else 400


def private_kb(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(size) for size in re.findall(r"^Private_\w+: +(\d+)", file.read(), re.M))


class Restart(TenantTest):
    def boot_tenants(self, *names, tenant="", proxy=""):
        self.proxy(proxy)
        self.template(tenant)
        self.instances(*names)
        return self.boot_web()

    def restart(self, berth):
        done = berth.ctl("restart", "web")
        self.assertEqual(0, done.returncode, (done, berth.output()[-3000:]))

    def test_what_is_in_flight_is_finished_by_the_process_before(self):
        berth = self.boot_tenants("a")
        before = berth.wait_for_process(PROXY).pid
        slow = self.in_background("/a/slow?ms=1500")
        wait_until(lambda: berth.processes("tenant.py"), "the tenant")
        time.sleep(0.3)  # until it has reached the tenant

        self.restart(berth)

        after = [each.pid for each in berth.processes(PROXY)]
        self.assertEqual(2, len(after))
        self.assertIn(before, after)
        self.assertRegex(berth.status("web")["says"], "^process [0-9]+ finishes what it has$")
        self.assertEqual(2, len(berth.status("web")["pids"]))
        self.get_ok("/a/")
        self.assertFalse(slow.done())
        self.assertEqual(200, slow.result().status)
        self.assertNotEqual(before, berth.wait_for_process(PROXY).pid)
        self.assertEqual("", wait_until(lambda: berth.status("web"), "status")["says"])

    def test_a_kept_connection_has_one_more_request(self):
        berth = self.boot_tenants("a")
        self.get_ok("/a/")
        connection = self.connect()
        request = b"GET /a/pid HTTP/1.1\r\nHost: x\r\n\r\n"
        connection.sendall(request)
        first = connection.recv(4096)
        self.assertIn(b" 200 ", first)
        self.assertNotIn(b"connection: close", first.lower())

        self.restart(berth)
        connection.sendall(request)

        answer = connection.recv(4096)
        self.assertIn(b" 200 ", answer, berth.output())
        self.assertIn(b"connection: close", answer.lower())
        berth.wait_for_process(PROXY)

    def test_a_websocket_stays_until_the_bound_and_holds_its_tenant(self):
        berth = self.boot_tenants("a", tenant='idle_timeout = "200ms"',
                                  proxy='stop_timeout = "6s"')
        tenant = self.get_ok("/a/pid").body
        connection, head = self.upgrade("/a/ws")
        self.assertIn(" 101 ", head)
        begin = time.monotonic()

        self.restart(berth)
        while time.monotonic() < begin + 1.5:
            connection.sendall(b"still here")
            self.assertEqual(b"still here", connection.recv(100))

        self.assertEqual(tenant, self.get_ok("/a/pid").body)
        self.assertEqual(WEBSOCKET_CLOSED, connection.recv(100))
        self.assertGreater(time.monotonic() - begin, 4.0)
        connection.close()
        berth.wait_for_process(PROXY)
        berth.wait_until_gone("tenant.py")
        self.assertNotIn("SIGKILL", berth.output())

    def test_who_waits_for_a_tenant_that_starts_waits_on(self):
        self.proxy()
        self.template('hold = "20s"', {"START_DELAY": "1.5"})
        self.instances("a")
        berth = self.boot_web()
        waiting = self.in_background("/a/")
        wait_until(lambda: berth.processes("tenant.py"), "the tenant")

        self.restart(berth)

        self.assertEqual(200, waiting.result().status)
        berth.wait_for_process(PROXY)

    def test_a_process_that_does_not_come_up_leaves_the_one_before(self):
        berth = self.boot_tenants("a")
        before = berth.wait_for_process(PROXY).pid
        connection, _ = self.upgrade("/a/ws")
        self.proxy('user = "nobody-of-that-name"')

        done = berth.ctl("reload")
        self.assertEqual(0, done.returncode, done)
        berth.wait_for_line("web: the restart has failed, the process before goes on: .*"
                            "nobody-of-that-name")

        done = berth.ctl("restart", "web")
        self.assertNotEqual(0, done.returncode, done)
        self.assertIn("nobody-of-that-name", done.stderr)
        self.assertIn("nobody-of-that-name", berth.status("web")["reason"])
        self.assertRegex(berth.ctl("status", "web").stdout, "reason.*nobody-of-that-name")
        self.assertEqual(before, berth.wait_for_process(PROXY).pid)
        connection.sendall(b"still here")
        self.assertEqual(b"still here", connection.recv(100))
        self.proxy('user = "nobody"')
        self.assertEqual(0, berth.ctl("reload").returncode)
        wait_until(lambda: before != berth.status("web")["main_pid"], "another process")
        connection.close()
        wait_until(lambda: [each.pid for each in berth.processes(PROXY)] != [before] and
                   len(berth.processes(PROXY)) == 1, "one process")
        self.assertEqual("", berth.status("web")["reason"])

    def test_a_stop_waits_for_the_process_before_too(self):
        berth = self.boot_tenants("a")
        slow = self.in_background("/a/slow?ms=1500")
        wait_until(lambda: berth.processes("tenant.py"), "the tenant")
        time.sleep(0.3)  # until it has reached the tenant
        self.restart(berth)

        self.assertEqual(0, berth.ctl("stop", "web").returncode)

        self.assertTrue(slow.done())
        self.assertEqual(200, slow.result().status)
        self.assertEqual([], berth.processes(PROXY))
        self.assertEqual(0, berth.stop())

    def test_a_crash_of_the_next_one_takes_nothing_from_the_one_before(self):
        berth = self.boot_tenants("a")
        connection, _ = self.upgrade("/a/ws")
        before = berth.wait_for_process(PROXY).pid
        self.restart(berth)

        next_one = next(each for each in berth.processes(PROXY) if each.pid != before)
        number = next_one.inner_pid()
        kill(next_one.pid)
        wait_until(lambda: berth.status("web")["main_pid"] not in (0, number), "another process")

        self.get_ok("/a/")
        connection.sendall(b"still here")
        self.assertEqual(b"still here", connection.recv(100))


class Load300(TenantTest):
    SECONDS = 20 if SANITIZED else 10
    PAUSE = 0.3

    def test_restarts_under_load_lose_nothing(self):
        self.proxy('stop_timeout = "8s"')
        self.template()
        self.instances("north", "south")
        berth = self.boot_web()
        for name in ("north", "south"):
            self.get_ok(f"/{name}/")
        for _ in range(3):  # what restarts need is there
            self.assertEqual(0, berth.ctl("restart", "web").returncode)
        berth.wait_for_process(PROXY)
        memory = private_kb(berth.pid)

        # Without WebSockets a process is soon done, so there are many restarts; with them few.
        with Load(self.port, ("north", "south"), (KeptAlive, KeptAlive, Download)) as fast:
            restarts = self.restart_all_the_time(berth)
        with Load(self.port, ("north", "south"), (KeptAlive, Download, WebSocket)) as slow:
            slow_restarts = self.restart_all_the_time(berth)
            wait_until(lambda: len(berth.processes(PROXY)) == 1, "the end of the bound")

        for load in (fast, slow):
            self.assertEqual(([], []), (load.wrong(), load.lost()), berth.output()[-3000:])
            self.assertTrue(all(client.answered for client in load.clients))
        self.assertGreater(restarts, self.SECONDS / 2)
        self.assertGreaterEqual(slow_restarts, 1)
        self.assertTrue(all(client.longest > 1 for client in slow.of(WebSocket)))
        self.assertNotIn("SIGKILL", berth.output())
        wait_until(lambda: private_kb(berth.pid) < memory + GROWTH,
                   lambda: f"{memory} KB, and {private_kb(berth.pid)} KB now")

    def restart_all_the_time(self, berth):
        """How many there were."""
        end = time.monotonic() + self.SECONDS
        restarts = 0
        while time.monotonic() < end:
            due = time.monotonic() + self.PAUSE
            self.assertEqual(0, berth.ctl("restart", "web").returncode)
            restarts += 1
            time.sleep(max(0.0, due - time.monotonic()))
        return restarts


if __name__ == "__main__":
    unittest.main()
