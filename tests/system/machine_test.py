# What becomes of the machine when nobody uses it: exit, stop, sleep, and what runs before and after.
import json
import re
import unittest

from harness import wait_until
from machine_api import MachinesApi
from proxied import TenantTest

FLY = {"FLY_APP_NAME": "showcase", "FLY_MACHINE_ID": "148e21c0"}
SUSPEND = "POST /v1/apps/showcase/machines/148e21c0/suspend HTTP/1.1"
STOP = "POST /v1/apps/showcase/machines/148e21c0/stop HTTP/1.1"


class MachineTest(TenantTest):
    def idle(self, action, timeout="3s", more=""):
        self.proxy(f'[proxy.idle]\ntimeout = "{timeout}"\naction = "{action}"\n'
                   f'api = "{self.path("api")}"\n[proxy.health]\npath = "/up"\n{more}')
        self.job("sync", 'on = "idle"')

    def job(self, name, more, text=""):
        self.unit(name, f'[job]\ncommand = ["sh", "-c", "{text or f"echo {name} >> $TRACE"}"]\n'
                        f"{more}\n")

    def tenants(self, tenant=""):
        self.template('after_stop = [["sh", "-c", "echo saved >> $TRACE"]]\n' + tenant)
        self.instances("a")

    def lines(self):
        return [line for line in self.trace() if line in ("saved", "sync", "refresh")]


class Exit(MachineTest):
    def test_berth_exits_when_nobody_comes_and_jobs_have_run(self):
        self.idle("exit")
        self.tenants()
        berth = self.boot_web()
        self.get_ok("/a/")

        self.assertEqual(0, berth.wait())

        self.assertEqual(["saved", "sync"], self.lines())
        self.assert_in_order(["web: no request for 3s", "shutting down: no request"],
                             berth.output())

    def test_requests_keep_it_up_and_health_checks_do_not(self):
        self.idle("exit")
        self.tenants()
        berth = self.boot_web()
        connection, head = self.upgrade("/a/ws")
        self.assertIn("101", head)
        for _ in range(4):  # longer than the timeout
            self.get_ok("/up")
            self.assertRaises(TimeoutError, self.receive_within, connection, 1)
        self.assertIsNone(berth.process.poll())
        self.assertEqual([], self.lines())
        connection.close()

        wait_until(lambda: self.has_ended_under_health_checks(berth), "the end")

        self.assertEqual(["saved", "sync"], self.lines())

    @staticmethod
    def receive_within(connection, seconds):
        connection.settimeout(seconds)
        return connection.recv(1)

    def has_ended_under_health_checks(self, berth):
        try:
            self.get("/up")
        except OSError:
            pass  # it is on its way out
        return berth.process.poll() is not None

    def test_a_request_while_the_jobs_run_keeps_it_up(self):
        self.idle("exit", timeout="1s")
        gate = self.write(self.path("gate"), "")
        self.job("sync", 'on = "idle"',
                 f"echo sync >> $TRACE; while [ -e {gate} ]; do sleep 0.02; done")
        self.tenants()
        berth = self.boot_web()
        self.wait_for_trace("sync")

        self.get_ok("/a/")
        gate.unlink()

        berth.wait_for_line("web: somebody has come: the machine stays up")
        berth.wait_for_line("sync: done")
        self.assertEqual(0, berth.wait())  # nobody has come again
        self.assertEqual(["sync", "saved", "sync"], self.lines())

    def test_jobs_alone_run_once(self):
        self.idle("none", timeout="300ms")
        berth = self.boot_web()

        berth.wait_for_line("sync: done")

        self.assertEqual(0, berth.ctl("reload").returncode)
        self.get("/nowhere")
        self.wait_for_trace("sync", 2)
        self.assertIsNone(berth.process.poll())


