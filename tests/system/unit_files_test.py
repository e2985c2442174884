# Unit files: what is wrong is named with its place, and a reload is all or nothing.
import os
import signal
import subprocess
import unittest

from harness import BIN, SystemTest

SLEEP = "[service]\ncommand = [\"sleep\", \"{}\"]\n"
# Each with the place and the words of its errors.
BROKEN = {
    "misspelt": ("[service]\ncomand = [\"sleep\", \"1\"]\n", "2:1",
                 "comand.*did you mean.*command"),
    "table": ("[servise]\ncommand = [\"sleep\", \"1\"]\n", "1:", "servise.*did you mean.*service"),
    "duration": ("[service]\ncommand = \"sleep 1\"\nstop_timeout = \"5 parsecs\"\n", "3:16",
                 "stop_timeout.*duration"),
    "kind": ("[service]\ncommand = 7\n", "2:11", "command"),
    "variable": ("[service]\ncommand = [\"sleep\", \"${NOT_SET}\"]\n", "2:", "NOT_SET"),
    "stranger": ("[unit]\nrequires = [\"redi\"]\n[service]\ncommand = \"sleep 1\"\n", "2:13",
                 "redi.*did you mean.*redis"),
    "itself": ("[unit]\nrequires = [\"itself\"]\n[service]\ncommand = \"sleep 1\"\n", "[0-9]+:",
               "itself -> itself"),
    "chicken": ("[unit]\nrequires = [\"egg\"]\n[service]\ncommand = \"sleep 1\"\n", "[0-9]+:",
                "chicken -> egg|egg -> chicken"),
    "egg": ("[unit]\nafter = [\"chicken\"]\n[service]\ncommand = \"sleep 1\"\n", "[0-9]+:",
            "chicken -> egg|egg -> chicken"),
    "grammar": ("[service\ncommand = \"sleep 1\"\n", "1:", ""),
    "kindless": ("[unit]\ndescription = \"what am I?\"\n", "1:1", "one of .service."),
}


class Errors(SystemTest):
    def write_broken(self):
        for name, (text, _, _) in BROKEN.items():
            self.unit(name, text)
        self.unit("redis", SLEEP.format(4711))

    def check_all_named(self, output):
        for name, (_, place, words) in BROKEN.items():
            # The two of a cycle are named once, at either of them.
            files = "chicken|egg" if name in ("chicken", "egg") else name
            with self.subTest(name):
                self.assertRegex(output, f"{self.units}/({files})\\.toml:{place}.*({words})")

    def test_every_error_of_every_file_is_named_with_its_place_and_the_rest_boots(self):
        self.write_broken()

        berth = self.boot()

        berth.wait_for_process("sleep 4711")
        self.check_all_named(berth.output())
        self.assertEqual(1, len(berth.processes("sleep")))
        self.assertEqual(0, berth.stop())

    def test_verify_names_every_error_and_exits_1(self):
        self.write_broken()

        done = subprocess.run([BIN / "berthctl", "verify", "--units", self.units, "--run-dir",
                               self.run_dir], capture_output=True, text=True, check=False)

        self.assertEqual(1, done.returncode, done.stdout)
        self.check_all_named(done.stdout + done.stderr)

    def test_verify_of_right_units_exits_0(self):
        self.unit("redis", SLEEP.format(4711))

        done = subprocess.run([BIN / "berthctl", "verify", "--units", self.units, "--run-dir",
                               self.run_dir], capture_output=True, text=True, check=False)

        self.assertEqual(0, done.returncode, done.stderr)

    def test_all_errors_of_one_file_are_reported_at_once(self):
        self.unit("a", "[unit]\nwishes = 1\n[service]\ncommand = \"sleep 1\"\n"
                       "restart = \"maybe\"\n")

        berth = self.boot()

        berth.wait_for_line("a.toml:2:1: .*wishes")
        berth.wait_for_line("a.toml:5:11: .*restart")

    def test_a_broken_dependency_takes_down_only_what_requires_it(self):
        self.unit("a", "[service]\ncomand = 1\n")
        self.unit("b", "[unit]\nrequires = [\"a\"]\n" + SLEEP.format(4712))
        self.unit("c", SLEEP.format(4711))

        berth = self.boot()

        berth.wait_for_process("sleep 4711")
        berth.wait_for_line("a.toml:2:1")
        berth.wait_for_line("b.*")
        self.assertEqual([], berth.processes("sleep 4712"))


class Ownership(SystemTest):
    """A unit file is root: who can write one is root too."""

    def check_refused(self, words):
        berth = self.boot()

        berth.wait_for_line(words)
        self.assertEqual([], berth.processes("sleep 4712"))

    def test_a_file_that_others_can_write_is_refused(self):
        self.unit("a", SLEEP.format(4712))
        (self.units / "a.toml").chmod(0o646)

        self.check_refused("a.toml.*writable by others")

    def test_a_file_that_its_group_can_write_is_refused(self):
        self.unit("a", SLEEP.format(4712))
        (self.units / "a.toml").chmod(0o664)
        os.chown(self.units / "a.toml", 0, 33)

        self.check_refused("a.toml.*writable by others")

    def test_a_file_of_another_user_is_refused(self):
        self.unit("a", SLEEP.format(4712))
        os.chown(self.units / "a.toml", 33, 0)

        self.check_refused("a.toml.*belongs to uid 33")

    def test_a_folder_that_others_can_write_is_refused(self):
        self.unit("a", SLEEP.format(4712))
        self.units.chmod(0o777)

        self.check_refused(f"{self.units}.*writable by others")


