# The graph: conflicts, parts, failures that start something, conditions; and what the end of a main
# or essential unit makes of the container.
import signal
import threading
import unittest

from harness import SystemTest, process_of, read_text, wait_until

# Says when it starts and when it stops; is ready once it can.
POLITE = """
trap 'echo "stop $NAME" >> $TRACE; exit 0' TERM
echo "start $NAME" >> $TRACE
: > $UP
while :; do sleep 4711 & wait $!; done
"""
CODES_AT_ONCE = 16


class GraphTest(SystemTest):
    def polite(self, name, unit="", service=""):
        self.service(name, [self.script("polite", POLITE)], unit=unit,
                     service=f'ready = {{ file = "${{run_dir}}/up" }}\n{service}',
                     rest=f'[process]\nenv = {{ NAME = "{name}", UP = "${{run_dir}}/up" }}')


class Conflicts(GraphTest):
    def test_what_is_in_conflict_has_stopped_before_a_unit_starts(self):
        self.polite("redis")
        self.polite("app", 'requires = ["redis"]')
        self.polite("repair", 'conflicts = ["redis"]\nstart = "manual"')
        berth = self.boot()
        self.wait_for_trace("start app")

        self.assertEqual(0, berth.ctl("start", "repair").returncode)

        self.wait_for_trace("start repair")
        self.assertEqual(["stop app", "stop redis", "start repair"], self.trace()[2:])
        self.assertEqual("inactive", berth.status("redis")["state"])
        berth.wait_for_line("redis: stops: it is in conflict with repair, which starts")

        self.assertEqual(0, berth.ctl("start", "app").returncode)
        self.wait_for_trace("start app", 2)
        self.assertEqual(["stop repair", "start redis", "start app"], self.trace()[5:])

    def test_two_units_in_conflict_at_boot_are_an_error_with_its_place(self):
        self.polite("a", 'conflicts = ["b"]')
        self.polite("b")

        berth = self.boot()

        berth.wait_for_line(r'a\.toml:2:14: conflicts "b", but both start at boot$')
        self.wait_for_trace("start b")
        self.assertEqual(["start b"], self.trace())


class Parts(GraphTest):
    def test_a_part_restarts_with_its_whole_and_another_stays(self):
        self.polite("redis")
        self.polite("part", 'requires = ["redis"]\npart_of = ["redis"]')
        self.polite("other", 'requires = ["redis"]')
        berth = self.boot()
        self.wait_for_trace("start part")
        self.wait_for_trace("start other")

        self.assertEqual(0, berth.ctl("restart", "redis").returncode)

        self.wait_for_trace("start part", 2)
        self.assertEqual(["stop part", "stop redis", "start redis", "start part"],
                         self.trace()[3:])

    def test_a_part_restarts_when_its_whole_crashes(self):
        self.polite("redis")
        self.polite("part", 'requires = ["redis"]\npart_of = ["redis"]')
        berth = self.boot()
        self.wait_for_trace("start part")

        berth.inside("kill", "-KILL", str(berth.status("redis")["main_pid"]))

        self.wait_for_trace("start part", 2)
        self.assertCountEqual(["stop part", "start redis", "start part"], self.trace()[2:])
        self.assert_in_order(["start redis", "start part"], self.trace()[2:])


