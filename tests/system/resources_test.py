# What a unit gets of the machine: cgroups, memory, and what happens where there are none.
import os
import re
import shlex
import signal
import socket
import unittest

from harness import PYTHON, SystemTest, process_of, read_text, wait_until
from proxied import TenantTest

# Takes MEGABYTES, writes to all of it, then waits.
HOLD = [PYTHON, "-S", "-E", "-c",
        "import sys, time; x = bytearray(b'x') * (int(sys.argv[1]) << 20); time.sleep(4711)"]
# Takes more and more.
HOG = [PYTHON, "-S", "-E", "-c", "x = []\nwhile True: x.append(bytearray(b'x') * (1 << 20))"]
# A container without cgroups of its own, as Docker makes it: they can be read, not written.
READ_ONLY_CGROUPS = ["sh", "-c", "for m in $(awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts); do "
                     "mount -o remount,bind,ro $m; done; exec \"$@\"", "sh"]
PR_GET_THP_DISABLE, PR_GET_MEMORY_MERGE = 42, 68


def groups_of(pid):
    """The groups of a process by controller; "" for version 2."""
    lines = [line.split(":", 2) for line in read_text(f"/proc/{pid}/cgroup").splitlines()]
    return {controller: path for _, controllers, path in lines
            for controller in controllers.split(",")}


