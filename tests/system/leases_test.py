# A tenant stops when nobody uses it, never while somebody does, and its back-up always runs.
import os
import signal
import time
import unittest

from harness import toml, wait_until
from proxied import TenantTest

BACKUP = ('after_stop = [["sh", "-c", "echo begin $BERTH_UNIT >> $TRACE; sleep ${BACKUP_TIME:-0}; '
          'echo end $BERTH_UNIT >> $TRACE"]]')


class LeaseTest(TenantTest):
    def boot_tenants(self, *names, tenant="", env=None, config="", proxy="", **instances):
        self.proxy(proxy)
        self.config(config)
        self.template(tenant, env)
        self.instances(*names, **instances)
        return self.boot_web()


class Idle(LeaseTest):
    def test_an_idle_tenant_stops_by_sigterm_and_leaves_nothing(self):
        berth = self.boot_tenants("a", tenant='idle_timeout = "300ms"')
        first = self.get_ok("/a/pid").body

        berth.wait_until_gone("tenant.py")

        self.assertEqual(["start app@a", "listen app@a", "term app@a"], self.trace())
        wait_until(lambda: not berth.zombies(), "no zombie")
        self.assertNotEqual(first, self.get_ok("/a/pid").body)

    def test_a_request_in_flight_is_not_idle(self):
        self.boot_tenants("a", tenant='idle_timeout = "200ms"')

        self.get_ok("/a/slow?ms=1000")

        self.assertEqual(1, self.trace().count("start app@a"))

    def test_requests_around_the_moment_of_stopping_are_all_served(self):
        self.boot_tenants("a", tenant='idle_timeout = "50ms"')
        end = time.monotonic() + 4
        pauses = [0.03, 0.045, 0.05, 0.055, 0.06, 0.08]
        count = 0

        while time.monotonic() < end:
            self.get_ok("/a/pid")
            time.sleep(pauses[count % len(pauses)])  # the rhythm is what is tested
            count += 1

        self.assertGreater(self.trace().count("term app@a"), 2)

    def test_an_open_websocket_is_not_idle_and_a_closed_one_is(self):
        berth = self.boot_tenants("a", tenant='idle_timeout = "300ms"')
        connection, head = self.upgrade("/a/ws")
        self.assertIn(" 101 ", head)
        for _ in range(8):
            connection.sendall(b"hello")
            self.assertEqual(b"hello", connection.recv(100))
            time.sleep(0.1)  # longer than idle_timeout in sum

        connection.close()

        berth.wait_until_gone("tenant.py")
        self.assertEqual(1, self.trace().count("start app@a"))

    def test_a_websocket_that_does_not_count_is_closed_before_the_stop(self):
        berth = self.boot_tenants("a", tenant='idle_timeout = "300ms"\ncount_websockets = false')
        connection, head = self.upgrade("/a/ws")
        self.assertIn(" 101 ", head)

        frame = connection.recv(100)

        self.assertEqual((b"\x88", 1001), (frame[:1], int.from_bytes(frame[2:4], "big")))
        berth.wait_until_gone("tenant.py")

    def test_an_open_websocket_does_not_hold_up_a_stop(self):
        berth = self.boot_tenants("a")
        _, head = self.upgrade("/a/ws")
        self.assertIn(" 101 ", head)

        begin = time.monotonic()
        self.assertEqual(0, berth.stop())

        self.assertLess(time.monotonic() - begin, 3.0)

    def test_an_upgrade_that_is_refused_leaves_no_lease(self):
        berth = self.boot_tenants("a", tenant='idle_timeout = "300ms"')
        _, head = self.upgrade("/a/pid")
        self.assertIn(" 200 ", head)

        berth.wait_until_gone("tenant.py")

    def test_a_client_that_vanishes_leaves_no_lease(self):
        berth = self.boot_tenants("a", tenant='idle_timeout = "300ms"', proxy='upstream = "1s"')
        self.get_ok("/a/")
        connection = self.connect()
        connection.sendall(b"GET /a/hang HTTP/1.1\r\nHost: x\r\n\r\n")
        berth.wait_for_process("tenant.py")

        connection.close()

        berth.wait_until_gone("tenant.py")

    def test_what_was_started_by_hand_stays_until_it_is_stopped(self):
        berth = self.boot_tenants("a", tenant='idle_timeout = "200ms"')
        self.assertEqual(0, berth.ctl("start", "app@a").returncode)
        first = self.get_ok("/a/pid").body
        time.sleep(0.6)  # three times what ends an idle one

        self.assertEqual(first, self.get_ok("/a/pid").body)
        self.assertEqual(0, berth.ctl("stop", "app@a").returncode)

        self.assertEqual([], berth.processes("tenant.py"))


    def test_a_request_that_comes_while_it_stops_waits_for_the_next_life(self):
        berth = self.boot_tenants("a", tenant='stop_timeout = "700ms"', env={"IGNORE_TERM": "1"})
        first = self.get_ok("/a/pid").body
        self.assertEqual(0, berth.ctl("--no-wait", "stop", "app@a").returncode)

        second = self.get_ok("/a/pid")

        self.assertNotEqual(first, second.body)
        self.assertGreater(second.seconds, 0.3)  # the old life would not end before it was killed