class Failures(GraphTest):
    def test_a_failure_for_good_starts_what_it_names_once(self):
        self.service("app", [self.script("crash", "echo crash >> $TRACE; exit 3")],
                     unit='on_failure = ["alert"]',
                     service='restart_limit = 2\nrestart_delay = "10ms"')
        self.unit("alert", '[unit]\nstart = "manual"\n[job]\ncommand = '
                  f'["{self.script("alert", "echo alert >> $TRACE")}"]\n')

        berth = self.boot()

        berth.wait_for_state("alert", "exited")
        self.assertEqual(["crash", "crash", "crash", "alert"], self.trace())
        berth.wait_for_line("alert: starts: app has failed")

    def test_an_essential_unit_that_fails_ends_everything_in_order_and_says_so(self):
        self.polite("redis")
        self.polite("page", 'requires = ["redis"]')
        self.service("app", [self.script("crash", "test -s $TRACE && sleep 0.1; exit 3")],
                     unit='essential = true\nafter = ["page"]',
                     service='restart_limit = 1\nrestart_delay = "10ms"')

        berth = self.boot()

        self.assertEqual(1, berth.wait())
        self.assertIn("shutting down: the essential unit app failed: exit status 3",
                      berth.output())
        self.assertEqual(["start redis", "start page", "stop page", "stop redis"], self.trace())

    def test_an_essential_unit_whose_requirement_fails_ends_everything(self):
        self.service("redis", [self.script("crash", "sleep 0.2; exit 3")],
                     service='restart = "never"')
        self.polite("app", 'requires = ["redis"]\nessential = true')

        berth = self.boot()

        self.assertEqual(1, berth.wait())
        self.assertIn("the essential unit app failed: requires redis, which has failed",
                      berth.output())
        self.assertEqual(["start app", "stop app"], self.trace())

    def test_an_essential_unit_that_cannot_even_start_ends_berth_at_once(self):
        self.service("app", ["/nowhere/app"], unit="essential = true")

        self.assertEqual(1, self.boot().wait())

    def test_an_essential_unit_that_ends_well_or_is_stopped_ends_nothing(self):
        self.service("once", ["true"], unit="essential = true")
        self.polite("app", "essential = true")
        berth = self.boot()
        self.wait_for_trace("start app")
        berth.wait_for_state("once", "exited")

        self.assertEqual(0, berth.ctl("stop", "app").returncode)

        self.assertEqual("inactive", berth.status("app")["state"])
        self.assertEqual(0, berth.stop())

    def test_any_other_unit_that_fails_ends_nothing(self):
        self.service("app", ["/nowhere/app"])
        berth = self.boot()

        berth.wait_for_state("app", "failed")

        self.assertEqual(0, berth.stop())


