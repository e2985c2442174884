# `berth -- CMD ARGS`: the duties of PID 1 around one command.
import fcntl
import os
import pty
import re
import signal
import subprocess
import termios
import unittest

from harness import BIN, CONTAINER_STOP, Berth, SystemTest, read_text, wait_until

ORPHAN = """
exec 2>/dev/null
(trap 'echo told >>$TRACE; exit 0' TERM; echo born >>$TRACE; while :; do sleep 0.05; done) &
while ! grep -q born $TRACE; do sleep 0.01; done
exit 7
"""
STUBBORN_ORPHAN = """
(trap '' TERM; echo born >>$TRACE; exec sleep 4711) &
while ! grep -q born $TRACE; do sleep 0.01; done
exit 7
"""
SAYS_ITS_SIGNALS = """
for each in USR1 USR2 HUP INT WINCH QUIT RTMIN+3; do
  trap "echo $each >>$TRACE" $each
done
trap 'echo TERM >>$TRACE; exit 5' TERM
echo ready >>$TRACE
while :; do sleep 0.02; done
"""


class CommandTest(SystemTest):
    def environment(self):
        return {"PATH": os.environ["PATH"], "TRACE": str(self.path("trace"))}

    def command(self, *argv, pid1=True, options=()):
        berth = Berth(self, pid1, [str(BIN / "berth"), *options, "--", *argv], self.environment(),
                      None)
        self.berths.append(berth)
        return berth

    def run_to_end(self, *argv, **how):
        """(exit status, everything that was written). The command may end at once."""
        prefix = (["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount", "--mount-proc"]
                  if how.pop("pid1", True) else [])
        done = subprocess.run([*prefix, BIN / "berth", "--", *argv], capture_output=True, text=True,
                              timeout=60, check=False, env=self.environment(), **how)
        return done.returncode, done.stdout + done.stderr


class ExitStatus(CommandTest):
    def test_it_is_the_commands(self):
        for pid1 in (True, False):
            for status in (0, 1, 2, 42, 70, 127, 255):
                self.assertEqual((status, ""),
                                 self.run_to_end("sh", "-c", f"exit {status}", pid1=pid1))

    def test_it_is_128_and_the_signal(self):
        for name, status in (("TERM", 143), ("KILL", 137), ("ABRT", 134), ("USR1", 138)):
            self.assertEqual((status, ""), self.run_to_end("sh", "-c", f"kill -{name} $$"))

    def test_a_missing_program_is_127(self):
        self.assertEqual((127, 'berth: command "no-such": no such program in PATH "/bin"\n'),
                         self.run_to_end("env", "PATH=/bin", str(BIN / "berth"), "--", "no-such",
                                         pid1=False))
        status, said = self.run_to_end("/no/such")
        self.assertEqual(127, status)
        self.assertIn("execute /no/such: No such file or directory", said)

    def test_what_cannot_be_executed_is_126(self):
        status, said = self.run_to_end("/etc/passwd")

        self.assertEqual(126, status)
        self.assertIn("execute /etc/passwd: Permission denied", said)

    def test_an_option_of_the_command_is_no_option_of_berths(self):
        self.assertEqual((0, "--version\n"), self.run_to_end("printf", "%s\\n", "--version"))

    def test_nothing_after_the_dashes_is_an_error(self):
        status, said = self.run_to_end()

        self.assertEqual(2, status)
        self.assertIn("berth: no command after --", said)


class Inheritance(CommandTest):
    def test_it_reads_berths_input_and_writes_berths_output_and_error(self):
        done = subprocess.run([BIN / "berth", "--", "sh", "-c", "cat; echo bad >&2"],
                              input=b"\0raw\xff", capture_output=True, timeout=60, check=False)

        self.assertEqual((b"\0raw\xff", b"bad\n"), (done.stdout, done.stderr))

    def test_it_keeps_the_folder_the_environment_and_the_limits(self):
        script = "pwd; echo $COLOUR; ulimit -Sn"
        done = subprocess.run(["sh", "-c", 'ulimit -Sn 99; exec "$@"', "sh", BIN / "berth", "--",
                               "sh", "-c", script], cwd="/usr", env={"COLOUR": "blue"},
                              capture_output=True, text=True, timeout=60, check=False)

        self.assertEqual("/usr\nblue\n99\n", done.stdout)

    def test_it_may_gain_privileges_as_it_could_without_berth(self):
        self.assertEqual((0, "NoNewPrivs:\t0\n"),
                         self.run_to_end("grep", "NoNewPrivs", "/proc/self/status"))

    def test_it_needs_no_run_dir(self):
        self.run_to_end("true")

        self.assertFalse(self.run_dir.exists())