class BackUps(LeaseTest):
    """after_stop is tenants' data: it runs on every path."""

    ENDED = ["begin app@a", "end app@a"]

    def boot_with_backup(self, *names, idle="5m", env=None, config="", more=""):
        berth = self.boot_tenants(*names, tenant=f'idle_timeout = "{idle}"\n{BACKUP}\n{more}',
                                  env=env, config=config)
        self.get_ok("/a/")
        return berth

    def backups(self):
        return [line for line in self.trace() if line.split()[0] in ("begin", "end")]

    def wait_for_backup(self):
        self.wait_for_trace("end app@a")
        self.assertEqual(self.ENDED, self.backups())

    def test_it_runs_after_an_idle_stop(self):
        self.boot_with_backup("a", idle="200ms")
        self.wait_for_backup()

    def test_it_runs_after_an_explicit_stop_which_waits_for_it(self):
        berth = self.boot_with_backup("a", env={"BACKUP_TIME": "0.3"})

        self.assertEqual(0, berth.ctl("stop", "app@a").returncode)

        self.assertEqual(self.ENDED, self.backups())

    def test_it_runs_after_an_eviction(self):
        self.boot_with_backup("a", "b", more="max_running = 1")
        self.get_ok("/b/")
        self.wait_for_backup()

    def test_it_runs_at_shutdown(self):
        berth = self.boot_with_backup("a", env={"BACKUP_TIME": "0.3"})

        self.assertEqual(0, berth.stop())

        self.assertEqual(self.ENDED, self.backups())

    def test_it_runs_after_a_crash(self):
        berth = self.boot_with_backup("a")
        os.kill(berth.wait_for_process("tenant.py").pid, signal.SIGKILL)
        self.wait_for_backup()

    def test_it_runs_when_a_reload_removes_the_instance(self):
        berth = self.boot_with_backup("a", "b")
        self.instances("b")
        berth.signal(signal.SIGHUP)
        self.wait_for_backup()

    def test_it_never_overlaps_the_next_life(self):
        berth = self.boot_with_backup("a", env={"BACKUP_TIME": "0.5"})
        os.kill(berth.wait_for_process("tenant.py").pid, signal.SIGKILL)
        self.wait_for_trace("begin app@a")

        self.get_ok("/a/")

        self.assert_in_order(["begin app@a", "end app@a", "start app@a"], self.trace()[2:])

    def test_it_does_not_run_for_a_tenant_that_never_ran(self):
        berth = self.boot_tenants("a", "b", tenant=BACKUP)
        self.get_ok("/b/")

        self.assertEqual(0, berth.stop())

        self.assertNotIn("begin app@a", self.trace())

    def test_a_start_by_hand_waits_for_it(self):
        berth = self.boot_with_backup("a", env={"BACKUP_TIME": "0.5"})
        self.assertEqual(0, berth.ctl("--no-wait", "stop", "app@a").returncode)
        self.wait_for_trace("begin app@a")

        self.assertEqual(0, berth.ctl("start", "app@a").returncode)

        self.wait_for_trace("start app@a", 2)
        self.assert_in_order(["begin app@a", "end app@a", "start app@a"], self.trace()[2:])