class Main(GraphTest):
    def boot_main(self, script, service='restart = "never"', name="app"):
        """A berth with folders of its own, so that many can run at once."""
        self.units = self.folder / f"units-{name}"
        self.units.mkdir(0o755, exist_ok=True)
        self.run_dir = self.folder / f"run-{name}"
        self.service(name, [self.script(name, script)], unit="main = true", service=service)
        return self.boot()

    def test_its_exit_status_is_the_containers_for_each_code(self):
        for first in range(0, 256, CODES_AT_ONCE):
            running = {code: self.boot_main(f"exit {code}", name=f"app-{code}")
                       for code in range(first, first + CODES_AT_ONCE)}
            for code, berth in running.items():
                self.assertEqual(code, berth.wait(), berth.output())

    def test_its_signal_is_the_containers_exit_status_and_128(self):
        ignored = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH, signal.SIGSTOP,
                   signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
        for number in [each for each in range(1, 65) if each not in ignored | {32, 33}]:
            berth = self.boot_main(f"ulimit -c 0; kill -{number} $$; sleep 60")
            self.assertEqual(128 + number, berth.wait(), berth.output())

    def test_its_end_stops_the_others_in_order_first(self):
        self.polite("redis")
        self.polite("page", 'requires = ["redis"]')
        self.service("app", [self.script("app", "sleep 0.1; exit 7")],
                     unit='main = true\nafter = ["page"]', service='restart = "never"')

        berth = self.boot()

        self.assertEqual(7, berth.wait())
        self.assertIn("shutting down: the main unit app failed: exit status 7", berth.output())
        self.assertEqual(["start redis", "start page", "stop page", "stop redis"], self.trace())

    def test_it_ends_the_container_only_when_it_is_not_started_again(self):
        berth = self.boot_main("echo start >> $TRACE; exit $(wc -l < $TRACE)",
                               'restart_limit = 2\nrestart_delay = "10ms"')

        self.assertEqual(3, berth.wait())
        self.assertEqual(3, len(self.trace()))

    def test_it_may_be_a_job(self):
        self.polite("redis")
        self.unit("app", '[unit]\nmain = true\nrequires = ["redis"]\n[job]\n'
                  'command = "sh -c \'exit 9\'"\n')

        self.assertEqual(9, self.boot().wait())

    def test_its_own_end_counts_at_a_shutdown_too(self):
        wait = "while :; do sleep 1 & wait $!; done"
        for status, script in ((5, f"trap 'exit 5' TERM; echo five; {wait}"),
                               (0, f"trap 'exit 0' TERM; echo zero; {wait}"),
                               (128 + signal.SIGTERM, "echo term; exec sleep 4711")):
            berth = self.boot_main(script)
            berth.wait_for_line(script.split("echo ")[1].split(";")[0] + "$")
            self.assertEqual(status, berth.stop(), berth.output())

    def test_it_cannot_be_executed(self):
        plain = self.write(self.path("plain"), "no program", 0o644)
        for command, status in (("/nowhere/app", 127), ("no-such-program", 127),
                                (str(plain), 126)):
            self.service("app", [command], unit="main = true")
            berth = self.boot()
            self.assertEqual(status, berth.wait(), berth.output())

    def test_it_fails_without_a_process(self):
        self.service("redis", ["/nowhere/redis"])
        self.polite("app", 'main = true\nrequires = ["redis"]')

        berth = self.boot()

        self.assertEqual(1, berth.wait())
        self.assertIn("the main unit app failed: requires redis, which has failed",
                      berth.output())

    def test_signals_of_no_use_to_berth_are_forwarded_to_it(self):
        berth = self.boot_main("trap 'echo usr1 >> $TRACE' USR1; trap 'exit 4' QUIT\n"
                               "echo up\nwhile :; do sleep 1 & wait $!; done")
        berth.wait_for_line("up$")

        berth.signal(signal.SIGUSR1)
        self.wait_for_trace("usr1")
        berth.signal(signal.SIGQUIT)

        self.assertEqual(4, berth.wait(), berth.output())

    def test_stopped_by_hand_it_ends_nothing(self):
        self.polite("app", "main = true")
        berth = self.boot()
        self.wait_for_trace("start app")

        berth.ctl("stop", "app")

        self.assertEqual("inactive", berth.status("app")["state"])
        self.assertEqual(0, berth.stop())

    def test_two_are_an_error(self):
        self.polite("a", "main = true")
        self.polite("b", "main = true")

        berth = self.boot()

        berth.wait_for_line(r'b\.toml:3:1: is "main", but so is "a" \(.*a\.toml:3:1\)')
        self.wait_for_trace("start a")


