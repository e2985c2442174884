# The end: of berth in order and in time, of units with everything that they started.
import os
import signal
import time
import unittest

from harness import SANITIZED, CONTAINER_STOP, SystemTest, toml, wait_until
from proxied import TenantTest

# Says when it starts and stops; $STOP_TIME seconds pass between the signal, which all processes of
# a unit get, and the end.
POLITE = """
trap 'sleep ${STOP_TIME:-0}; echo "stop $BERTH_UNIT" >> $TRACE; exit 0' TERM
echo "start $BERTH_UNIT" >> $TRACE
sleep 4711 &
wait
"""
TOLD = """
trap 'echo told >> $TRACE; exit 0' TERM
echo born >> $TRACE
while :; do sleep 0.05; done
"""
# Ways out of a unit: another session, another group, a double fork; none of them hears SIGTERM.
ESCAPEES = """
trap '' TERM
setsid sleep 5001 &
(setsid setsid sleep 5002 &)
setsid sh -c 'setsid sleep 5003 & exit 0'
sh -c 'set -m; sleep 5004 & exit 0'
sleep 5005 &
"""


class Order(SystemTest):
    def boot_chain(self):
        """c comes after b, which requires a; each takes a moment to stop."""
        polite = [self.script("polite", POLITE)]
        slowly = '[process]\nenv = { STOP_TIME = "0.2" }'
        self.service("a", polite, rest=slowly)
        self.service("b", polite, unit='requires = ["a"]', rest=slowly)
        self.service("c", polite, unit='after = ["b"]', rest=slowly)
        berth = self.boot()
        for name in "abc":
            self.wait_for_trace(f"start {name}")
        return berth

    def check_orderly_end(self, number):
        berth = self.boot_chain()

        berth.signal(number)

        self.assertEqual(0, berth.wait())
        self.assertEqual(["stop c", "stop b", "stop a"], self.trace()[3:])

    def test_sigterm_stops_in_reverse_order_and_berth_exits_0(self):
        self.check_orderly_end(signal.SIGTERM)

    def test_sigint_stops_in_reverse_order(self):
        self.check_orderly_end(signal.SIGINT)

    def test_rtmin_plus_3_stops_in_reverse_order(self):
        self.check_orderly_end(CONTAINER_STOP)

    def test_what_is_independent_stops_side_by_side(self):
        polite = [self.script("polite", POLITE)]
        for name in "abcdef":
            self.service(name, polite, rest='[process]\nenv = { STOP_TIME = "0.5" }')
        berth = self.boot()
        for name in "abcdef":
            self.wait_for_trace(f"start {name}")

        begin = time.monotonic()
        self.assertEqual(0, berth.stop())

        self.assertLess(time.monotonic() - begin, 2.0)
        self.assertEqual(6, sum(line.startswith("stop") for line in self.trace()))

    def test_after_stop_runs_at_shutdown_and_after_the_main_process(self):
        self.service("a", [self.script("polite", POLITE)],
                     service='after_stop = [["sh", "-c", "echo back-up >> $TRACE"]]')
        berth = self.boot()
        self.wait_for_trace("start a")

        self.assertEqual(0, berth.stop())

        self.assertEqual(["start a", "stop a", "back-up"], self.trace())

    def test_sigterm_in_the_first_moment_is_heard(self):
        self.service("a", [self.script("polite", POLITE)])

        berth = self.boot()
        berth.wait_for_line("pid 1$")

        self.assertEqual(0, berth.stop())

    def test_a_unit_that_is_not_ready_yet_does_not_hold_up_the_end(self):
        self.service("a", ["sleep", "4711"], service='ready = { file = "/nonexistent/ready" }')
        self.service("b", ["sleep", "4712"], unit='requires = ["a"]')
        berth = self.boot()
        berth.wait_for_process("sleep 4711")

        self.assertEqual(0, berth.stop(3.0))

    def test_a_unit_in_back_off_is_not_started_again_at_the_end(self):
        self.service("a", [self.script("crash", "echo start >> $TRACE; exit 1")],
                     service='restart_delay = "1s"')
        self.service("b", [self.script("polite", POLITE)],
                     rest='[process]\nenv = { STOP_TIME = "1.5" }')
        berth = self.boot()
        berth.wait_for_line("a: .*again in 1s")
        self.wait_for_trace("start b")

        self.assertEqual(0, berth.stop())

        self.assertEqual(1, self.trace().count("start"))