class Groups(SystemTest):
    """A group for each unit, entered before exec, gone after the end."""

    def in_group(self, pid, controller):
        return "/unit-" in groups_of(pid).get(controller, "")

    def test_limits_are_those_of_a_group_that_goes_with_the_unit(self):
        self.service("store", ["sleep", "4711"],
                     rest='[process]\npids_max = 7\ncpu_weight = 50\n[memory]\nlimit = "64M"')
        berth = self.boot()
        pid = berth.wait_for_process("sleep 4711").pid
        folders = self.folders("store")
        values = {name: "".join(read_text(folder / name) for folder in folders).strip()
                  for name in ("memory.limit_in_bytes", "memory.max", "pids.max", "cpu.shares",
                               "cpu.weight")}

        self.assertIn("67108864", (values["memory.limit_in_bytes"], values["memory.max"]))
        self.assertEqual("7", values["pids.max"])
        self.assertIn((values["cpu.shares"], values["cpu.weight"]), [("512", ""), ("", "50")])
        for folder in folders:
            self.assertEqual(str(pid), read_text(folder / "cgroup.procs").strip(), folder)

        berth.ctl("stop", "store")

        wait_until(lambda: not self.folders("store"), lambda: f"no {self.folders('store')}")
        self.assertEqual(0, berth.stop())
        self.assertEqual([], self.group_folders())

    def test_a_reload_gives_new_limits_to_what_runs(self):
        self.service("store", ["sleep", "4711"], rest='[process]\npids_max = 7\n[memory]\nlimit = "64M"')
        berth = self.boot()
        pid = berth.wait_for_process("sleep 4711").pid

        self.service("store", ["sleep", "4711"], rest='[process]\npids_max = 9\n[memory]\nlimit = "128M"')
        self.assertIn("changed store: process.pids_max, memory.limit; counts at once",
                      berth.ctl("reload").stdout)

        values = [read_text(folder / name).strip() for folder in self.folders("store")
                  for name in ("memory.limit_in_bytes", "memory.max", "pids.max")]
        self.assertIn("134217728", values)
        self.assertIn("9", values)
        self.assertEqual(pid, berth.wait_for_process("sleep 4711").pid)

    def test_what_follows_a_killed_group_is_not_killed_with_it(self):
        deaf = self.script("deaf", "trap '' TERM\necho deaf >> $TRACE\nwhile :; do sleep 1; done")
        main = self.script("main", f"trap 'exit 0' TERM\n{deaf} &\nwhile :; do wait; done")
        self.service("a", [main], service='after_stop = [["sh", "-c", "echo back-up >> $TRACE"]]')
        berth = self.boot()
        self.wait_for_trace("deaf")

        self.assertEqual(0, berth.stop())

        self.assertEqual(["deaf", "back-up"], self.trace())

    def test_a_unit_that_is_over_its_limit_is_killed_alone_and_in_words(self):
        self.service("hog", HOG, service='restart = "never"', rest='[memory]\nlimit = "32M"')
        self.service("other", ["sleep", "4711"])
        berth = self.boot()
        berth.wait_for_line("hog: failed")

        status = berth.status("hog")

        self.assertEqual("killed by the kernel: out of memory (limit 32M)", status["last_exit"])
        self.assertEqual(status["last_exit"], status["reason"])
        berth.wait_for_line(r"hog: failed: killed by the kernel: out of memory \(limit 32M\)")
        self.assertEqual("running", berth.status("other")["state"])

    def test_a_child_that_is_killed_is_told_of(self):
        """The main process, which is small, goes on."""
        hog = self.script("hog", shlex.join(HOG) + "\nexec sleep 4711")
        self.service("parent", [hog], rest='[memory]\nlimit = "32M"')
        berth = self.boot()

        berth.wait_for_line("parent: the kernel has killed 1 of its processes: out of memory")

        self.assertEqual("running", berth.status("parent")["state"])

    def test_a_sigkill_is_no_lack_of_memory(self):
        self.service("store", ["sleep", "4711"], service='restart = "never"',
                     rest='[memory]\nlimit = "64M"')
        berth = self.boot()

        os.kill(berth.wait_for_process("sleep 4711").pid, signal.SIGKILL)

        self.assertEqual("killed by SIGKILL", berth.wait_for_state("store", "failed")["last_exit"])

    def test_the_number_of_processes_is_limited(self):
        self.service("bomb", [self.script("bomb", "for i in 1 2 3 4 5 6 7 8; do sleep 4711 & done\n"
                                          "echo survived >>$TRACE; wait")],
                     service='restart = "never"', rest="[process]\npids_max = 3")
        berth = self.boot()

        berth.wait_for_line("(?i)cannot fork|resource temporarily unavailable")

        self.assertLess(len(berth.processes("sleep 4711")), 3)

    def test_what_escapes_every_other_mark_is_found_by_its_group(self):
        """No unit group id, a session of its own, no parent left; as root, so all that can be had."""
        escape = ("import os, time\n"
                  "if os.fork() == 0:\n"
                  "    os.setgroups([]); os.setsid()\n"
                  "    if os.fork() == 0:\n"
                  "        os.setsid(); time.sleep(4711)\n"
                  "    os._exit(0)\n"
                  "time.sleep(4712)\n")
        path = self.write(self.path("escape.py"), escape)
        self.service("root", [PYTHON, "-S", "-E", str(path)], service='stop_timeout = "300ms"')
        berth = self.boot()
        berth.wait_for_process("escape.py", 2)

        berth.ctl("stop", "root")

        self.assertEqual([], berth.processes("escape.py"))

    def test_a_crashed_berth_leaves_nothing_to_the_next(self):
        self.service("store", ["sleep", "4711"], rest='[memory]\nlimit = "64M"')
        first = self.boot(pid1=False)
        old = first.wait_for_process("sleep 4711")
        first.signal(signal.SIGKILL)
        first.wait()
        self.assertNotEqual([], self.folders("store"))

        second = self.boot(pid1=False)

        second.wait_for_line(r"an earlier berth has left 1 processes in .*: they are killed")
        wait_until(lambda: process_of(old.pid) is None or process_of(old.pid).state == "Z",
                   "the old one is gone")
        second.wait_for_process("sleep 4711")
        self.assertEqual(0, second.stop())
        self.assertEqual([], self.group_folders())


