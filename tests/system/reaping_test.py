# What children of berth are born with, and that nobody stays a zombie.
import os
import signal
import unittest

from harness import SystemTest, wait_until

# Orphans come back to berth from a parent that has ended before them.
MANY_ORPHANS = """
for i in $(seq 500); do
  (sleep 0.$(( i % 3 )) &)
done
exec sleep 4711
"""
# As fast as two shells can: the second fork of each is an orphan at once.
TWENTY_THOUSAND_ORPHANS = """
half() { i=0; while [ $i -lt 10000 ]; do (: &); i=$((i + 1)); done; }
half & half & wait
echo made >>$TRACE
exec sleep 4711
"""
LAG = 1.0  # seconds; tests/bench measures it without other work: below a tenth
# fork, setsid, fork again: the classic daemon.
DOUBLE_FORK = """
setsid sh -c 'sleep 0.1 & exit 0'
sh -c 'setsid sh -c "sleep 0.1 & exit 0" & exit 0'
exec sleep 4711
"""


class Reaping(SystemTest):
    def boot_with(self, script, **boot):
        self.service("a", [self.script("run", script)])
        berth = self.boot(**boot)
        berth.wait_for_process("sleep 4711")
        return berth

    def wait_for_calm(self, berth):
        """Nothing is left but the service, and no zombie."""
        wait_until(lambda: len(berth.processes()) == 1 and not berth.zombies(),
                   lambda: f"only the service in {berth.processes()} {berth.zombies()}")

    def test_five_hundred_orphans_are_reaped(self):
        self.wait_for_calm(self.boot_with(MANY_ORPHANS))

    def test_twenty_thousand_orphans_are_reaped_while_they_are_made(self):
        for pid1 in (True, False):
            self.write(self.path("trace"), "", 0o666)
            self.service("a", [self.script("run", TWENTY_THOUSAND_ORPHANS)])
            berth = self.boot(pid1=pid1)

            wait_until(lambda: self.trace() == ["made"], "all are made", timeout=120)
            wait_until(lambda: not berth.zombies(), lambda: f"none of {berth.zombies()}", LAG)

            self.assertEqual("running", berth.status("a")["state"])
            self.assertEqual(0, berth.stop())

    def test_five_hundred_orphans_are_reaped_by_a_subreaper(self):
        self.wait_for_calm(self.boot_with(MANY_ORPHANS, pid1=False))

    def test_double_forked_processes_are_reaped(self):
        self.wait_for_calm(self.boot_with(DOUBLE_FORK))

    def test_what_enters_the_namespace_and_is_orphaned_is_reaped(self):
        berth = self.boot_with("exec sleep 4711")

        self.assertEqual(0, berth.inside("sh", "-c", "(sleep 0.1 &) ; exit 0").returncode)

        self.wait_for_calm(berth)

    def test_an_ended_service_leaves_no_zombie(self):
        self.service("short", ["true"], service='restart = "never"')
        berth = self.boot_with("exec sleep 4711")

        berth.wait_for_line("short: done")

        self.wait_for_calm(berth)

    def test_the_zombie_of_a_parent_that_does_not_wait_goes_with_its_unit(self):
        berth = self.boot_with("true &\nexec sleep 4711")
        wait_until(berth.zombies, lambda: f"a zombie in {berth.processes()}")

        status = berth.status("a")
        self.assertEqual([status["main_pid"]], status["pids"])
        berth.ctl("stop", "a")

        wait_until(lambda: not berth.zombies(), lambda: f"none of {berth.zombies()}")

    def test_an_orphan_that_ends_does_not_disturb_the_service(self):
        berth = self.boot_with(DOUBLE_FORK)
        pid = berth.wait_for_process("sleep 4711").pid

        self.wait_for_calm(berth)

        self.assertEqual(pid, berth.wait_for_process("sleep 4711").pid)


