# Cgroups of version 2 with all controllers, as berth uses them for units.
from vm import VmTest

NOBODY = {"/etc/passwd": "nobody:x:65534:65534::/:\n", "/etc/group": "nogroup:x:65534:\n"}
PROGRAMS = ("sh", "cat", "grep", "head", "tr", "mkdir", "mount", "sleep", "setsid", "ls")

# Doubles until there is no more.
HOG = """
[service]
command = ["sh", "-c", "echo hog; a=x; while :; do a=$a$a; done"]
restart = "never"
[memory]
limit = "32M"
"""
LARGE = """
[service]
command = ["sh", "-c", "a=$(head -c 20000000 /dev/zero | tr '\\\\0' x); while :; do sleep 1; done"]
restart_window = "1h"
[memory]
high = "10M"
on_high = "restart"
"""
BOMB = """
[service]
command = ["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do sleep 4711 & done; wait"]
restart = "never"
[process]
pids_max = 4
"""
# Leaves one behind that has neither its session nor its parent.
FAMILY = """
[service]
command = ["sh", "-c", "(setsid sh -c 'sleep 4712 & exec setsid sleep 4713' &); exec sleep 4714"]
[process]
cpu_weight = 50
pids_max = 9
[memory]
limit = "64M"
"""
LOOK = """#!/bin/sh
wait_for() {
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do eval "$1" && return; sleep 1; done
  echo "IN VAIN: $1"
}
wait_for 'berthctl status hog | grep -q "state: failed"'
wait_for '[ "$(cat /sys/fs/cgroup/*/unit-family/cgroup.procs /sys/fs/cgroup/*/*/unit-family/cgroup.procs 2>/dev/null | grep -c .)" = 3 ]'
wait_for 'berthctl logs large | grep -q restarts'
group=$(ls -d /sys/fs/cgroup/*/unit-family /sys/fs/cgroup/*/*/unit-family 2>/dev/null)
for file in memory.max memory.high pids.max cpu.weight; do
  echo "FAMILY $file $(cat $group/$file)"
done
echo "SELF $(cat /proc/1/cgroup)"
berthctl status family | grep memory:
berthctl memory | grep family
berthctl stop family
berthctl status family | grep state:
[ -d $group ] || echo "GROUP GONE"
for each in /proc/[0-9]*/cmdline; do
  grep -q 'sleep.471[234]' $each 2>/dev/null && echo "LEFT $each"
done
kill -TERM 1
"""
STEADY = """
[service]
command = ["sh", "-c", "a=$(head -c 20000000 /dev/zero | tr '\\\\0' x); echo up; while :; do sleep 1; done"]
ready = {{ log = "up" }}
[process]
{process}
[memory]
{memory}
"""
# New limits for what runs: the first fit, the last does not.
RELOADS = """#!/bin/sh
group=$(ls -d /sys/fs/cgroup/*/unit-steady)
pid() { berthctl --json status steady | grep -o '"main_pid": *[0-9]*'; }
say() {
  for file in memory.max memory.high pids.max cpu.weight; do echo "$1 $file $(cat $group/$file)"; done
  echo "$1 $(berthctl status steady | grep 'memory:')"
}
before=$(pid)
for file in more none; do
  cat /$file >/etc/berth/units/steady.toml
  berthctl reload
  say $file
done
[ -n "$before" ] && [ "$(pid)" = "$before" ] && echo "THE SAME PROCESS"
cat /less >/etc/berth/units/steady.toml
berthctl reload
[ "$(pid)" = "$before" ] || echo "ANOTHER PROCESS"
kill -TERM 1
"""
# A container's: berth begins in a group that is not the root of all, beside another process.
IN_A_BOX = """#!/bin/sh
mkdir -p /proc /sys
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir /sys/fs/cgroup/box
echo "+memory +pids +cpu" >/sys/fs/cgroup/cgroup.subtree_control
echo $$ >/sys/fs/cgroup/box/cgroup.procs
sleep 4715 &
exec /usr/sbin/berth
"""


class CgroupV2(VmTest):
    def look(self, **boot):
        vm = self.boot(units={"hog": HOG, "large": LARGE, "bomb": BOMB, "family": FAMILY,
                              "look": '[job]\ncommand = ["/look"]\n'},
                       programs=PROGRAMS, files={"/look": LOOK, **NOBODY}, **boot)
        vm.wait()
        self.assert_said(
            vm,
            r"hog: failed: killed by the kernel: out of memory \(limit 32M\)",
            r"large: over \[memory\] high \(10M\): has \d+M: restarts",
            r"bomb\].*Cannot fork",
            "FAMILY memory.max 67108864", "FAMILY memory.high max", "FAMILY pids.max 9",
            "FAMILY cpu.weight 50",
            r"memory: \S+(, \S+ at most so far)? \(limit 64M; by cgroup v2\)",
            r"family +3 .*cgroup v2",
            "state: inactive", "GROUP GONE", "the end", "reboot: Power down")
        self.assertNotIn("LEFT", vm.output())
        self.assertNotIn("IN VAIN", vm.output())
        self.assertNotIn("has no effect here", vm.output())
        return vm

    def test_units_are_limited_and_swept_by_their_groups(self):
        vm = self.look()

        self.assert_said(vm, "SELF 0::/$")  # the root group may have processes and controllers

    def test_a_reload_gives_new_limits_to_what_runs(self):
        look = '[unit]\nrequires = ["steady"]\n[job]\ncommand = ["/look"]\n'
        versions = {"more": STEADY.format(process="pids_max = 30\ncpu_weight = 20",
                                          memory='limit = "128M"\nhigh = "100M"'),
                    "none": STEADY.format(process="", memory=""),
                    "less": STEADY.format(process="", memory='limit = "16M"\n')}
        vm = self.boot(units={"steady": STEADY.format(process="pids_max = 20",
                                                      memory='limit = "64M"'), "look": look},
                       programs=PROGRAMS, files={"/look": RELOADS, **NOBODY, **{
                           f"/{name}": text for name, text in versions.items()}})
        vm.wait()

        self.assert_said(
            vm, "changed steady: process.cpu_weight, process.pids_max, memory.limit, memory.high; "
            "counts at once",
            "more memory.max 134217728", "more memory.high 104857600", "more pids.max 30",
            "more cpu.weight 20", r"more +memory: .*limit 128M", "none memory.max max",
            "none memory.high max", "none pids.max max", "none cpu.weight 100",
            "THE SAME PROCESS", "changed steady: memory.limit; restarts", "ANOTHER PROCESS",
            "reboot: Power down")

    def test_berth_moves_aside_in_a_group_of_its_own(self):
        vm = self.look(init=IN_A_BOX)

        self.assert_said(vm, "SELF 0::/box/berth-[^/]*/berth$")