class Conditions(GraphTest):
    def conditional(self, name, condition, unit=""):
        self.unit(name, f"[unit]\n{unit}\n[unit.condition]\n{condition}\n[service]\n"
                        f'command = ["{self.script("polite", POLITE)}"]\n'
                        f'[process]\nenv = {{ NAME = "{name}", UP = "/dev/null" }}\n')

    def test_variables_of_the_environment(self):
        self.conditional("set", 'env = "FEATURE"')
        self.conditional("right", 'env = { FEATURE = "on", MODE = "x" }')
        self.conditional("unset", 'env = "OTHER"')
        self.conditional("wrong", 'env = { FEATURE = "off" }')

        berth = self.boot(env={"FEATURE": "on", "MODE": "x"})

        self.wait_for_trace("start set")
        self.wait_for_trace("start right")
        self.assertEqual("OTHER is not set", berth.wait_for_state("unset", "skipped")["reason"])
        self.assertEqual('FEATURE is not "off"',
                         berth.wait_for_state("wrong", "skipped")["reason"])
        berth.wait_for_line("unset: skipped: OTHER is not set")
        self.assertEqual("running", berth.ctl_json("status")["state"])

    def test_paths_are_looked_at_at_each_start(self):
        flag = self.path("flag")
        self.conditional("there", f'path_exists = "{flag}"')
        self.conditional("missing", f'path_missing = "{flag}"')
        berth = self.boot()
        self.wait_for_trace("start missing")
        self.assertEqual(f"{flag} is not there",
                         berth.wait_for_state("there", "skipped")["reason"])

        self.write(flag, "")
        self.assertEqual(0, berth.ctl("start", "there").returncode)
        berth.ctl("restart", "missing")

        self.assertEqual("running", berth.status("there")["state"])
        self.assertEqual(f"{flag} is there", berth.wait_for_state("missing", "skipped")["reason"])

    def test_each_of_several_paths_counts(self):
        flags = [self.path("one"), self.path("two")]
        self.conditional("there", f"path_exists = {[str(flag) for flag in flags]}")
        self.conditional("missing", f"path_missing = {[str(flag) for flag in flags]}")
        self.write(flags[0], "")
        berth = self.boot()
        for name, reason in (("there", f"{flags[1]} is not there"),
                             ("missing", f"{flags[0]} is there")):
            self.assertEqual(reason, berth.wait_for_state(name, "skipped")["reason"])

        self.write(flags[1], "")
        self.assertEqual(0, berth.ctl("start", "there").returncode)
        for flag in flags:
            flag.unlink()
        self.assertEqual(0, berth.ctl("start", "missing").returncode)

        for name in ("there", "missing"):
            self.assertEqual("running", berth.status(name)["state"])

    def test_all_must_hold(self):
        flag = self.path("flag")
        self.conditional("a", f'env = "FEATURE"\npath_exists = "/"\npath_missing = "{flag}"')
        self.conditional("b", f'env = "FEATURE"\npath_exists = "/"\npath_missing = "/"')

        berth = self.boot(env={"FEATURE": "1"})

        self.wait_for_trace("start a")
        self.assertEqual("/ is there", berth.wait_for_state("b", "skipped")["reason"])

    def test_a_skipped_unit_satisfies_who_requires_it(self):
        self.conditional("optional", 'env = "NOBODY"')
        self.polite("app", 'requires = ["optional"]')
        self.polite("page", 'wants = ["optional"]')

        self.boot()

        self.wait_for_trace("start app")
        self.wait_for_trace("start page")

    def test_a_skipped_job_never_ends_the_maintenance(self):
        self.unit("init", '[unit.condition]\nenv = "NOBODY"\n[job]\ncommand = "true"\n')
        self.unit("web", '[proxy]\nlisten = "unix:' + str(self.path("web.sock")) + '"\n'
                  '[proxy.maintenance]\nuntil = "init"\n')

        berth = self.boot()

        berth.wait_for_state("init", "skipped")
        berth.wait_for_state("web", "running")
        self.assertEqual("maintenance", berth.ctl_json("status")["state"])

    def test_a_start_by_hand_says_that_it_is_skipped(self):
        self.conditional("a", 'env = "NOBODY"', 'start = "manual"')
        berth = self.boot()
        wait_until((self.run_dir / "admin.sock").exists, "berthctl can connect")

        done = berth.ctl("start", "a")

        self.assertIn("a: skipped", done.stdout + done.stderr)
        self.assertEqual("skipped", berth.status("a")["state"])


