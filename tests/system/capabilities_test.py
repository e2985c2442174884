# PID 1 with less than everything: capabilities, system calls, root, or a place for its run dir.
import os
import signal
import unittest

import process_test
import reaping_test
import stopping_test
from harness import CONTAINER_CAPABILITIES, HERE, PYTHON, SystemTest, wait_until
from proxied import TenantTest

AS_IN_A_CONTAINER = ["setpriv", "--bounding-set",
                     "-all," + ",".join("+" + name for name in CONTAINER_CAPABILITIES.split(","))]


class InContainer:
    """Boots every berth of a test with a container's capabilities."""

    def boot(self, *arguments, wrapper=(), **boot):
        return super().boot(*arguments, wrapper=[*AS_IN_A_CONTAINER, *wrapper], **boot)


class Reaping(InContainer, reaping_test.Reaping):
    pass


class Birth(InContainer, reaping_test.Birth):
    pass


class ProcessBirth(InContainer, process_test.Birth):
    pass


class Variables(InContainer, process_test.Variables):
    pass


class Rights(InContainer, process_test.Rights):
    pass


class AutoUsers(InContainer, process_test.AutoUsers):
    pass


class LeftBehind(InContainer, stopping_test.LeftBehind):
    pass


class Memory(InContainer, TenantTest):
    def test_memory_of_other_users_units_is_measured(self):
        """Root without CAP_SYS_PTRACE may not read their smaps_rollup itself."""
        self.service("store", ["sleep", "4711"], rest='[process]\nuser = "www-data"')
        self.proxy()
        self.template(rest='[process]\nuser = "www-data"')
        self.instances("a")
        berth = self.boot_web()
        self.get_ok("/a/")

        rows = {row["name"]: row for row in berth.ctl_json("memory")["units"]}

        for name in ("berth", "web", "store", "app@a"):
            for kind in ("rss", "pss", "private"):
                self.assertGreater(rows[name][kind] or 0, 0, (name, kind, rows))


class UnderOldSeccomp:
    """Boots every berth of a test without clone3, pidfds and close_range."""

    def boot(self, *arguments, wrapper=(), **boot):
        return super().boot(*arguments, wrapper=[*wrapper, PYTHON, "-E", "-B",
                                                 str(HERE / "old_seccomp.py")], **boot)


class ProcessUnderOldSeccomp(UnderOldSeccomp, process_test.Variables):
    pass


class OldSeccomp(UnderOldSeccomp, SystemTest):
    """Everything works as with them."""

    def test_units_start_restart_and_stop(self):
        self.service("a", ["sleep", "4711"], service='restart_delay = "10ms"')
        self.service("b", ["/nonexistent/program"])
        berth = self.boot()
        first = berth.wait_for_process("sleep 4711")
        berth.wait_for_line("b: failed: execute /nonexistent/program: No such file")

        os.kill(first.pid, signal.SIGKILL)

        berth.wait_for_line("a: killed by SIGKILL")
        child = berth.wait_for_process("sleep 4711")
        self.assertNotEqual(first.pid, child.pid)
        # A program that has just been executed has its libraries open for a moment.
        wait_until(lambda: sorted(os.listdir(f"/proc/{child.pid}/fd")) == ["0", "1", "2"],
                   lambda: f"0, 1 and 2 in {os.listdir(f'/proc/{child.pid}/fd')}")
        self.assertEqual(0, berth.stop())

    def test_nothing_of_a_unit_is_left(self):
        self.service("a", [self.script("escape", stopping_test.ESCAPEES + "exec sleep 4712")],
                     service='stop_timeout = "300ms"')
        berth = self.boot(pid1=False)
        for name in stopping_test.LeftBehind.ESCAPED:
            berth.wait_for_process(name)

        self.assertEqual(0, berth.stop())


class WithoutRunDir(SystemTest):
    def test_units_run_where_no_run_dir_can_be_made(self):
        self.run_dir = "/proc/nonexistent"
        self.service("a", ["sleep", "4711"])

        berth = self.boot()

        berth.wait_for_process("sleep 4711")
        berth.wait_for_line("warning: .*run dir.*/proc/nonexistent")
        self.assertEqual(0, berth.stop())


class WithoutRoot(SystemTest):
    def test_a_user_can_try_berth_without_any_right(self):
        """Units are read from where nobody else can write; here, only root can."""
        self.service("a", ["sleep", "4711"])
        self.folder.chmod(0o777)
        berth = self.boot(pid1=False, wrapper=["setpriv", "--reuid=www-data", "--regid=www-data",
                                               "--clear-groups", "--bounding-set=-all"])

        child = berth.wait_for_process("sleep 4711")

        self.assertEqual(1, berth.output().count("not PID 1: it reaps what descends from it"))
        self.assertEqual("0" * 16, child.status()["SigIgn"])
        self.assertEqual(0, berth.stop())


if __name__ == "__main__":
    unittest.main()
