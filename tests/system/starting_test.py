# The beginning: in order of readiness, with back-off and limits, and failures in words.
import unittest

from harness import SystemTest, free_port, toml

SAY = 'echo "$BERTH_UNIT" >> $TRACE\ntouch "$(dirname $0)/$BERTH_UNIT-is-up"\nexec sleep 4711'


class Order(SystemTest):
    def setUp(self):
        super().setUp()
        self.say = [self.script("say", SAY)]

    def say_service(self, name, unit):
        """A service that is ready when it has said its name."""
        ready = self.path(f"{name}-is-up")
        self.service(name, self.say, unit=unit, service=f'ready = {{ file = "{ready}" }}')

    def test_what_requires_a_server_starts_when_it_listens(self):
        port = free_port()
        self.service("b", self.say, unit='requires = ["a"]')
        self.service("a", self.tenant, service=f'ready = {{ tcp = "127.0.0.1:{port}" }}',
                     rest=f'[process]\nenv = {{ PORT = "{port}", START_DELAY = "0.3" }}')

        self.boot()

        self.wait_for_trace("b")
        self.assertEqual(["start a", "listen a", "b"], self.trace())

    def test_a_server_is_ready_when_it_answers(self):
        port = free_port()
        self.service("b", self.say, unit='wants = ["a"]')
        self.service("a", self.tenant, service=f'address = "127.0.0.1:{port}"\n'
                                          'ready = { http = "/up" }',
                     rest=f'[process]\nenv = {{ PORT = "{port}", START_DELAY = "0.3" }}')

        self.boot()

        self.wait_for_trace("b")
        self.assertEqual(["start a", "listen a", "b"], self.trace())

    def test_a_server_is_ready_when_its_unix_socket_takes_connections(self):
        path = str(self.path("socket"))
        self.service("b", self.say, unit='requires = ["a"]')
        self.service("a", self.tenant, service=f'ready = {{ unix = "{path}" }}',
                     rest=f'[process]\nenv = {{ SOCKET = "{path}", START_DELAY = "0.3" }}')

        self.boot()

        self.wait_for_trace("b")
        self.assertEqual(["start a", "listen a", "b"], self.trace())

    def test_a_service_is_ready_when_its_file_is_there(self):
        ready = self.path("ready")
        self.service("b", self.say, unit='after = ["a"]')
        self.service("a", [self.script("slow", f"sleep 0.3; echo a >> $TRACE; touch {ready}\n"
                                               "exec sleep 4712")],
                     service=f'ready = {{ file = "{ready}" }}')

        self.boot()

        self.wait_for_trace("b")
        self.assertEqual(["a", "b"], self.trace())

    def test_a_file_that_does_not_come_is_named(self):
        missing = self.path("missing")
        self.service("a", ["sleep", "4712"],
                     service=f'ready = {{ file = "{missing}", timeout = "3s" }}\nrestart = "never"')

        berth = self.boot()

        self.assertEqual(f"not ready within 3s: file {missing} is not there",
                         berth.wait_for_state("a", "failed")["reason"])

    def test_a_chain_starts_from_its_root(self):
        for name, needed in (("c", "b"), ("b", "a")):
            self.say_service(name, f'requires = ["{needed}"]')
        self.say_service("a", 'before = ["b"]')

        self.boot()

        self.wait_for_trace("c")
        self.assertEqual(["a", "b", "c"], self.trace())

    def test_a_unit_that_starts_by_hand_is_pulled_in_by_who_requires_it(self):
        self.say_service("a", 'start = "manual"')
        self.service("other", ["sleep", "4712"], unit='start = "manual"')
        self.say_service("b", 'requires = ["a"]')

        berth = self.boot()

        self.wait_for_trace("b")
        self.assertEqual(["a", "b"], self.trace())
        self.assertEqual([], berth.processes("sleep 4712"))