class Api(MachineTest):
    def test_the_machine_is_stopped_by_the_api(self):
        api = MachinesApi(self, self.path("api"))
        self.idle("stop")
        self.tenants()
        berth = self.boot_web(env=FLY)
        self.get_ok("/a/")

        wait_until(lambda: api.asked, lambda: f"the question\n{berth.output()}")

        self.assertEqual([STOP], api.asked)
        self.assertIn("Host: flaps\r\n", api.heads[0])
        self.assertEqual(["saved", "sync"], self.lines())
        berth.wait_for_line("web: the machine has been asked to stop")
        self.assertEqual(0, berth.stop())

    def test_a_machine_that_has_slept_refreshes_itself_behind_the_page(self):
        api = MachinesApi(self, self.path("api"))
        gate = self.write(self.path("gate"), "")
        self.idle("suspend", more='[proxy.maintenance]\nuntil = "refresh"\nuntil_resume = true')
        self.job("refresh", 'on = ["boot", "resume"]',
                 f"echo refresh >> $TRACE; [ -e {self.path('booted')} ] || exit 0; "
                 f"while [ -e {gate} ]; do sleep 0.02; done")
        self.tenants()
        berth = self.boot_web(env=FLY)
        self.wait_until_served("/a/")
        self.path("booted").touch()
        wait_until(lambda: api.asked == [SUSPEND], lambda: f"the question\n{berth.output()}")
        berth.wait_for_line("web: the machine has been asked to suspend")

        # The first request wakes it.
        wait_until(lambda: self.get("/a/").status == 503, "the page")
        self.wait_for_trace("refresh", 2)
        self.assertEqual(503, self.get("/a/").status)
        gate.unlink()

        self.wait_until_served("/a/")
        self.assertEqual(["refresh", "saved", "sync", "refresh"], self.lines()[:4])

    def test_a_refusal_is_told_and_tried_again(self):
        api = MachinesApi(self, self.path("api"))
        api.status, api.body = "403 Forbidden", '{"error": "not yours"}'
        self.idle("suspend", timeout="500ms")
        berth = self.boot_web(env=FLY)

        berth.wait_for_line(re.escape('web: [proxy.idle] action "suspend": the answer is 403 '
                                      'Forbidden: {"error": "not yours"}; tried again after '
                                      'another 500ms'))

        api.status = "200 OK"
        berth.wait_for_line("web: the machine has been asked to suspend")

    def test_an_api_that_is_not_there_is_told(self):
        self.idle("stop", timeout="300ms")
        berth = self.boot_web(env=FLY)

        berth.wait_for_line(re.escape(
            f'web: [proxy.idle] action "stop": connect unix:{self.path("api")}: No such file or '
            "directory; tried again after another 300ms"))

    def test_an_answer_that_is_cut_off_by_the_sleep_counts(self):
        api = MachinesApi(self, self.path("api"))
        api.status = None
        self.idle("suspend", timeout="300ms")
        berth = self.boot_web(env=FLY)

        berth.wait_for_line("web: the machine has been asked to suspend")

    def test_elsewhere_the_jobs_run_and_the_log_says_why_that_is_all(self):
        self.idle("suspend", timeout="300ms")
        berth = self.boot_web()

        berth.wait_for_line(re.escape('web: [proxy.idle] action "suspend" only runs the jobs of '
                                      "idleness: FLY_APP_NAME is not set"))
        berth.wait_for_line("sync: done")


class Sticky(MachineTest):
    def boot_sticky(self, **boot):
        self.proxy('[proxy.sticky]\ncookie = "machine"\nmax_age = "2h"')
        self.tenants()
        return self.boot_web(**boot)

    def test_a_visitor_comes_back_to_his_machine(self):
        self.boot_sticky(env=FLY)
        cookie = self.get_ok("/a/").headers["set-cookie"]

        self.assertEqual("machine=148e21c0; Path=/; Max-Age=7200; HttpOnly; SameSite=Lax", cookie)
        self.assertNotIn("set-cookie", self.get_ok("/a/", headers={
            "Cookie": cookie.partition(";")[0]}).headers)
        reply = self.get("/a/", headers={"Cookie": "machine=e2865"})
        self.assertEqual("application/vnd.fly.replay+json", reply.headers["content-type"])
        self.assertEqual("e2865", json.loads(reply.body)["instance"])

    def test_elsewhere_it_does_nothing_and_the_log_says_so(self):
        berth = self.boot_sticky()

        berth.wait_for_line(re.escape("web: [proxy.sticky] does nothing: FLY_MACHINE_ID is not set"))
        self.assertNotIn("set-cookie", self.get_ok("/a/", headers={
            "Cookie": "machine=e2865"}).headers)
        self.assertEqual(0, berth.ctl("reload").returncode)
        self.assertEqual(1, berth.output().count("[proxy.sticky] does nothing"))


if __name__ == "__main__":
    unittest.main()
