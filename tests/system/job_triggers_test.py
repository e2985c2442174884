# Why jobs run: the clock, a reload, the last tenant, the end, and whoever asks.

import signal
import time
import unittest

from harness import SystemTest, toml, wait_until
from proxied import TenantTest

FAILED = 6


class Jobs(SystemTest):
    def job(self, name, text, more="", unit=""):
        command = toml(["sh", "-c", text])
        self.unit(name, f"[unit]\n{unit}\n[job]\ncommand = {command}\n{more}")

    def boot_reachable(self, **boot):
        """A berth that berthctl can reach, whether or not anything runs."""
        berth = self.boot(**boot)
        wait_until(lambda: berth.ctl("list").returncode == 0, "berthctl reaches berth")
        return berth


class Clock(Jobs):
    def test_every_runs_a_job_again_and_again_so_long_after_its_end(self):
        self.job("sync", 'date +"begin %s%N" >> $TRACE; sleep 0.3; date +"end %s%N" >> $TRACE',
                 'every = "1s"')
        self.boot()

        wait_until(lambda: len([line for line in self.trace() if "end" in line]) >= 2,
                   lambda: f"two runs: {self.trace()}")

        times = [int(line.split()[1]) for line in self.trace()]
        self.assertGreaterEqual(times[2] - times[1], 990_000_000)

    def test_the_next_time_of_a_schedule_is_shown_in_the_zone_of_the_container(self):
        self.job("backup", "true", 'schedule = "0 3 * * *"')
        berth = self.boot_reachable(env={"TZ": "XYZ-5:30"})

        status = berth.status("backup")

        self.assertEqual("inactive", status["state"])
        moment = status["next_run_ms"] / 1000
        self.assertEqual(3 * 3600, (moment + 5.5 * 3600) % 86400)
        self.assertTrue(0 < moment - time.time() <= 86400, moment)
        self.assertEqual(status["next_run_ms"], berth.ctl_json("list")[0]["next_run_ms"])
        self.assertRegex(berth.ctl("status", "backup").stdout, r"next run: \d+-\d+-\d+ .*in ")
        self.assertIn("next run ", berth.ctl("list").stdout)


class ByHand(Jobs):
    def test_a_manual_job_runs_when_it_is_asked_for_and_the_result_is_waited_for(self):
        self.job("good", "sleep 0.2; echo good >> $TRACE", 'on = "manual"')
        self.job("bad", "echo 'the disk is full'; exit 3", 'on = "manual"')
        berth = self.boot_reachable()

        good = berth.ctl("start", "good")
        bad = berth.ctl("start", "bad")

        self.assertEqual((0, ["good"]), (good.returncode, self.trace()))
        self.assertEqual(FAILED, bad.returncode)
        self.assertIn("bad: exit status 3", bad.stderr)
        runs = berth.status("bad")["runs"]
        self.assertEqual([("manual", False, "exit status 3", ["the disk is full"])],
                         [(run["trigger"], run["succeeded"], run["result"], run["lines"])
                          for run in runs])
        self.assertGreaterEqual(berth.status("good")["runs"][0]["duration_ms"], 200)
        text = berth.ctl("status", "bad").stdout
        self.assertRegex(text, r"manual, \S+: exit status 3\n    the disk is full\n")

    def test_starts_during_a_run_make_one_more(self):
        gate = self.write(self.path("gate"), "")
        self.job("sync", f"echo run >> $TRACE; while [ -e {gate} ]; do sleep 0.02; done")
        berth = self.boot_reachable()
        self.wait_for_trace("run")
        for _ in range(3):
            self.assertEqual(0, berth.ctl("--no-wait", "start", "sync").returncode)

        gate.unlink()

        self.wait_for_trace("run", 2)
        self.assertEqual(0, berth.wait_for_state("sync", "exited")["main_pid"])
        self.assertEqual([("boot", True), ("manual", True)],
                         [(run["trigger"], run["succeeded"])
                          for run in berth.status("sync")["runs"]])

    def test_a_job_is_tried_again_from_its_first_step(self):
        self.unit("init", "[job]\nretries = 2\nretry_delay = \"50ms\"\nsteps = " + toml([
            ["sh", "-c", "echo first >> $TRACE"],
            ["sh", "-c", "[ $(grep -c first $TRACE) = 3 ]"]]))
        berth = self.boot()

        berth.wait_for_line("init: done")

        self.assertEqual(["first"] * 3, self.trace())
        self.assertEqual([("boot", False), ("retry", False), ("retry", True)],
                         [(run["trigger"], run["succeeded"])
                          for run in berth.status("init")["runs"]])

    def test_only_the_last_runs_are_kept(self):
        self.job("sync", "echo $$", 'on = "manual"')
        berth = self.boot_reachable()
        for _ in range(10):
            self.assertEqual(0, berth.ctl("start", "sync").returncode)

        self.assertEqual(8, len(berth.status("sync")["runs"]))


class Reload(Jobs):
    def test_a_reload_runs_what_asks_for_it_and_no_boot_job_again(self):
        self.job("boot", "echo boot >> $TRACE")
        self.job("both", "echo both >> $TRACE", 'on = ["boot", "reload"]\nreload = true')
        self.job("reload", "echo reload >> $TRACE", 'on = "reload"')
        berth = self.boot()
        berth.wait_for_line("both: done")
        berth.wait_for_line("reload: done")  # "both" has caused a reload

        berth.signal(signal.SIGHUP)

        self.wait_for_trace("both", 2)
        self.wait_for_trace("reload", 3)  # for the signal, and for the reload of "both"
        self.assertEqual((1, 2), (self.trace().count("boot"), self.trace().count("both")))


class End(Jobs):
    def test_shutdown_jobs_run_while_what_they_require_is_up(self):
        self.service("redis", [self.script("redis", """
trap 'echo redis-stops >> $TRACE; exit 0' TERM
echo redis >> $TRACE
while :; do sleep 0.02; done
""")])
        self.job("save", "echo saving >> $TRACE; sleep 0.3; echo saved >> $TRACE",
                 'on = "shutdown"', unit='requires = ["redis"]')
        berth = self.boot()
        self.wait_for_trace("redis")

        self.assertEqual(0, berth.stop())

        self.assertEqual(["redis", "saving", "saved", "redis-stops"], self.trace())

    def test_a_shutdown_job_that_takes_too_long_is_cut_short(self):
        self.config('[shutdown]\ntimeout = "2s"\n')
        self.job("save", "trap 'echo term >> $TRACE; exit 1' TERM; sleep 4721 & wait",
                 'on = "shutdown"')
        berth = self.boot_reachable()

        self.assertEqual(1, berth.stop())

        self.assertEqual(["term"], self.trace())
        self.assertIn("save is cut short", berth.output())


class Idle(TenantTest):
    def test_idle_jobs_run_when_the_last_tenant_and_its_after_stop_have_ended(self):
        self.proxy()
        self.template('after_stop = [["sh", "-c", "sleep 0.2; echo saved >> $TRACE"]]')
        self.instances("a", "b")
        self.unit("tidy", '[job]\ncommand = ["sh", "-c", "echo tidy >> $TRACE"]\non = "idle"\n')
        berth = self.boot_web()
        self.get_ok("/a/")
        self.get_ok("/b/")

        berth.ctl("stop", "app@a")
        berth.ctl("stop", "app@b")

        self.wait_for_trace("tidy")
        self.assertEqual(["saved", "saved", "tidy"],
                         [line for line in self.trace() if line in ("saved", "tidy")])


if __name__ == "__main__":
    unittest.main()