class Jobs(SystemTest):
    def job(self, name, text, more=""):
        self.unit(name, f'[job]\ncommand = ["{self.script(name, text)}"]\n{more}')

    def test_a_job_satisfies_who_requires_it_by_its_success(self):
        self.job("init", "sleep 0.3; echo init >> $TRACE")
        self.service("b", [self.script("say", SAY)], unit='requires = ["init"]')

        self.boot()

        self.wait_for_trace("b")
        self.assertEqual(["init", "b"], self.trace())

    def test_the_steps_of_a_job_run_one_after_the_other(self):
        steps = [["sh", "-c", f"sleep 0.1; echo {word} >> $TRACE"] for word in ("one", "two")]
        self.unit("init", f"[job]\nsteps = {toml(steps)}\n")

        berth = self.boot()

        berth.wait_for_line("init: done")
        self.assertEqual(["one", "two"], self.trace())

    def test_a_failing_step_ends_the_job(self):
        self.unit("init", '[job]\nsteps = ["false", ["sh", "-c", "echo two >> $TRACE"]]\n')

        berth = self.boot()

        berth.wait_for_line('init: failed: step "false": exit status 1')
        self.assertEqual([], self.trace())

    def test_what_requires_a_failed_job_fails_with_the_reason_and_the_rest_starts(self):
        self.job("init", "exit 3")
        self.service("b", [self.script("say", SAY)], unit='requires = ["init"]')
        self.service("c", ["sleep", "4712"], unit='wants = ["init"]')

        berth = self.boot()

        berth.wait_for_line("init: failed: exit status 3")
        berth.wait_for_line("b: failed: requires init, which has failed")
        berth.wait_for_process("sleep 4712")
        self.assertEqual([], self.trace())

    def test_a_job_that_takes_too_long_is_ended_and_says_so(self):
        self.job("init", "trap 'echo term >> $TRACE; exit 1' TERM\nsleep 4712 & wait",
                 'timeout = "300ms"')

        berth = self.boot()

        berth.wait_for_line("init: failed: not done within 300ms")
        self.assertEqual(["term"], self.trace())
        berth.wait_until_gone("sleep 4712")


class Restarts(SystemTest):
    def crashing(self, status, service):
        self.service("a", [self.script("crash", f"echo start >> $TRACE; exit {status}")],
                     service=service)

    def test_a_crash_is_answered_with_growing_pauses_and_at_last_given_up(self):
        self.crashing(9, 'restart_delay = "20ms"\nrestart_limit = 4')

        berth = self.boot()

        berth.wait_for_line("a: failed: .*")
        self.assertEqual(1 + 4, len(self.trace()))
        self.assert_in_order(["exit status 9; again in 20ms", "again in 40ms", "again in 80ms",
                              "failed: "], berth.output())

    def test_a_crash_by_a_signal_is_named(self):
        self.service("a", [self.script("crash", "kill -SEGV $$")], service="restart_limit = 1")

        berth = self.boot()

        berth.wait_for_line("a: failed: .*killed by SIGSEGV")

    def test_a_killed_service_is_started_again(self):
        self.service("a", ["sleep", "4711"])
        berth = self.boot()
        first = berth.wait_for_process("sleep 4711")

        berth.inside("kill", "-KILL", str(first.inner_pid()))

        berth.wait_for_line("a: .*killed by SIGKILL; again in 100ms")
        self.assertNotEqual(first.pid, berth.wait_for_process("sleep 4711").pid)

    def test_always_starts_again_after_success_too(self):
        self.crashing(0, 'restart = "always"\nrestart_delay = "10ms"')

        self.boot()

        self.wait_for_trace("start", 2)

    def test_on_failure_is_content_with_success(self):
        self.crashing(0, "")

        berth = self.boot()

        berth.wait_for_line("a: done")
        self.assertEqual(["start"], self.trace())

    def test_success_exit_makes_a_status_a_success(self):
        self.crashing(5, "success_exit = [5]")

        berth = self.boot()

        berth.wait_for_line("a: done")
        self.assertEqual(["start"], self.trace())

    def test_what_requires_a_unit_that_failed_for_good_stops(self):
        self.service("a", [self.script("crash", "sleep 0.3; exit 1")], service="restart_limit = 1")
        self.service("b", ["sleep", "4711"], unit='requires = ["a"]')

        berth = self.boot()

        berth.wait_for_process("sleep 4711")
        berth.wait_for_line("a: failed")
        berth.wait_until_gone("sleep 4711")

    def test_what_requires_a_unit_that_merely_restarts_stays(self):
        self.service("a", [self.script("once", "test -s $TRACE && exec sleep 4712\n"
                                               "sleep 0.3; echo crash >> $TRACE; exit 1")])
        self.service("b", ["sleep", "4711"], unit='requires = ["a"]')
        berth = self.boot()
        first = berth.wait_for_process("sleep 4711")

        berth.wait_for_process("sleep 4712")

        self.assertEqual(first.pid, berth.wait_for_process("sleep 4711").pid)


