# The machine refuses what berth asks of it: units wait or fail, PID 1 goes on, and all is well when
# the machine is.
import errno
import os
import shutil
import subprocess
import unittest

from faults import FaultTest, limit_of
from harness import DEADLINE, UBSAN_READS_BY_PIPES, kill, not_sanitized, read_text, wait_until

SLEEP = ["sleep", "4711"]
OFTEN = 'restart_delay = "10ms"\nrestart_limit = 1000'


def cpu_seconds(pid):
    """What a process has used of the processor."""
    fields = read_text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Forking(FaultTest):
    def test_a_unit_is_tried_again_until_the_machine_has_room_for_a_process(self):
        for number in (errno.EAGAIN, errno.ENOMEM):
            with self.subTest(errno.errorcode[number]):
                self.service("a", SLEEP, unit='start = "manual"',
                             service='restart_delay = "10ms"\nrestart_limit = 100')
                self.service("b", ["sleep", "4712"])
                berth = self.boot_faulty("clone3")
                berth.wait_for_process("sleep 4712")
                self.wait_for_berthctl(berth)  # berth-admin is there before no process can be started

                self.faults.fail(berth, number, "clone3", times=3)
                berth.ctl("start", "a")

                berth.wait_for_process("sleep 4711")
                self.assertEqual(3, self.faults.failed)
                berth.wait_for_line(f"a: fork for .*/sleep: {os.strerror(number)}; again in")
                self.assertEqual(1, len(berth.processes("sleep 4712")))
                self.assertEqual(0, berth.stop())

    def ask_while_failing(self, call):
        self.service("a", SLEEP)
        berth = self.boot_faulty(call)
        berth.wait_for_process("sleep 4711")
        used = cpu_seconds(berth.pid)

        self.faults.fail(berth, errno.EAGAIN, call)
        asking = self.ctl_in_background("status")
        wait_until(lambda: self.faults.failed >= 3, "it is tried again")
        self.faults.heal()

        self.assertIn("running", asking.communicate(timeout=DEADLINE)[0])
        self.assertLess(self.faults.failed, 10)
        self.assertLess(cpu_seconds(berth.pid) - used, 1)
        self.assertEqual(0, berth.stop())

    def test_berthctl_is_answered_as_soon_as_a_process_can_be_started(self):
        self.ask_while_failing("clone3")

    def test_berthctl_is_answered_as_soon_as_there_are_sockets(self):
        self.ask_while_failing("socketpair")

    @not_sanitized(UBSAN_READS_BY_PIPES)
    def test_berthctl_is_answered_as_soon_as_there_are_pipes(self):
        self.ask_while_failing("pipe2")


class Descriptors(FaultTest):
    @not_sanitized(UBSAN_READS_BY_PIPES)
    def test_a_unit_is_tried_again_until_there_are_descriptors(self):
        self.service("a", SLEEP, unit='start = "manual"',
                     service='restart_delay = "10ms"\nrestart_limit = 100')
        berth = self.boot_faulty("pipe2")
        self.wait_for_berthctl(berth)

        self.faults.fail(berth, errno.EMFILE, "pipe2", times=5)
        berth.ctl("start", "a")

        berth.wait_for_process("sleep 4711")
        self.assertEqual(5, self.faults.failed)
        berth.wait_for_line("a: .*Too many open files; again in")

    def test_what_a_unit_leaves_behind_is_found_when_there_are_descriptors(self):
        """The sweep reads /proc, for which it needs one."""
        self.service("a", [self.script("a", "setsid sleep 4712 & sleep 4711 & wait")])
        berth = self.boot_faulty("openat")
        berth.wait_for_process("sleep 4712")
        self.wait_for_berthctl(berth)

        self.faults.fail(berth, errno.EMFILE, "openat")
        stopping = self.ctl_in_background("stop", "a")
        wait_until(lambda: self.faults.failed, "it looks for processes")
        self.faults.heal()

        self.assertEqual(0, stopping.wait(DEADLINE))
        self.assertEqual([], berth.processes("sleep"))

    def test_a_limit_that_is_reached_fails_units_and_not_berth(self):
        for name in "abcdefgh":
            self.service(name, SLEEP, unit='start = "manual"',
                         service=OFTEN)
        berth = self.boot()
        self.wait_for_berthctl(berth)

        limit_of(berth, "nofile", 24)
        self.ctl_in_background("start", *"abcdefgh")
        berth.wait_for_line("Too many open files; again in")
        limit_of(berth, "nofile", 1024)

        berth.wait_for_process("sleep 4711", 8)
        self.wait_for_berthctl(berth)
        self.assertEqual(0, berth.stop())