class Reload(SystemTest):
    def setUp(self):
        super().setUp()
        self.unit("a", SLEEP.format(4711))
        self.unit("b", SLEEP.format(4712))
        self.berth = self.boot()
        self.first = {name: self.berth.wait_for_process(f"sleep {name}").pid
                      for name in ("4711", "4712")}

    def pid(self, name):
        return self.berth.wait_for_process(f"sleep {name}").pid

    def test_an_error_changes_nothing(self):
        self.unit("a", SLEEP.format(4713))
        self.unit("c", SLEEP.format(4714))
        self.unit("d", "[service]\ncomand = 1\n")
        (self.units / "b.toml").unlink()

        self.berth.signal(signal.SIGHUP)

        self.berth.wait_for_line("d.toml:2:1.*comand")
        self.berth.wait_for_line("reload was refused")
        self.assertEqual(self.first["4711"], self.pid("4711"))
        self.assertEqual(self.first["4712"], self.pid("4712"))
        self.assertEqual(2, len(self.berth.processes("sleep")))

    def test_what_is_added_starts_and_what_is_removed_stops(self):
        self.unit("c", SLEEP.format(4714))
        (self.units / "b.toml").unlink()

        self.berth.signal(signal.SIGHUP)

        self.berth.wait_for_process("sleep 4714")
        self.berth.wait_until_gone("sleep 4712")
        self.assertEqual(self.first["4711"], self.pid("4711"))

    def test_what_changed_restarts_and_the_rest_stays(self):
        self.unit("a", SLEEP.format(4713))

        self.berth.signal(signal.SIGHUP)

        self.berth.wait_for_process("sleep 4713")
        self.berth.wait_until_gone("sleep 4711")
        self.assertEqual(self.first["4712"], self.pid("4712"))

    def test_what_is_removed_and_added_again_starts_again(self):
        text = (self.units / "b.toml").read_text()
        (self.units / "b.toml").unlink()
        self.berth.signal(signal.SIGHUP)
        self.berth.wait_until_gone("sleep 4712")
        self.write(self.units / "b.toml", text)

        self.berth.signal(signal.SIGHUP)

        self.assertNotEqual(self.first["4712"], self.pid("4712"))

    def test_a_reload_without_a_change_touches_nothing(self):
        self.berth.signal(signal.SIGHUP)

        self.berth.wait_for_line("reload: 0 units added, 0 changed, 0 removed")
        self.assertEqual(self.first["4711"], self.pid("4711"))

    def test_what_was_rejected_before_does_not_hold_up_a_reload(self):
        self.unit("d", "[service]\ncomand = 1\n")
        self.assertEqual(0, self.berth.stop())
        self.berth = self.boot()
        self.berth.wait_for_line("d.toml:2:1.*comand")
        self.unit("c", SLEEP.format(4714))

        self.berth.signal(signal.SIGHUP)

        self.berth.wait_for_process("sleep 4714")
        self.berth.wait_for_line("still rejected: .*d.toml:2:1")


class Generated(SystemTest):
    def job(self, text):
        self.unit("init", f'[job]\ncommand = ["{self.script("generate", text)}"]\nreload = true\n')

    def test_what_a_job_writes_is_read_when_it_has_succeeded(self):
        self.job("printf '[service]\\ncommand = \"sleep 4711\"\\n' > $BERTH_UNITS_DIR/g.toml")

        berth = self.boot()

        berth.wait_for_process("sleep 4711")
        berth.wait_for_line("init: done")

    def test_a_job_fails_if_what_it_wrote_is_wrong(self):
        self.job("printf '[service]\\ncomand = 1\\n' > $BERTH_UNITS_DIR/g.toml")
        self.unit("b", "[unit]\nrequires = [\"init\"]\n" + SLEEP.format(4712))

        berth = self.boot()

        berth.wait_for_line("g.toml:2:1.*comand")
        berth.wait_for_line("init: failed: its command succeeded, but")
        berth.wait_for_line("b: failed")
        self.assertEqual([], berth.processes("sleep 4712"))


class RunDir(SystemTest):
    def test_a_second_berth_on_the_same_run_dir_is_refused(self):
        self.unit("a", SLEEP.format(4711))
        first = self.boot(pid1=False)
        first.wait_for_process("sleep 4711")

        second = self.boot(pid1=False)

        self.assertEqual(1, second.wait())
        self.assertRegex(second.output(), f"{self.run_dir} is in use by .*pid {first.pid}\\b")
        self.assertEqual(1, len(first.processes("sleep 4711")))
        self.assertEqual(0, first.stop())

    def test_a_killed_berth_leaves_no_lock(self):
        first = self.boot()
        first.wait_for_line("berth .*pid 1")
        first.signal(signal.SIGKILL)
        first.wait()
        self.unit("a", SLEEP.format(4711))

        self.boot().wait_for_process("sleep 4711")

    def test_an_unknown_option_is_a_usage_error(self):
        done = subprocess.run([BIN / "berth", "--frobnicate"], capture_output=True, text=True,
                              check=False)

        self.assertEqual(2, done.returncode)
        self.assertRegex(done.stderr, "^berth: .*\nusage: berth ")


if __name__ == "__main__":
    unittest.main()