class Deadlines(SystemTest):
    DEAF = "trap '' TERM\necho \"start $BERTH_UNIT\" >> $TRACE\nwhile :; do sleep 1; done"

    def boot_deaf(self, **service):
        self.service("a", [self.script("deaf", self.DEAF)], **service)
        berth = self.boot()
        self.wait_for_trace("start a")
        return berth

    def test_what_ignores_sigterm_is_killed_at_its_stop_timeout(self):
        berth = self.boot_deaf(service='stop_timeout = "300ms"')

        begin = time.monotonic()
        self.assertEqual(0, berth.stop())

        self.assertGreaterEqual(time.monotonic() - begin, 0.3)
        self.assertRegex(berth.output(), "a: .*SIGKILL")

    def test_the_shutdown_timeout_bounds_a_longer_stop_timeout(self):
        self.config('[shutdown]\ntimeout = "1s"')
        berth = self.boot_deaf(service='stop_timeout = "1h"')

        begin = time.monotonic()
        self.assertEqual(1, berth.stop())

        self.assertLess(time.monotonic() - begin, 1.5)
        self.assertRegex(berth.output(), "a is cut short: killed after 500ms, its share of "
                                         ".shutdown. timeout; its stop_timeout is 1h")

    def test_a_chain_of_deaf_units_is_killed_by_half_of_the_time(self):
        self.config('[shutdown]\ntimeout = "4s"')
        for name, required in (("a", ""), ("b", '"a"'), ("c", '"b"'), ("d", '"c"')):
            self.service(name, [self.script("deaf", self.DEAF)], unit=f"requires = [{required}]",
                         service='after_stop = [["sh", "-c", "echo stopped $BERTH_UNIT >>$TRACE"]]')
        berth = self.boot()
        wait_until(lambda: len([line for line in self.trace() if line.startswith("start")]) == 4,
                   "all run")

        begin = time.monotonic()
        self.assertEqual(1, berth.stop())

        self.assertLess(time.monotonic() - begin, 3.5)
        self.assertEqual([f"stopped {name}" for name in "dcba"],
                         [line for line in self.trace() if line.startswith("stopped")])
        self.assertNotIn("timeout was over", berth.output())

    def test_a_second_sigterm_hurries(self):
        self.config('[shutdown]\ntimeout = "1h"')
        berth = self.boot_deaf(service='stop_timeout = "1h"')
        berth.signal(signal.SIGTERM)
        berth.wait_for_line("shutting down")

        begin = time.monotonic()
        self.assertEqual(1, berth.stop())

        self.assertLess(time.monotonic() - begin, 1.5)
        self.assertRegex(berth.output(), "error: a is cut short: killed while it was stopping, "
                                         "because berth was told to hurry")

    def test_an_after_stop_that_hangs_is_bounded_and_named(self):
        self.config('[shutdown]\ntimeout = "1s"')
        self.service("a", [self.script("polite", POLITE)],
                     service='after_stop = ["sleep 4712"]')
        berth = self.boot()
        self.wait_for_trace("start a")

        begin = time.monotonic()
        self.assertEqual(1, berth.stop())

        self.assertLess(time.monotonic() - begin, 2.5)
        self.assertRegex(berth.output(), "error: .*a is cut short")

    def test_a_stopped_process_is_continued_so_that_it_can_end(self):
        self.service("a", [self.script("polite", POLITE)])
        berth = self.boot()
        self.wait_for_trace("start a")
        os.kill(berth.wait_for_process("/polite").pid, signal.SIGSTOP)

        self.assertEqual(0, berth.stop(3.0))

        self.assertIn("stop a", self.trace())

    def test_a_stop_signal_of_its_own_is_sent(self):
        self.service("a", [self.script("quit", "trap 'echo quit >> $TRACE; exit 0' QUIT\n"
                                               "echo start >> $TRACE\nsleep 4711 & wait")],
                     service='stop_signal = "SIGQUIT"')
        berth = self.boot()
        self.wait_for_trace("start")

        self.assertEqual(0, berth.stop())

        self.assertEqual(["start", "quit"], self.trace())