class Birth(SystemTest):
    def born(self, berth):
        return berth.wait_for_process("sleep 4711")

    def test_a_child_has_default_dispositions_and_an_empty_mask(self):
        self.service("a", ["sleep", "4711"])

        status = self.born(self.boot()).status()

        self.assertEqual(["0" * 16] * 3, [status[name] for name in ("SigBlk", "SigIgn", "SigCgt")])

    def test_what_berth_was_told_to_ignore_is_not_handed_down(self):
        self.service("a", ["sleep", "4711"])

        berth = self.boot(wrapper=["env", "--ignore-signal=PIPE,TERM,USR1,CHLD",
                                   "--block-signal=INT,ALRM"])

        status = self.born(berth).status()
        self.assertEqual(["0" * 16] * 2, [status[name] for name in ("SigBlk", "SigIgn")])
        self.assertEqual(0, berth.stop())

    def test_a_child_leads_a_session_of_its_own(self):
        self.service("a", ["sleep", "4711"])

        child = self.born(self.boot(pid1=False))

        self.assertEqual((child.pid, child.pid), (child.session, child.group))

    def expect_standard_descriptors_only(self, child):
        # Its loader opens libraries for a moment; what it was born with would stay.
        folder = f"/proc/{child.pid}/fd"
        wait_until(lambda: sorted(os.listdir(folder)) == ["0", "1", "2"], "no descriptor but 0, 1 and 2")

    def test_a_child_has_no_descriptor_but_the_standard_ones(self):
        self.service("a", ["sleep", "4711"])

        berth = self.boot(wrapper=["sh", "-c", 'exec 7</etc/passwd 8>/dev/null; exec "$0" "$@"'])

        child = self.born(berth)
        self.expect_standard_descriptors_only(child)
        self.assertEqual("/dev/null", os.readlink(f"/proc/{child.pid}/fd/0"))

    def test_closed_standard_descriptors_do_no_harm(self):
        self.service("a", ["sleep", "4711"])

        berth = self.boot(wrapper=["sh", "-c", 'exec <&- >&- 2>&-; exec "$0" "$@"'])

        child = self.born(berth)
        self.expect_standard_descriptors_only(child)
        self.assertEqual(0, berth.stop())

    def test_a_child_gets_the_limits_that_berth_was_started_with(self):
        self.service("a", ["sleep", "4711"])

        berth = self.boot(wrapper=["prlimit", "--nofile=321:654"])

        with open(f"/proc/{self.born(berth).pid}/limits", encoding="ascii") as limits:
            nofile = next(line for line in limits if line.startswith("Max open files"))
        self.assertEqual(["321", "654"], nofile.split()[3:5])

    def test_a_unit_has_its_user_directory_and_environment(self):
        self.service("a", [self.script("who", "id -un; id -gn; pwd; echo $COLOUR\n"
                                               "exec sleep 4711")],
                     rest='[process]\nuser = "www-data"\nworking_directory = "/usr"\n'
                          'env = { COLOUR = "blue" }')

        berth = self.boot()

        berth.wait_for_line("a.* blue$")
        lines = [line.split()[-1] for line in berth.output().splitlines() if "[a" in line]
        self.assertEqual(["www-data", "www-data", "/usr", "blue"], lines[:4])

    def test_a_unit_of_another_user_has_no_capability_left(self):
        self.service("a", ["sleep", "4711"], rest='[process]\nuser = "www-data"')

        status = self.born(self.boot()).status()

        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual("0" * 16, status[kind], kind)
        self.assertEqual("1", status["NoNewPrivs"])


class Signals(SystemTest):
    def test_signals_without_a_meaning_change_nothing(self):
        self.service("a", ["sleep", "4711"])
        berth = self.boot()
        berth.wait_for_line("a: ready")

        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGWINCH,
                       signal.SIGCHLD, signal.SIGALRM, signal.SIGTSTP):
            berth.signal(number)

        self.assertEqual(0, berth.inside("kill", "-9", "1").returncode)
        self.assertEqual(1, len(berth.processes("sleep 4711")))
        self.assertEqual(0, berth.stop())


if __name__ == "__main__":
    unittest.main()