class Room(LeaseTest):
    def test_the_least_recently_used_tenant_makes_room(self):
        berth = self.boot_tenants("a", "b", "c", tenant="max_running = 2")
        for name in ("a", "b", "a", "c"):
            self.get_ok(f"/{name}/")
            time.sleep(1.1)  # the proxy says once a second what is used

        self.assertIn("term app@b", self.trace())
        self.assertNotIn("term app@a", self.trace())
        self.assertEqual(2, len(berth.processes("tenant.py")))

    def test_a_tenant_in_use_makes_no_room(self):
        self.boot_tenants("a", "b", tenant='max_running = 1\nhold = "10s"')
        self.get_ok("/a/")
        slow = self.in_background("/a/slow?ms=1500")
        wait_until(lambda: not slow.done(), "a request in flight")
        time.sleep(0.1)  # until it has reached the tenant

        begin = time.monotonic()
        self.get_ok("/b/")

        self.assertEqual(200, slow.result().status)
        self.assertGreater(time.monotonic() - begin, 1.0)


    def test_a_tenant_of_another_template_makes_room_where_there_is_none_for_any(self):
        self.proxy()
        self.config("max_running = 1")
        self.template("max_running = 3")
        self.unit("other@", f"[tenant]\ncommand = {toml(self.tenant)}\n"
                            'endpoint = "activated"\npath = "/other/"\n')
        self.unit("others", "[instances.other]\nz = {}\n")
        self.instances("a")
        self.boot_web()
        self.get_ok("/other/")

        self.get_ok("/a/")

        self.assertIn("term other@z", self.trace())


class Reload(LeaseTest):
    def test_a_removed_instance_loses_its_route_and_finishes_its_requests(self):
        berth = self.boot_tenants("a", "b")
        self.get_ok("/a/")
        slow = self.in_background("/a/slow?ms=1000")
        time.sleep(0.1)  # until it has reached the tenant
        self.instances("b")

        berth.signal(signal.SIGHUP)

        wait_until(lambda: self.get("/a/").status == 404, "no route")
        self.assertEqual(200, slow.result().status)
        berth.wait_until_gone("tenant.py")
        self.get_ok("/b/")

    def test_a_changed_instance_adopts_its_definition_at_its_next_start(self):
        berth = self.boot_tenants("a", a={"COLOUR": "red"})
        self.assertIn("COLOUR=red", self.get_ok("/a/env").body)
        self.instances("a", a={"COLOUR": "blue"})

        berth.signal(signal.SIGHUP)
        berth.wait_for_line("1 changed")

        self.assertIn("COLOUR=red", self.get_ok("/a/env").body)
        self.assertEqual(0, berth.ctl("stop", "app@a").returncode)
        self.assertIn("COLOUR=blue", self.get_ok("/a/env").body)

    def test_an_added_instance_is_served(self):
        berth = self.boot_tenants("a")
        self.assertEqual(404, self.get("/b/").status)
        self.instances("a", "b")

        berth.signal(signal.SIGHUP)

        self.wait_until_served("/b/")

    def test_reloads_lose_no_request(self):
        berth = self.boot_tenants("a", "b")
        self.get_ok("/a/")
        for number in range(10):
            self.instances("a", *(["b"] if number % 2 else []))
            berth.signal(signal.SIGHUP)
            for _ in range(10):
                self.get_ok("/a/")


if __name__ == "__main__":
    unittest.main()