class Disks(FaultTest):
    def test_a_full_run_dir_fails_what_needs_it_until_there_is_room(self):
        self.run_dir.mkdir(0o755)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=24,mode=755", "none",
                        self.run_dir], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.run_dir], check=True)
        self.service("a", SLEEP)
        self.service("b", ["sleep", "4712"], unit='start = "manual"',
                     service=OFTEN,
                     rest='[process]\nenv = { WHERE = "${run_dir}" }')
        berth = self.boot()
        berth.wait_for_process("sleep 4711")
        self.wait_for_berthctl(berth)
        with self.assertRaisesRegex(OSError, "No space left"):
            for number in range(24):
                self.path(f"run-dir/full{number}").touch()

        self.ctl_in_background("start", "b")
        berth.wait_for_line("b: mkdir .*: No space left on device; again in")
        self.assertEqual("running", berth.status("a")["state"])
        for file in self.run_dir.glob("full*"):
            file.unlink()

        berth.wait_for_process("sleep 4712")
        self.assertEqual(0, berth.stop())


class RunDir(FaultTest):
    def test_units_go_on_when_it_vanishes(self):
        self.service("a", SLEEP, service='restart_delay = "10ms"',
                     rest='[process]\nenv = { WHERE = "${run_dir}" }')
        berth = self.boot()
        first = berth.wait_for_process("sleep 4711").pid
        self.wait_for_berthctl(berth)

        shutil.rmtree(self.run_dir)
        kill(first)

        wait_until(lambda: first not in [each.pid for each in berth.processes("sleep 4711")] and
                   berth.processes("sleep 4711"), lambda: f"another life in\n{berth.output()}")
        self.assertEqual(0, berth.stop())

    def test_it_is_made_again_with_its_sockets_and_one_warning(self):
        tell = self.script("tell", "python3 -c '\n"
                           "import os, socket\n"
                           "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                           's.sendto(b"READY=1\\nSTATUS=here", os.environ["NOTIFY_SOCKET"])\'\n'
                           "exec sleep 4711")
        self.service("a", [tell], service="ready = { notify = true }")
        berth = self.boot()
        first = berth.wait_for_state("a", "running")["main_pid"]
        self.wait_for_berthctl(berth)
        berth.close_feed()

        for turn in (1, 2):
            shutil.rmtree(self.run_dir)
            wait_until(lambda turn=turn: berth.output().count("somebody has removed") == turn,
                       berth.output)
            self.wait_for_berthctl(berth)
            self.assertEqual(first, berth.status("a")["main_pid"])
        self.assertEqual(0, berth.ctl("restart", "a").returncode)

        status = berth.wait_for_state("a", "running")
        self.assertNotEqual(first, status["main_pid"])
        self.assertEqual("here", status["says"])
        self.assertNotIn("berth-admin ended", berth.output())
        self.assertEqual(0, berth.stop())
        self.assertEqual(2, berth.output().count("somebody has removed"))

    def test_one_socket_that_is_removed_comes_back(self):
        self.service("a", SLEEP)
        berth = self.boot()
        self.wait_for_berthctl(berth)

        self.path("run-dir/admin.sock").unlink()

        berth.wait_for_line("warning: somebody has removed .*/run-dir, or what berth has there")
        self.wait_for_berthctl(berth)
        self.assertEqual(0, berth.stop())


if __name__ == "__main__":
    unittest.main()
