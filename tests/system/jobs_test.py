# Jobs: their steps, the times they take, and how they end.

import unittest

from harness import SystemTest, toml


class Steps(SystemTest):
    def job(self, steps, more=""):
        self.unit("init", f"[job]\nsteps = {toml(steps)}\n{more}")

    def shell(self, text, **more):
        return {"command": ["sh", "-c", text], **more} if more else ["sh", "-c", text]

    def test_a_background_step_runs_beside_the_others_and_belongs_to_the_job(self):
        self.write(self.path("gate"), "")
        self.job([self.shell(f"while [ -e {self.path('gate')} ]; do sleep 0.02; done; "
                             "echo slow >> $TRACE", background=True),
                  self.shell("echo quick >> $TRACE")])
        self.unit("later", '[unit]\nrequires = ["init"]\n'
                           '[job]\ncommand = ["sh", "-c", "echo later >> $TRACE"]\n')

        berth = self.boot()

        self.wait_for_trace("quick")
        self.assertEqual("running", berth.status("init")["state"])
        self.path("gate").unlink()
        self.wait_for_trace("later")
        self.assertEqual(["quick", "slow", "later"], self.trace())

    def test_a_background_step_that_fails_ends_the_job(self):
        self.job([self.shell("exit 3", background=True),
                  self.shell("trap 'echo term >> $TRACE; exit 0' TERM; sleep 4713 & wait"),
                  self.shell("echo never >> $TRACE")])

        berth = self.boot()

        berth.wait_for_line('init: failed: step "sh -c exit 3": exit status 3')
        berth.wait_until_gone("sleep 4713")
        self.assertNotIn("never", self.trace())

    def test_a_step_that_fails_ends_the_ones_in_the_background(self):
        self.job([self.shell("trap 'echo term >> $TRACE; exit 0' TERM; echo up >> $TRACE; "
                             "sleep 4714 & wait", background=True),
                  self.shell("until grep -q up $TRACE; do sleep 0.02; done; exit 4")])

        berth = self.boot()

        berth.wait_for_line("init: failed: step .*: exit status 4")
        self.assertEqual(["up", "term"], self.trace())
        berth.wait_until_gone("sleep 4714")

    def test_a_background_step_that_cannot_be_executed_fails_the_job(self):
        self.job([{"command": ["/no/such/program"], "background": True}, ["sleep", "4715"]])

        berth = self.boot()

        berth.wait_for_line('init: failed: step "/no/such/program": execute /no/such/program: '
                            "No such file or directory")
        berth.wait_until_gone("sleep 4715")

    def test_a_later_step_that_cannot_be_found_fails_the_job(self):
        self.job([["true"], ["no-such-program"]])

        berth = self.boot()

        berth.wait_for_line('init: failed: step "no-such-program": command "no-such-program": '
                            "no such program in PATH")

    def test_a_step_has_a_time_of_its_own(self):
        self.job([["true"],
                  {"command": ["sh", "-c", "trap 'echo term >> $TRACE; exit 0' TERM; "
                                           "sleep 4716 & wait"], "timeout": "300ms"},
                  self.shell("echo never >> $TRACE")])

        berth = self.boot()

        berth.wait_for_line('init: failed: step ".*": not done within 300ms')
        self.assertEqual(["term"], self.trace())

    def test_what_ignores_the_end_of_its_time_is_killed_after_stop_timeout(self):
        self.job([self.shell("trap '' TERM; sleep 4717; sleep 4717", timeout="100ms")],
                 'stop_timeout = "200ms"')

        berth = self.boot()

        berth.wait_for_line("init: failed: not done within 100ms")
        berth.wait_until_gone("sleep 4717")

    def test_a_step_runs_as_its_own_user(self):
        self.job([{"command": "sh -c 'id -u >> $TRACE'", "user": "daemon"},
                  "sh -c 'id -u >> $TRACE'"])

        self.boot().wait_for_line("init: done")

        self.assertEqual(["1", "0"], self.trace())

    def test_success_exit_counts_for_each_step(self):
        self.job([self.shell("exit 3"), self.shell("echo two >> $TRACE")], "success_exit = [3]")

        self.boot().wait_for_line("init: done")

        self.assertEqual(["two"], self.trace())

    def test_stopping_a_job_ends_all_of_its_steps(self):
        self.job([self.shell("sleep 4718; true", background=True), self.shell("sleep 4719; true")])
        berth = self.boot()
        berth.wait_for_process("sleep 4718; true")
        berth.wait_for_process("sleep 4719; true")

        self.assertEqual(0, berth.ctl("stop", "init").returncode)

        self.assertEqual([], berth.processes("sleep 47"))
        self.assertEqual("inactive", berth.status("init")["state"])


if __name__ == "__main__":
    unittest.main()
