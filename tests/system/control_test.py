# berthctl and what stands behind it: words, JSON, exit statuses, and berth's calm.
import concurrent.futures
import os
import random
import re
import signal
import socket
import subprocess
import time
import unittest

from harness import BIN, SystemTest, wait_until
from proxied import TenantTest

SUCCESS, FAILURE, USAGE, NOT_ACTIVE, NO_SUCH_UNIT, NOT_REACHABLE, JOB_FAILED = range(7)


class ControlTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.service("redis", ["sleep", "4711"], unit='description = "the store"')
        self.service("app", ["sleep", "4712"], unit='requires = ["redis"]')
        self.service("lame", ["sh", "-c", "exit 3"], service="restart_limit = 1")
        self.unit("init", '[job]\ncommand = ["true"]\n')

    def boot_all(self, **boot):
        berth = self.boot(**boot)
        berth.wait_for_line("lame: failed")
        berth.wait_for_line("app: ready")
        berth.wait_for_line("init: done")
        return berth

    def check(self, status, done):
        self.assertEqual(status, done.returncode, (done.stdout, done.stderr))
        return done.stdout + done.stderr


class Commands(ControlTest):
    def setUp(self):
        super().setUp()
        self.berth = self.boot_all()

    def test_list_shows_every_unit(self):
        text = self.check(SUCCESS, self.berth.ctl("list"))
        states = {row["name"]: row["state"] for row in self.berth.ctl_json("list")}

        for line in ("redis +service +running", "app +service +running", "lame +service +failed",
                     "init +job +exited"):
            self.assertRegex(text, line)
        self.assertEqual({"redis": "running", "app": "running", "lame": "failed",
                          "init": "exited"}, states)

    def test_status_tells_the_story_of_a_unit(self):
        text = self.check(SUCCESS, self.berth.ctl("status", "redis"))
        status = self.berth.status("redis")

        self.assertIn("the store", text)
        self.assertEqual(("redis", "service", "running", True),
                         tuple(status[key] for key in ("name", "kind", "state", "wanted_up")))
        self.assertTrue(status["file"].startswith(str(self.units / "redis.toml")))
        self.assertEqual([status["main_pid"]], status["pids"])

    def test_status_says_why_a_unit_is_down(self):
        text = self.check(NOT_ACTIVE, self.berth.ctl("status", "lame"))

        self.assertIn("exit status 3", text)
        self.assertEqual("exit status 3", self.berth.status("lame")["reason"])

    def test_stop_takes_along_what_requires_it_and_start_brings_it_back(self):
        self.check(SUCCESS, self.berth.ctl("stop", "redis"))
        self.assertEqual([], self.berth.processes("sleep"))
        self.assertEqual("inactive", self.berth.status("app")["state"])

        self.check(SUCCESS, self.berth.ctl("start", "redis"))

        self.berth.wait_for_process("sleep 4711")
        self.berth.wait_for_process("sleep 4712")

    def test_restart_makes_a_new_process_and_leaves_what_requires_it(self):
        first, app = (self.berth.status(name)["main_pid"] for name in ("redis", "app"))

        self.check(SUCCESS, self.berth.ctl("restart", "redis"))

        self.assertNotEqual(first, self.berth.status("redis")["main_pid"])
        self.assertEqual(app, self.berth.status("app")["main_pid"])

    def test_restart_of_what_is_stopped_starts_it(self):
        self.check(SUCCESS, self.berth.ctl("stop", "redis"))

        self.check(SUCCESS, self.berth.ctl("restart", "redis"))

        self.assertEqual("running", self.berth.status("redis")["state"])

    def test_a_start_that_fails_says_why(self):
        self.service("gone", ["/nonexistent/program"], unit='start = "manual"')
        self.check(SUCCESS, self.berth.ctl("reload"))

        text = self.check(JOB_FAILED, self.berth.ctl("start", "gone"))

        self.assertIn("execute /nonexistent/program: No such file or directory", text)

    def test_an_unknown_unit_is_named_with_a_suggestion(self):
        text = self.check(NO_SUCH_UNIT, self.berth.ctl("start", "rediss"))

        self.assertRegex(text, "rediss.*did you mean.*redis")

    def test_unknown_commands_and_options_are_usage_errors(self):
        self.check(USAGE, self.berth.ctl("frobnicate"))
        self.check(USAGE, self.berth.ctl("list", "--frobnicate"))
        self.check(USAGE, self.berth.ctl("start"))

    def test_reload_applies_what_changed_and_refuses_what_is_wrong(self):
        self.service("more", ["sleep", "4713"])
        self.check(SUCCESS, self.berth.ctl("reload"))
        self.berth.wait_for_process("sleep 4713")
        self.unit("worse", "[service]\ncomand = 1\n")

        text = self.check(FAILURE, self.berth.ctl("reload"))

        self.assertRegex(text, "worse.toml:2:1: .*comand")

    def test_reload_of_a_unit_sends_its_signal(self):
        self.service("web", [self.script("web", """
trap 'echo hup >> $TRACE' HUP
echo start >> $TRACE
while :; do sleep 0.05; done
""")],
                     service='reload_signal = "SIGHUP"')
        self.check(SUCCESS, self.berth.ctl("reload"))
        self.wait_for_trace("start")

        self.check(SUCCESS, self.berth.ctl("reload", "web"))

        self.wait_for_trace("hup")
        self.check(FAILURE, self.berth.ctl("reload", "redis"))

    def test_logs_shows_what_a_unit_has_said(self):
        self.service("talk", ["sh", "-c", "echo one; echo two; echo three; exec sleep 4713"])
        self.check(SUCCESS, self.berth.ctl("reload"))
        self.berth.wait_for_line("three")

        text = self.check(SUCCESS, self.berth.ctl("logs", "talk"))
        last = self.check(SUCCESS, self.berth.ctl("logs", "-n", "1", "talk"))

        self.assert_in_order(["one", "two", "three"], text)
        self.assertNotIn("one", last)

    def test_logs_follows_a_unit_until_it_is_left(self):
        self.service("talk", ["sh", "-c", "while :; do echo again; sleep 0.1; done"])
        self.check(SUCCESS, self.berth.ctl("reload"))
        with subprocess.Popen([BIN / "berthctl", "--run-dir", self.run_dir, "logs", "-f", "talk"],
                              stdout=subprocess.PIPE, text=True) as follower:
            lines = [follower.stdout.readline() for _ in range(5)]
            follower.send_signal(signal.SIGINT)
            follower.wait(5)

        self.assertGreaterEqual(sum("again" in line for line in lines), 4, lines)
        self.assertEqual(0, self.berth.stop())

    def test_memory_measures_every_unit(self):
        text = self.check(SUCCESS, self.berth.ctl("memory"))
        figures = self.berth.ctl_json("memory")

        for word in ("redis", "app", "baseline", "total"):
            self.assertIn(word, text)
        rows = {row["name"]: row for row in figures["units"]}
        for name in ("berth", "redis", "app"):
            for kind in ("rss", "pss", "private"):
                self.assertGreater(rows[name][kind], 0, (name, kind))
        self.assertTrue(figures["complete"])

    def test_status_without_a_unit_sums_up(self):
        text = self.check(SUCCESS, self.berth.ctl("status"))

        self.assertRegex(text, "degraded")
        self.assertIn("lame", text)

    def test_shutdown_ends_berth(self):
        self.check(SUCCESS, self.berth.ctl("shutdown"))

        self.assertEqual(0, self.berth.wait())

    def test_a_berth_that_is_not_there_is_not_reachable(self):
        self.assertEqual(0, self.berth.stop())

        text = self.check(NOT_REACHABLE, self.berth.ctl("list"))

        self.assertIn("is it running?", text)