class WithVisitors(TenantTest):
    BACKUP = """
echo "begin $BERTH_UNIT" >> $TRACE
while [ ! -e "$TRACE.go" ]; do sleep 0.02; done
echo "end $BERTH_UNIT" >> $TRACE
"""

    def boot_all(self, **env):
        """A proxy, the tenant app@a with a back-up that waits for $TRACE.go, redis, and a job."""
        self.proxy()
        self.template(f'after_stop = [[{toml(self.script("backup", self.BACKUP))}]]', env=env)
        self.instances("a", "b")
        self.service("redis", [self.script("polite", POLITE)])
        self.unit("save", "[unit]\nrequires = [\"redis\"]\n[job]\non = \"shutdown\"\n"
                          f'command = {toml([self.script("save", "echo saved >> $TRACE")])}\n')
        berth = self.boot_web()
        self.wait_for_trace("start redis")
        self.get_ok("/a/")
        return berth

    def go(self):
        self.write(self.path("trace.go"), "")

    def test_tenants_end_with_their_after_stop_then_jobs_run_then_the_rest_stops(self):
        self.config('[shutdown]\ntimeout = "1m"')
        berth = self.boot_all()
        berth.signal(signal.SIGTERM)
        self.wait_for_trace("begin app@a")

        self.assertEqual(503, self.get("/a/").status)
        self.assertEqual(503, self.get("/b/").status)
        self.go()

        self.assertEqual(0, berth.wait())
        self.assert_in_order(["term app@a", "begin app@a", "end app@a", "saved", "stop redis"],
                             self.trace())

    def test_sigkill_comes_at_half_of_the_time_so_that_after_stop_gets_the_rest(self):
        self.config('[shutdown]\ntimeout = "4s"')
        berth = self.boot_all(IGNORE_TERM="1")
        self.go()
        begin = time.monotonic()
        berth.signal(signal.SIGTERM)

        self.wait_for_trace("begin app@a")
        self.assertLess(time.monotonic() - begin, 3.0)
        self.assertEqual(1, berth.wait())

        self.assert_in_order(["end app@a", "saved", "stop redis"], self.trace())
        self.assertRegex(berth.output(), "app@a is cut short: killed after \\S+, its share of ")


class Kept(SystemTest):
    """[shutdown] state: what the next berth knows of the end of this one."""

    def setUp(self):
        super().setUp()
        self.state = self.path("state")
        self.service("a", [self.script("polite", POLITE)])

    def boot_with_state(self, state=None, timeout="4s" if SANITIZED else "1s"):
        self.config(f'[shutdown]\ntimeout = "{timeout}"\nstate = {toml(str(state or self.state))}')
        berth = self.boot()
        wait_until(lambda: berth.output().count("a: ready") == len(self.berths), berth.output)
        return berth

    def cut_short(self, berth):
        return berth.ctl_json("status")["cut_short"]

    def test_the_next_boot_tells_what_was_cut_short(self):
        self.service("a", [self.script("polite", POLITE)], service='after_stop = ["sleep 4712"]')
        berth = self.boot_with_state()
        self.wait_for_trace("start a")
        begin = time.monotonic()
        self.assertEqual(1, berth.stop())
        self.assertLess(time.monotonic() - begin, 10 if SANITIZED else 2.5)

        self.service("a", [self.script("polite", POLITE)])
        berth = self.boot_with_state(timeout="9s")

        line = "a: the shutdown timeout was over while it was cleaning"
        berth.wait_for_line(f"warning: cut short at the last shutdown: {line}$")
        self.assertEqual([line], self.cut_short(berth))
        self.assertIn(f"cut short: at the last shutdown, {line}\n", berth.ctl("status").stdout)
        self.assertEqual(0, berth.stop())
        berth = self.boot_with_state()
        self.assertEqual([], self.cut_short(berth))

    def test_a_deaf_process_that_got_less_than_its_stop_timeout_is_named(self):
        self.service("a", [self.script("deaf", Deadlines.DEAF)])
        berth = self.boot_with_state(timeout="2s")
        self.wait_for_trace("start a")

        self.assertEqual(1, berth.stop())

        self.assertEqual("a: killed after 1s, its share of [shutdown] timeout; its stop_timeout "
                         "is 10s\n", (self.state / "last-end").read_text())

    def test_the_next_boot_tells_of_a_berth_that_was_killed(self):
        berth = self.boot_with_state()
        wait_until(lambda: (self.state / "last-end").exists(), lambda: berth.output())
        berth.signal(signal.SIGKILL)
        berth.wait()

        berth = self.boot_with_state()

        berth.wait_for_line("cut short at the last shutdown: berth did not come to its end")

    def check_goes_on_without(self, state, why):
        berth = self.boot_with_state(state, timeout="9s")

        berth.wait_for_line(f'warning: .shutdown. state "{state}": {why}')
        self.assertEqual([], self.cut_short(berth))
        self.assertEqual(0, berth.stop())
        self.assertEqual(1, berth.output().count("[shutdown] state"))

    def test_berth_goes_on_without_a_volume(self):
        self.check_goes_on_without(self.path("no") / "volume", "mkdir .*: No such file")

    def test_berth_keeps_nothing_where_others_may_write(self):
        self.state.mkdir()
        self.state.chmod(0o777)
        self.check_goes_on_without(self.state, ".*is writable by others: refused")