class NothingHangs(GraphTest):
    """What is asked in the middle of a start, a back-off or a reload comes to its end."""

    def stop_while(self, name, state):
        berth = self.berths[-1]
        wait_until((self.run_dir / "admin.sock").exists, "berthctl can connect")
        berth.wait_for_state(name, state)
        self.assertEqual(0, berth.ctl("stop", name).returncode)
        self.assertEqual("inactive", berth.status(name)["state"])

    def test_a_stop_during_each_part_of_a_start(self):
        self.service("preparing", ["sleep", "4711"],
                     service='before_start = [["sleep", "4712"]]')
        self.service("starting", ["sleep", "4713"],
                     service=f'ready = {{ file = "{self.path("never")}" }}')
        self.service("waiting", ["sleep", "4714"], unit='requires = ["starting"]')
        self.boot()

        self.stop_while("waiting", "waiting")
        self.stop_while("preparing", "preparing")
        self.stop_while("starting", "starting")

        self.assertEqual([], self.berths[-1].processes("sleep"))

    def test_a_stop_during_a_back_off(self):
        self.service("a", ["false"], service='restart_delay = "1h"\nrestart_delay_max = "1h"')
        self.boot()

        self.stop_while("a", "backoff")

    def test_a_stop_during_a_reload(self):
        # Ends late, so that the stop comes while the reload's restart stops the old life.
        slow = self.script("slow", "trap 'sleep 0.3; exit 0' TERM\n"
                                   "while :; do sleep 4711 & wait $!; done")
        self.service("a", [slow])
        berth = self.boot()
        berth.wait_for_state("a", "running")
        self.service("a", [slow], rest='[process]\nenv = { NEW = "1" }')

        self.assertEqual(0, berth.ctl("reload").returncode)
        self.assertEqual(0, berth.ctl("stop", "a").returncode)

        self.assertEqual("inactive", berth.status("a")["state"])
        self.assertEqual([], berth.processes("slow"))

    def test_ten_clients_that_storm_a_unit_never_make_two_main_processes(self):
        # Each life holds the lock; a second one at the same time could not have it, and would tell.
        self.service("a", [self.script("alone", f"exec 9>{self.path('lock')}\n"
                                                "flock -n 9 || echo two >> $TRACE\n"
                                                "exec sleep 4711")],
                     service='restart = "always"\nrestart_delay = "0"\nrestart_limit = 0')
        berth = self.boot()
        berth.wait_for_process("sleep 4711")
        verbs = ("start", "stop", "restart")

        def storm(number):
            for turn in range(9):
                berth.ctl(verbs[(number + turn) % len(verbs)], "a")
        clients = [threading.Thread(target=storm, args=(number,)) for number in range(10)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

        self.assertEqual(0, berth.ctl("start", "a").returncode)
        self.assertEqual([], self.trace())
        berth.wait_for_process("sleep 4711")
        self.assertEqual(0, berth.ctl("stop", "a").returncode)
        self.assertEqual([], berth.processes("sleep 4711"))

    def test_a_shutdown_ends_as_soon_as_the_last_process_has(self):
        """No fixed wait: the time between the last end and berth's is the work of a moment."""
        self.service("a", [self.script("slow", "trap 'sleep 0.3; exit 0' TERM\necho up\n"
                                               "while :; do sleep 4711 & wait $!; done")])
        berth = self.boot(pid1=False)
        berth.wait_for_line("up$")
        main = berth.wait_for_process("slow")

        berth.signal(signal.SIGTERM)
        wait_until(lambda: not process_of(main.pid), "the last process has ended")

        self.assertEqual(0, berth.wait(timeout=2))


class RedisOutlivesItsUsers(GraphTest):
    def test_redis_gets_sigterm_only_when_what_requires_it_is_gone(self):
        """Asked of the kernel, not of the units: redis looks who is there when the signal comes."""
        self.service("redis", [self.script(
            "redis", "trap 'grep -l app-main /proc/[0-9]*/comm "
                     "> " + str(self.path("seen")) + "; exit 0' TERM\n"
                     "while :; do sleep 4711 & wait $!; done")])
        app = self.script("app-main", "trap 'sleep 0.3; exit 0' TERM\necho up >> $TRACE\n"
                                      "while :; do sleep 4712 & wait $!; done")
        self.service("app", [app], unit='requires = ["redis"]')
        self.service("page", [app], unit='wants = ["redis"]')
        self.service("late", [app], unit='after = ["redis"]')
        berth = self.boot()
        self.wait_for_trace("up", 3)

        self.assertEqual(0, berth.stop())

        self.assertEqual("", read_text(self.path("seen")))


if __name__ == "__main__":
    unittest.main()