class Signals(CommandTest):
    def test_each_reaches_the_command(self):
        for pid1 in (True, False):
            self.write(self.path("trace"), "", 0o666)
            berth = self.command("bash", "-c", SAYS_ITS_SIGNALS, pid1=pid1)
            self.wait_for_trace("ready")

            names = {signal.SIGUSR1: "USR1", signal.SIGUSR2: "USR2", signal.SIGHUP: "HUP",
                     signal.SIGINT: "INT", signal.SIGWINCH: "WINCH", signal.SIGQUIT: "QUIT",
                     CONTAINER_STOP: "RTMIN+3"}
            for number, name in names.items():
                berth.signal(number)
                self.wait_for_trace(name)

            self.assertEqual(5, berth.stop())


class Orphans(CommandTest):
    def test_what_the_command_leaves_behind_is_told_to_end(self):
        for pid1 in (True, False):
            self.write(self.path("trace"), "", 0o666)

            self.assertEqual((7, ""), self.run_to_end("sh", "-c", ORPHAN, pid1=pid1))

            self.assertEqual(["born", "told"], self.trace())

    def test_what_does_not_end_is_killed(self):
        for pid1 in (True, False):
            self.write(self.path("trace"), "", 0o666)

            self.assertEqual((7, ""), self.run_to_end("sh", "-c", STUBBORN_ORPHAN, pid1=pid1))

            self.assertEqual(["born"], self.trace())

    def test_orphans_are_reaped_while_it_runs(self):
        for pid1 in (True, False):
            berth = self.command("sh", "-c", "for i in $(seq 200); do (sleep 0.01 &); done;"
                                             "exec sleep 4711", pid1=pid1)

            berth.wait_for_process("sleep 4711")
            wait_until(lambda: len(berth.processes()) == 1 and not berth.zombies(),
                       lambda: f"one process in {berth.processes()} {berth.zombies()}")

            berth.signal(signal.SIGTERM)
            self.assertEqual(143, berth.wait())


class BesideUnits(CommandTest):
    def with_units(self, *argv):
        return self.command(*argv, options=["--units", str(self.units), "--run-dir",
                                            str(self.run_dir)])

    def test_the_command_starts_when_the_units_are_up_and_its_end_stops_them(self):
        self.service("base", [self.script("base", "echo base >>$TRACE\n"
                                          "trap 'echo base stopped >>$TRACE; exit 0' TERM\n"
                                          "while :; do sleep 0.02; done")])
        self.unit("first", '[job]\ncommand = "sh -c \'sleep 0.2; echo first >>$TRACE\'"')

        berth = self.with_units("sh", "-c", "echo command >>$TRACE; exit 9")

        self.assertEqual(9, berth.wait())
        self.assertEqual({"base", "first"}, set(self.trace()[:2]))
        self.assertEqual(["command", "base stopped"], self.trace()[2:])

    def with_a_polite_command(self):
        self.service("base", [self.script("base", "trap 'echo base stopped >>$TRACE; exit 0' TERM\n"
                                          "while :; do sleep 0.02; done")])
        berth = self.with_units("sh", "-c", "trap 'sleep 0.2; echo stopped >>$TRACE; exit 4' TERM;"
                                            "echo ready >>$TRACE; while :; do sleep 0.02; done")
        self.wait_for_trace("ready")
        return berth

    def test_sigterm_stops_the_command_before_the_units(self):
        berth = self.with_a_polite_command()

        self.assertEqual(4, berth.stop())

        self.assertEqual(["ready", "stopped", "base stopped"], self.trace())

    def test_berthctl_shutdown_stops_the_command_before_the_units(self):
        berth = self.with_a_polite_command()

        self.assertEqual(0, berth.ctl("shutdown").returncode)

        self.assertEqual(4, berth.wait())
        self.assertEqual(["ready", "stopped", "base stopped"], self.trace())


    def test_berthctl_stops_the_command_before_the_units(self):
        self.service("base", [self.script("base", "trap 'echo base stopped >>$TRACE; exit 0' TERM\n"
                                          "while :; do sleep 0.02; done")])
        berth = self.with_units("sh", "-c", "trap 'sleep 0.2; echo stopped >>$TRACE; exit 4' TERM;"
                                            "echo ready >>$TRACE; while :; do sleep 0.02; done")
        self.wait_for_trace("ready")

        self.assertEqual(0, berth.ctl("shutdown").returncode)

        self.assertEqual(4, berth.wait())
        self.assertEqual(["ready", "stopped", "base stopped"], self.trace())