class WithoutGroups(SystemTest):
    """What is said, and done, where no group can be written."""

    def boot(self, **boot):
        return super().boot(wrapper=READ_ONLY_CGROUPS, **boot)

    def test_what_cannot_be_had_is_said_once(self):
        for name in ("a", "b"):
            self.service(name, ["sleep", "4711"],
                         rest='[process]\npids_max = 7\ncpu_weight = 50\n[memory]\nlimit = "64M"')
        berth = self.boot()
        berth.wait_for_process("sleep 4711", 2)

        text = berth.output()

        for key in (r"\[process\] pids_max has no effect here: ",
                    r"\[process\] cpu_weight has no effect here: ",
                    r"\[memory\] limit is kept by berth itself, which measures from time to time: "):
            self.assertEqual(1, len(re.findall(key + ".*is not writable", text)), text)
        self.assertEqual([], self.group_folders())

    def test_berth_keeps_a_limit_itself(self):
        """Another user's unit: root without CAP_SYS_PTRACE may not read its figures."""
        self.service("store", [*HOLD, "80"], service='restart = "never"',
                     rest='[process]\nuser = "www-data"\n[memory]\nlimit = "40M"')
        self.service("other", [*HOLD, "5"], rest='[memory]\nlimit = "200M"')
        berth = self.boot()
        berth.wait_for_line("store: failed")

        status = berth.status("store")

        self.assertRegex(status["reason"],
                         r"^killed by berth: over \[memory\] limit \(40M\): has (8|9)\dM$")
        other = wait_until(lambda: (found := berth.status("other"))["memory_by"] and found,
                           "the other one is measured")
        self.assertEqual(("running", "RSS", 200 << 20),
                         (other["state"], other["memory_by"], other["memory_limit"]))

    def test_shared_memory_counts_in_proportion(self):
        """Ten processes that share 30M have 30M, however large each looks."""
        share = ("import os, time\nx = bytearray(b'x') * (30 << 20)\n"
                 "for _ in range(9):\n    if os.fork() == 0: break\n"
                 "time.sleep(4711)\n")
        path = self.write(self.path("share.py"), share)
        self.service("store", [PYTHON, "-S", "-E", str(path)], rest='[memory]\nlimit = "150M"')
        berth = self.boot()
        berth.wait_for_process("share.py", 10)

        status = wait_until(lambda: (found := berth.status("store"))["memory_by"] == "PSS" and found,
                            lambda: f"PSS is measured: {berth.status('store')}\n{berth.output()}")

        self.assertEqual("running", status["state"])
        self.assertLess(status["memory_current"], 150 << 20)


class High(SystemTest):
    """What follows from having more than `high`."""

    def test_it_is_said_once(self):
        self.service("store", [*HOLD, "60"], rest='[memory]\nhigh = "40M"')
        berth = self.boot()

        berth.wait_for_line(r"store: over \[memory\] high \(40M\): has (6|7)\dM")

        self.assertEqual("running", berth.status("store")["state"])

    def test_a_service_is_restarted_once_in_its_window(self):
        self.service("store", [*HOLD, "60"], service='restart_window = "1h"',
                     rest='[memory]\nhigh = "40M"\non_high = "restart"')
        berth = self.boot()
        first = berth.wait_for_process("4711").pid

        berth.wait_for_line(r"store: over \[memory\] high \(40M\): has \d+M: restarts")

        second = wait_until(lambda: next((p.pid for p in berth.processes("4711")
                                          if p.pid != first), None), "a second life")
        berth.wait_for_line(r"store: over \[memory\] high \(40M\): has \d+M$")
        self.assertEqual(second, berth.wait_for_process("4711").pid)

    def test_page_cache_does_not_count(self):
        file = self.path("large")
        self.service("reader", ["sh", "-c", f"head -c 83886080 /dev/zero >{file}; "
                                f"cat {file} >/dev/null; echo read; sleep 4711"],
                     rest='[memory]\nlimit = "400M"\nhigh = "16M"\non_high = "restart"')
        berth = self.boot()
        berth.wait_for_line("reader.* read")

        self.service("large", [*HOLD, "60"], rest='[memory]\nhigh = "40M"')
        self.assertEqual(0, berth.ctl("reload").returncode)
        berth.wait_for_line(r"large: over \[memory\] high")  # a look at all of them

        self.assertNotIn("reader: over", berth.output())
        self.assertGreater(berth.status("reader")["memory_current"], 16 << 20)

    def test_the_state_is_shown(self):
        self.service("store", [*HOLD, "20"], rest='[memory]\nlimit = "64M"\nhigh = "60M"')
        berth = self.boot()
        berth.wait_for_process("4711")

        status = wait_until(lambda: (found := berth.status("store"))["memory_current"] > 20 << 20
                            and found, "it has its memory")
        rows = {row["name"]: row for row in berth.ctl_json("memory")["units"]}

        self.assertRegex(status["memory_by"], "^cgroup v[12]$")
        self.assertEqual((64 << 20, 60 << 20), (status["memory_limit"], status["memory_high"]))
        self.assertGreaterEqual(status["memory_peak"], status["memory_current"])
        self.assertEqual(status["memory_by"], rows["store"]["measured_by"])
        self.assertGreater(rows["store"]["cgroup"], 20 << 20)
        self.assertRegex(berth.ctl("status", "store").stdout,
                         r"memory: \d+M, \d+M at most so far \(limit 64M, high 60M; by cgroup v[12]\)")


