# berth as the entry point of real containers, and what people do with those.
import fcntl
import os
import pty
import re
import subprocess
import termios
import time
import unittest

from containers import DEADLINE, RUN_OPTIONS, ContainerTest

PAGE = "http://127.0.0.1:8080/"
READ_PAGE = f"import urllib.request as u; print(u.urlopen('{PAGE}').read().decode())"
NEW_UNIT = '[service]\ncommand = ["sleep", "4711"]\n'


class Entry(ContainerTest):
    def states(self, container):
        listed = container.inside("berthctl", "list")
        # UNIT KIND STATE …, as many lines as there are units, then a blank one.
        rows = [line.split() for line in listed.split("\n\n")[0].splitlines()[1:]]
        return {row[0]: row[2] for row in rows}

    def wait_for_states(self, container, wanted):
        def look():
            try:
                return wanted.items() <= self.states(container).items()
            except AssertionError:
                return False  # berthctl comes too early
        self.until(look, lambda: f"{wanted} in\n{container.output()}")

    def until(self, condition, what):
        end = time.monotonic() + DEADLINE
        while not condition():
            self.assertLess(time.monotonic(), end, what() if callable(what) else what)
            time.sleep(0.1)

    def test_it_is_pid_1_and_serves_and_stops_in_time(self):
        container = self.start()
        self.wait_for_states(container, {"hello": "running", "web": "running"})

        self.assertEqual("berth\n", container.inside("cat", "/proc/1/comm"))
        self.assertIn("<", container.inside("python3", "-c", READ_PAGE))
        self.assertLess(container.stop(), 8)
        self.assertEqual(0, container.wait())
        self.assertIn("shutting down: SIGTERM from outside", container.output())

    def test_kill_hup_reloads(self):
        container = self.start()
        self.wait_for_states(container, {"hello": "running"})
        container.inside("sh", "-c", f"printf '%s' '{NEW_UNIT}' >/etc/berth/units/new.toml")

        container.signal("HUP")

        self.wait_for_states(container, {"hello": "running", "new": "running"})

    def test_the_signal_for_an_init_stops_it(self):
        """SIGRTMIN+3, which podman sends to what it takes for systemd."""
        container = self.start("--stop-signal", "37")
        self.wait_for_states(container, {"hello": "running"})

        container.stop()

        self.assertEqual(0, container.wait())
        self.assertIn("shutting down: signal 37", container.output())

    def test_what_is_orphaned_by_exec_is_reaped(self):
        container = self.start()
        self.wait_for_states(container, {"hello": "running"})

        container.inside("sh", "-c", "for i in $(seq 50); do (sleep 0.1 &); done")

        sleepers = "grep -ls '^Name:.sleep$' /proc/[0-9]*/status || true"
        self.until(lambda: not container.inside("sh", "-c", sleepers), "no sleep, alive or not")

    def test_a_read_only_root_will_do(self):
        container = self.start("--read-only")

        self.wait_for_states(container, {"hello": "running", "web": "running"})
        container.stop()
        self.assertEqual(0, container.wait())

    def test_no_folder_that_can_be_written_will_do(self):
        container = self.start("--read-only", "--read-only-tmpfs=false")

        container.wait_for_line("without a run dir there is no berthctl and no generated unit: "
                                ".*Read-only file system")

        def has_page():
            try:
                return container.inside("python3", "-c", READ_PAGE)
            except AssertionError:
                return False  # too early
        self.until(has_page, lambda: f"a page; {container.output()}")
        container.stop()
        self.assertEqual(0, container.wait())

    def test_another_user_may_run_it(self):
        """A unit that names a user fails, since that protects; berth goes on."""
        container = self.start("--user", "1000:1000", "--tmpfs", "/run/berth:mode=1777")

        self.wait_for_states(container, {"hello": "failed"})

        self.assertIn('hello: failed: [process] user "www-data": berth does not run as root',
                      container.output())
        container.wait_for_line(r'web: .*\[proxy\] user "proxy": berth does not run as root')
        container.stop()
        self.assertEqual(0, container.wait())

    def test_it_needs_no_capability(self):
        container = self.start("--cap-drop=all")

        self.wait_for_states(container, {"hello": "failed"})
        container.wait_for_line(r'web: .*\[proxy\] user "proxy": berth does not run as root')

        container.stop()
        self.assertEqual(0, container.wait())


class Command(ContainerTest):
    def test_its_exit_status_is_the_containers(self):
        for status in (0, 3, 143):
            self.assertEqual(status, self.start(arguments=["--", "sh", "-c",
                                                           f"exit {status}"]).wait())
        self.assertEqual(127, self.start(arguments=["--", "no-such"]).wait())

    def test_it_runs_with_no_rights_and_nothing_to_write(self):
        container = self.start("--read-only", "--read-only-tmpfs=false", "--user", "1000:1000",
                               "--cap-drop=all", arguments=["--", "sh", "-c", "id -u; exit 5"])

        self.assertEqual(5, container.wait())
        self.assertEqual("1000\n", container.output())

    def test_stop_reaches_it(self):
        script = "trap 'echo told; exit 9' TERM; echo ready; while :; do sleep 0.05; done"
        container = self.start(arguments=["--", "sh", "-c", script])
        container.wait_for_line("ready")

        self.assertLess(container.stop(), 5)

        self.assertEqual(9, container.wait())
        self.assertIn("told", container.output())

    def test_a_shell_on_a_terminal_has_job_control(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        shell = subprocess.Popen(
            [*self.podman.command, "run", "-it", "--rm", *RUN_OPTIONS, "--env", "PS1=@ ",
             "--env", "TERM=dumb", "localhost/berth-minimal", "--", "bash", "--norc",
             "--noprofile", "-i"],
            stdin=slave, stdout=slave, stderr=slave, preexec_fn=own_terminal)
        os.close(slave)
        self.addCleanup(shell.wait)
        self.addCleanup(shell.kill)
        terminal = Terminal(self, master)

        terminal.expect("@ $")
        self.assertNotIn("no job control", terminal.seen)
        terminal.type("tty\n")
        terminal.expect("/dev/pts/0\r")
        terminal.type("cat\n")
        terminal.expect("cat\r\n")
        terminal.type("word\n")
        terminal.expect("word\r\nword\r\n")
        terminal.type("\x1a")
        terminal.expect("Stopped")
        terminal.type("fg\n")
        terminal.expect("fg\r\ncat\r\n")
        terminal.type("\x03")
        terminal.expect("@ $")
        terminal.type("exit 6\n")
        self.assertEqual(6, shell.wait(DEADLINE))


class Terminal:
    """The other side of a terminal."""

    def __init__(self, test, master):
        self.test, self.master, self.seen = test, master, ""
        os.set_blocking(master, False)

    def type(self, text):
        self.seen = ""
        os.write(self.master, text.encode())

    def expect(self, pattern):
        end = time.monotonic() + DEADLINE
        while not re.search(pattern, self.seen):
            self.test.assertLess(time.monotonic(), end, f"{pattern!r} in {self.seen!r}")
            try:
                self.seen += os.read(self.master, 4096).decode(errors="replace")
            except OSError:
                time.sleep(0.02)


if __name__ == "__main__":
    unittest.main()