class Tenants(TenantTest):
    def test_tenants_shows_their_traffic(self):
        self.proxy()
        self.template()
        self.instances("a", "b")
        berth = self.boot_web()
        for _ in range(3):
            self.get_ok("/a/")

        wait_until(lambda: next(row for row in berth.ctl_json("tenants")
                                if row["name"] == "app@a")["requests"] == 3, "three requests")

        rows = {row["name"]: row for row in berth.ctl_json("tenants")}
        self.assertEqual(("running", "/a/"), (rows["app@a"]["state"], rows["app@a"]["path"]))
        self.assertEqual("inactive", rows["app@b"]["state"])
        self.assertGreater(rows["app@a"]["memory"], 1_000_000)
        self.assertLess(abs(rows["app@a"]["last_use_ms"] / 1000 - time.time()), 60)
        self.assertEqual((0, 0), (rows["app@b"]["memory"], rows["app@b"]["last_use_ms"]))
        self.assertRegex(berth.ctl("tenants").stdout, "app@a +/a/ +running")


class Robustness(ControlTest):
    def test_a_berth_admin_that_is_killed_at_random_harms_nobody(self):
        berth = self.boot_all()
        before = {process.pid for process in berth.processes("sleep")}
        end = time.monotonic() + 3
        answered = 0

        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            while time.monotonic() < end:
                asked = [pool.submit(berth.ctl, command)
                         for command in ("list", "memory", "status")]
                time.sleep(random.uniform(0, 0.05))  # any moment may be the wrong one
                for helper in berth.processes("berth-admin"):
                    os.kill(helper.pid, signal.SIGKILL)
                answered += sum(each.result().returncode == SUCCESS for each in asked)

        wait_until(lambda: berth.ctl("list").returncode == SUCCESS, "an answer at the end")
        self.assertEqual(before, {process.pid for process in berth.processes("sleep")})
        self.assertEqual(0, berth.stop())

    def test_a_silent_client_keeps_nobody_waiting(self):
        berth = self.boot_all()
        silent = []
        for _ in range(5):
            silent.append(socket.socket(socket.AF_UNIX))
            silent[-1].connect(str(self.run_dir / "admin.sock"))
            self.addCleanup(silent[-1].close)

        self.check(SUCCESS, berth.ctl("list"))

        self.assertEqual(0, berth.stop())

    def test_a_storm_of_commands_never_makes_two_main_processes(self):
        berth = self.boot_all()
        stop = time.monotonic() + 3
        seen = []

        def storm():
            while time.monotonic() < stop:
                berth.ctl(random.choice(["start", "stop", "restart"]), "app")
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            clients = [pool.submit(storm) for _ in range(10)]
            while not all(client.done() for client in clients):
                seen.append(len(berth.processes("sleep 4712")))
            for client in clients:
                client.result()

        self.assertLessEqual(max(seen), 1)
        self.assertNotRegex(berth.output(), re.compile("bug", re.I))
        self.check(SUCCESS, berth.ctl("start", "app"))
        self.assertEqual(1, len(berth.processes("sleep 4712")))
        self.assertEqual(0, berth.stop())

    def test_a_storm_of_restarts_meets_a_unit_in_all_of_its_states(self):
        self.service("busy", ["sleep", "4713"], service='before_start = ["true", "true"]\n'
                                                        'after_stop = ["true"]')
        berth = self.boot_all()
        stop = time.monotonic() + 3

        def storm():
            while time.monotonic() < stop:
                berth.ctl("--no-wait", random.choice(["restart", "restart", "stop"]), "busy")
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for client in [pool.submit(storm) for _ in range(6)]:
                client.result()

        self.assertIsNone(berth.process.poll(), berth.output()[-2000:])
        self.check(SUCCESS, berth.ctl("start", "busy"))
        self.assertEqual(1, len(berth.processes("sleep 4713")))
        self.assertEqual(0, berth.stop())

    def test_a_storm_of_stops_and_starts_of_what_others_require(self):
        berth = self.boot_all()
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for _ in range(12):
                list(pool.map(lambda words: berth.ctl(*words),
                              [("stop", "redis"), ("start", "app"), ("restart", "redis"),
                               ("restart", "app"), ("start", "redis"), ("reload",)]))

        self.check(SUCCESS, berth.ctl("start", "app"))
        self.assertEqual((1, 1), (len(berth.processes("sleep 4711")),
                                  len(berth.processes("sleep 4712"))))
        self.assertEqual(0, berth.stop())

    def boot_slow_to_stop(self):
        """A "stop redis" waits for "slow", which requires redis and takes a second to stop."""
        self.service("slow", [self.script("slow", """
trap 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done; exit 0' TERM
echo start >> $TRACE
sleep 4713 & wait
""")],
                     unit='requires = ["redis"]')
        berth = self.boot_all()
        self.wait_for_trace("start")
        self.asked = concurrent.futures.ThreadPoolExecutor(1)
        self.addCleanup(self.asked.shutdown)
        stop = self.asked.submit(berth.ctl, "stop", "redis")
        berth.wait_for_state("slow", "stopping")
        return berth, stop

    def test_a_start_takes_back_a_stop_that_waits_for_others(self):
        berth, stop = self.boot_slow_to_stop()

        self.check(SUCCESS, berth.ctl("start", "redis"))

        self.assertIn("started again", self.check(JOB_FAILED, stop.result()))
        berth.wait_for_state("slow", "running")

    def test_a_stop_waits_for_what_requires_it(self):
        berth, stop = self.boot_slow_to_stop()

        self.check(SUCCESS, stop.result())

        self.assertEqual([], berth.processes("sleep"))

    def test_a_user_without_the_right_is_refused(self):
        berth = self.boot_all(pid1=False)

        done = subprocess.run(["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups",
                               BIN / "berthctl", "--run-dir", self.run_dir, "stop", "redis"],
                              capture_output=True, text=True, check=False)

        self.assertEqual(NOT_REACHABLE, done.returncode, done.stderr)
        berth.wait_for_process("sleep 4711")


if __name__ == "__main__":
    unittest.main()