class Failures(SystemTest):
    """Each failure names what was attempted, on what, and why."""

    def check(self, words, command, rest=""):
        self.service("a", command, rest=rest)
        self.service("other", ["sleep", "4711"])

        berth = self.boot()

        berth.wait_for_line(f"a: failed: {words}$")
        self.assertEqual(1, berth.output().count("a: "), berth.output())
        berth.wait_for_process("sleep 4711")

    def test_a_program_that_does_not_exist(self):
        self.check("execute /nonexistent/program: No such file or directory",
                   ["/nonexistent/program"])

    def test_a_program_that_is_nowhere_in_path(self):
        self.check('command "nonexistent-program": no such program in PATH ".*"',
                   ["nonexistent-program"])

    def test_a_file_that_is_not_executable(self):
        self.check("execute /etc/passwd: Permission denied", ["/etc/passwd"])

    def test_a_script_without_its_interpreter(self):
        path = self.write(self.path("odd"), "#!/nonexistent/interpreter\n", 0o755)
        self.check(f"execute {path}: No such file or directory", [str(path)])

    def test_a_file_that_is_no_program(self):
        path = self.write(self.path("odd"), "\x7fELF but no program", 0o755)
        self.check(f"execute {path}: Exec format error", [str(path)])

    def test_a_user_that_does_not_exist(self):
        self.check('\\[process\\] user "nobody-like-this": .*', ["sleep", "4712"],
                   '[process]\nuser = "nobody-like-this"')

    def test_a_group_that_does_not_exist(self):
        self.check('\\[process\\] group "no-such-group": .*', ["sleep", "4712"],
                   '[process]\ngroup = "no-such-group"')

    def test_a_working_directory_that_does_not_exist(self):
        self.check("change to working_directory /nonexistent: No such file or directory",
                   ["sleep", "4712"], '[process]\nworking_directory = "/nonexistent"')

    def test_a_directory_that_cannot_be_made(self):
        self.service("a", ["sleep", "4712"],
                     rest='[[process.directories]]\npath = "/proc/nonexistent/a"')

        berth = self.boot()

        berth.wait_for_line("a: failed: make directory /proc/nonexistent/a: .*No such file or directory")

    def test_a_program_that_its_user_may_not_execute(self):
        path = self.write(self.path("mine"), "#!/bin/sh\nsleep 4712", 0o700)
        self.check(f"execute {path}: Permission denied", [str(path)],
                   '[process]\nuser = "www-data"')

    def test_a_service_that_never_becomes_ready_says_what_it_waited_for(self):
        port = free_port()
        self.service("a", ["sleep", "4711"], service="restart_limit = 1\n"
                     f'ready = {{ tcp = "127.0.0.1:{port}", timeout = "300ms" }}')

        berth = self.boot()

        berth.wait_for_line("a: failed: not ready within 300ms: .*refused")
        berth.wait_until_gone("sleep 4711")

    def test_a_failing_before_start_is_named(self):
        self.service("a", ["sleep", "4711"], service='before_start = [["sh", "-c", "exit 4"]]\n'
                                                     "restart_limit = 1")

        berth = self.boot()

        berth.wait_for_line('a: failed: before_start "sh -c .*exit status 4')
        self.assertEqual([], berth.processes("sleep 4711"))


if __name__ == "__main__":
    unittest.main()