class Scope(SystemTest):
    """Main starts one process in its group and one in a session of its own, and at its stop waits
    for both; those whom berth must not tell to end it asks itself."""
    MEMBER = ("trap \"echo $0 >> $TRACE; told=1\" TERM; trap told=1 USR1; echo \"start $0\" >> $TRACE; "
              "while [ -z \"$told\" ]; do sleep 0.05; done")
    MAIN = (f"sh -c '{MEMBER}' near & near=$!\n"
            f"setsid sh -c '{MEMBER}' far & far=$!\n"
            "ask() { for each in $ASK; do eval \"kill -USR1 \\$$each\"; done; }\n"
            "trap 'echo main >> $TRACE; ask; wait $near; wait $far; exit 0' TERM\n"
            "echo 'start main' >> $TRACE\n"
            "while :; do wait; done")

    def told_to_stop(self, kill, ask):
        self.service("a", [self.script("main", self.MAIN)], service=f"kill = {toml(kill)}",
                     rest=f"[process]\nenv = {{ ASK = {toml(ask)} }}")
        berth = self.boot()
        for name in ("main", "near", "far"):
            self.wait_for_trace(f"start {name}")

        self.assertEqual(0, berth.stop())

        return set(self.trace()[3:])

    def test_every_process_of_the_unit_is_told_to_stop(self):
        self.assertEqual({"main", "near", "far"}, self.told_to_stop("unit", ""))

    def test_the_group_of_the_main_process_is_told_to_stop(self):
        self.assertEqual({"main", "near"}, self.told_to_stop("group", "far"))

    def test_the_main_process_alone_is_told_to_stop(self):
        self.assertEqual({"main"}, self.told_to_stop("main", "near far"))


class LeftBehind(SystemTest):
    ESCAPED = ["sleep 5001", "sleep 5002", "sleep 5003", "sleep 5004", "sleep 5005"]

    def boot_escapees(self, pid1, last, **service):
        self.service("other", ["sleep", "4711"])
        self.service("a", [self.script("escape", ESCAPEES + last)], **service)
        berth = self.boot(pid1=pid1)
        for name in self.ESCAPED:
            berth.wait_for_process(name)
        return berth

    def check_stop(self, pid1):
        berth = self.boot_escapees(pid1, "exec sleep 4712", service='stop_timeout = "300ms"')

        self.assertEqual(0, berth.stop())  # what outlives it fails the test as it ends

    def test_a_stop_leaves_nothing_of_a_unit(self):
        self.check_stop(pid1=True)

    def test_a_subreaper_leaves_nothing_of_a_unit(self):
        self.check_stop(pid1=False)

    def check_own_end(self, pid1):
        berth = self.boot_escapees(pid1, "sleep 0.5", service='restart = "never"')

        for name in self.ESCAPED:
            berth.wait_until_gone(name)

        self.assertEqual(1, len(berth.processes("sleep 4711")))
        self.assertEqual(0, berth.stop())

    def test_what_a_main_process_leaves_behind_is_swept(self):
        self.check_own_end(pid1=True)

    def test_a_subreaper_sweeps_what_a_main_process_leaves_behind(self):
        self.check_own_end(pid1=False)

    def test_what_a_user_of_its_own_leaves_behind_is_swept(self):
        berth = self.boot_escapees(True, "sleep 0.5", service='restart = "never"',
                                   rest='[process]\nuser = "www-data"')

        for name in self.ESCAPED:
            berth.wait_until_gone(name)

    def test_what_has_left_its_unit_is_told_to_end_at_the_end(self):
        """As root can, it gives away the group id and leaves the cgroup by which it would be found."""
        leave = self.script("leave", "for each in /sys/fs/cgroup/cgroup.procs "
                                     "/sys/fs/cgroup/unified/cgroup.procs; do\n"
                                     "  [ ! -w $each ] || echo $$ > $each\ndone\nexec \"$@\"")
        self.service("a", [self.script("a", f"(setpriv --clear-groups setsid {leave} " +
                                       self.script("gone", TOLD) + " &)\nexec sleep 4711")])
        berth = self.boot()
        self.wait_for_trace("born")

        self.assertEqual(0, berth.stop())

        self.assertEqual(["born", "told"], self.trace())

    def test_a_program_that_daemonises_is_reported_in_these_words(self):
        self.service("a", [self.script("daemon", "setsid sleep 5001 & exit 0")],
                     service='restart = "never"')

        berth = self.boot()

        berth.wait_for_line("a: its main process has ended and left 1 process.* behind.*foreground")
        berth.wait_until_gone("sleep 5001")

    def test_a_crash_restarts_only_after_the_old_life_is_swept(self):
        berth = self.boot_escapees(True, "exec sleep 4712", service='restart_delay = "0"')
        first = berth.wait_for_process("sleep 4712")
        old = {process.pid for process in berth.processes("sleep 500")}

        berth.inside("kill", "-KILL", str(first.inner_pid()))

        wait_until(lambda: len(berth.processes("sleep 500")) == 5 and
                   not old & {process.pid for process in berth.processes("sleep 500")},
                   lambda: f"five new ones in {berth.processes()}")


if __name__ == "__main__":
    unittest.main()