class Terminal(CommandTest):
    """A shell on a terminal of its own, as `docker run -it` has it."""

    def shell(self, *prefix):
        """berth with bash on a new terminal; says the terminal's name and shows a prompt."""
        self.master, slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        os.set_blocking(self.master, False)
        self.seen = ""

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        shell = subprocess.Popen(
            [*prefix, BIN / "berth", "--", "bash", "--norc", "--noprofile", "-i"],
            stdin=slave, stdout=slave, stderr=slave, preexec_fn=own_terminal, close_fds=True,
            env={**self.environment(), "PS1": "@ ", "TERM": "dumb", "HISTFILE": ""})
        os.close(slave)
        self.addCleanup(shell.wait)
        self.addCleanup(shell.kill)
        self.expect("@ ")
        return shell

    def type(self, text):
        self.seen = ""
        os.write(self.master, text.encode())

    def expect(self, pattern):
        def look():
            try:
                self.seen += os.read(self.master, 4096).decode(errors="replace")
            except (BlockingIOError, OSError):
                pass
            return re.search(pattern, self.seen)
        return wait_until(look, lambda: f"{pattern!r} on the terminal: {self.seen!r}")

    def check_job_control(self, shell):
        self.assertNotIn("no job control", self.seen)
        self.type("tty\n")
        self.expect(r"/dev/pts/\d+")
        self.type("sleep 4711; echo status $?\n")
        self.expect("4711")
        self.wait_for_foreground("sleep")
        self.type("\x03")
        self.expect("status 130|\\^C")
        self.expect("@ $")
        self.type("sleep 4712\n")
        self.wait_for_foreground("sleep")
        self.type("\x1a")
        self.expect("Stopped")
        self.type("jobs; fg\n")
        self.expect("Stopped.*sleep 4712[^@]*sleep 4712")
        self.wait_for_foreground("sleep")
        self.type("\x03")
        self.expect("@ $")
        self.type("trap 'echo resized' WINCH\n")
        self.expect("@ $")
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, b"\x28\0\x64\0\0\0\0\0")
        self.type("\n")
        self.expect("resized")
        self.type("exit 6\n")
        self.assertEqual(6, shell.wait(20))

    def wait_for_foreground(self, name):
        """The terminal's foreground group is led by a process of that name."""
        wait_until(lambda: read_text(f"/proc/{os.tcgetpgrp(self.master)}/comm").strip() == name,
                   f"{name} in the foreground")

    def test_a_shell_of_pid_1_has_job_control(self):
        self.check_job_control(self.shell("unshare", "--pid", "--fork", "--kill-child=KILL",
                                          "--mount", "--mount-proc"))

    def test_a_shell_of_the_sessions_leader_has_job_control(self):
        self.check_job_control(self.shell())

    def test_a_stopped_command_of_pid_1_goes_on_since_nobody_could_continue_it(self):
        shell = self.shell()
        self.type(f"exec unshare --pid --fork --mount-proc {BIN}/berth -- "
                  "bash -c 'echo go; read word; echo gone on $word; exit 3'\n")
        self.expect("\ngo\r")
        self.type("\x1a")
        self.expect(r"\^Z")
        self.type("now\n")
        self.expect("gone on now")
        self.assertEqual(3, shell.wait(20))

    def test_as_a_job_of_a_shell_it_stops_and_continues_with_its_command(self):
        shell = self.shell()
        self.type(f"{BIN}/berth -- cat\n")
        self.wait_for_foreground("cat")
        self.type("\x1a")
        self.expect("Stopped")
        self.type("fg\n")
        self.wait_for_foreground("cat")
        self.type("word\n")
        self.expect("word\r\nword\r\n")
        self.type("\x03")
        self.expect("@ $")
        self.type("exit 0\n")
        self.assertEqual(0, shell.wait(20))


if __name__ == "__main__":
    unittest.main()