class Idle(TenantTest):
    """on_high = "restart-when-idle" of a tenant."""

    def test_an_idle_tenant_is_stopped_and_comes_with_the_next_request(self):
        self.proxy()
        self.template(rest='[memory]\nhigh = "1M"\non_high = "restart-when-idle"')
        self.instances("a")
        berth = self.boot_web()

        self.get_ok("/a/")

        berth.wait_for_line(r"app@a: stops: over \[memory\] high \(1.0M\): has ")
        berth.wait_for_state("app@a", "inactive")
        self.get_ok("/a/")


class IdleService(SystemTest):
    """The same of a service: idle as on_change means it."""
    SERVER = ("import socket, sys, time\nx = bytearray(b'x') * (60 << 20)\n"
              "s = socket.socket(fileno=3)\nwhile True:\n  c = s.accept()[0]\n  c.recv(1)\n  c.close()")

    def test_a_service_is_restarted_once_nobody_is_connected(self):
        self.service("store", [PYTHON, "-S", "-E", "-c", self.SERVER],
                     service=f'listen = ["unix:{self.path("socket")}"]\nrestart_window = "1h"',
                     rest='[memory]\nhigh = "40M"\non_high = "restart-when-idle"')
        with socket.socket(socket.AF_UNIX) as client:
            berth = self.boot()
            wait_until(self.path("socket").exists, "it listens")
            client.connect(str(self.path("socket")))
            berth.wait_for_line(r"store: over \[memory\] high \(40M\): has \d+M: "
                                "restarts once nobody uses it")
            first = berth.status("store")["main_pid"]

        berth.wait_for_line(r"store: over \[memory\] high \(40M\): has \d+M: restarts$")
        wait_until(lambda: berth.status("store")["main_pid"] not in (0, first), "a second life")


class Levers(SystemTest):
    """How a unit uses its memory."""

    def test_an_allocator_is_preloaded_and_set_up(self):
        self.service("store", ["sleep", "4711"],
                     rest='[memory]\nallocator = "jemalloc"\narenas = 2\n'
                          'allocator_conf = "dirty_decay_ms:500"')
        berth = self.boot(env={"LD_PRELOAD": "", "MALLOC_CONF": "narenas:9"})
        pid = berth.wait_for_process("sleep 4711").pid

        wait_until(lambda: "libjemalloc.so.2" in read_text(f"/proc/{pid}/maps"), "jemalloc is there")
        environment = read_text(f"/proc/{pid}/environ").split("\0")
        self.assertIn("MALLOC_CONF=narenas:2,dirty_decay_ms:500", environment)

    def test_huge_pages_and_merging_are_switched_in_the_child(self):
        ask = ("import ctypes, time; prctl = ctypes.CDLL(None).prctl; "
               f"print('thp', prctl({PR_GET_THP_DISABLE}, 0, 0, 0, 0), "
               f"'merge', prctl({PR_GET_MEMORY_MERGE}, 0, 0, 0, 0), flush=True); time.sleep(4711)")
        self.service("on", [PYTHON, "-c", ask], rest='[memory]\nhuge_pages = "never"\nmerge = true')
        self.service("off", [PYTHON, "-c", ask])
        berth = self.boot()

        merged = berth.wait_for_line(r"on\b.*thp 1 merge (-?\d)")[1]
        without = berth.wait_for_line(r"off\b.*thp 0 merge (-?\d)")[1]

        # -1: a kernel before 6.4 knows no merging, and that was said.
        if without == "-1":
            berth.wait_for_line(r"\[memory\] merge has no effect here: it takes Linux 6.4")
        else:
            self.assertEqual(("1", "0"), (merged, without))

    def test_a_tenant_is_the_first_to_go(self):
        self.unit("app@", '[tenant]\ncommand = ["sleep", "4711"]\nendpoint = "activated"\n')
        self.unit("instances", "[instances.app]\na = {}\n")
        self.service("store", ["sleep", "4712"])
        berth = self.boot()
        berth.wait_for_line("store: ready")
        berth.ctl("start", "app@a")

        tenant, store = (int(read_text(f"/proc/{berth.wait_for_process(command).pid}/oom_score_adj"))
                         for command in ("sleep 4711", "sleep 4712"))

        self.assertEqual(int(read_text(f"/proc/{berth.pid}/oom_score_adj")), store)
        self.assertEqual(500, tenant)


if __name__ == "__main__":
    unittest.main()
