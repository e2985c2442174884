# berth as the first process of a kernel.
from vm import VmTest

# Says what is mounted, and that the console and the loopback interface work.
LOOK = """#!/bin/sh
while read -r what where type options rest; do
  echo "MOUNTED $where $type $options"
done </proc/mounts
echo "LOOPBACK $(cat /sys/class/net/lo/flags)"
echo "CONTROLLERS $(cat /sys/fs/cgroup/cgroup.controllers)"
for each in null zero urandom ptmx console; do
  [ -c /dev/$each ] && echo "DEVICE $each"
done
[ -S /run/berth/admin.sock ] && echo "RUN DIR"
kill -TERM 1
"""
# As an initramfs of somebody else's may leave it.
MOUNTS_FIRST = """#!/bin/sh
mkdir /run /proc
mount -t tmpfs -o size=5m tmpfs /run
mount -t proc proc /proc
exec /usr/sbin/berth
"""
PROGRAMS = ("sh", "cat", "mkdir", "mount", "sleep")
SERVICE = """
[service]
command = ["sh", "-c", "trap 'echo STOPPED; exit 0' TERM; echo STARTED; while :; do sleep 1; done"]
"""


def job(script):
    return f'[unit]\nrequires = ["service"]\n[job]\ncommand = ["{script}"]\n'


class BareKernel(VmTest):
    def boot_with(self, script, more_files=None, **boot):
        return self.boot(units={"service": SERVICE, "look": job("/look")}, programs=PROGRAMS,
                         files={"/look": script, **(more_files or {})}, **boot)

    def test_it_mounts_what_is_missing_and_switches_the_machine_off(self):
        vm = self.boot_with(LOOK)

        vm.wait()

        # "reboot: Power down" is the kernel's.
        self.assert_said(
            vm, "STARTED", "MOUNTED /proc proc ", "MOUNTED /sys sysfs ", "MOUNTED /dev devtmpfs ",
            "MOUNTED /dev/pts devpts .*gid=5,mode=620", "MOUNTED /dev/shm tmpfs ",
            "MOUNTED /run tmpfs ", "MOUNTED /sys/fs/cgroup cgroup2 .*nsdelegate",
            "LOOPBACK 0x9$", "CONTROLLERS .*memory.*pids", "DEVICE null", "DEVICE ptmx", "RUN DIR",
            "STOPPED", "the end", "reboot: Power down")
        self.assertNotIn("first process of the kernel:", vm.output())
        self.assertNotIn("Kernel panic", vm.output())

    def test_it_restarts_the_machine_when_asked_as_systemd_is(self):
        vm = self.boot_with("#!/bin/sh\nkill -39 1\n")

        vm.wait()

        self.assert_said(vm, "STOPPED", "the end", "reboot: Restarting system")

    def test_berthctl_restarts_the_machine(self):
        vm = self.boot_with("#!/bin/sh\nberthctl shutdown --reboot\n",
                            more_files={"/etc/passwd": "nobody:x:65534:65534::/:\n",
                                        "/etc/group": "nogroup:x:65534:\n"})

        vm.wait()

        self.assert_said(vm, "asked to reboot by uid 0", "STOPPED", "the end",
                         "reboot: Restarting system")

    def test_a_crash_is_no_panic(self):
        vm = self.boot_with("#!/bin/sh\nkill -SEGV 1\n")

        vm.wait()

        self.assert_said(vm, r"berth: crash: SIGSEGV from pid \d+ at ",
                         r"berth: crash:   #\d+ berth\+", "berth: crash: nothing is left",
                         "reboot: Power down")
        self.assertNotIn("Kernel panic", vm.output())

    def test_a_command_alone_has_the_console_and_ends_the_machine(self):
        # The kernel lets no second -- through, so a script has to say it.
        vm = self.boot(units={}, programs=PROGRAMS,
                       init="#!/bin/sh\nexec /usr/sbin/berth -- /look\n",
                       files={"/look": "#!/bin/sh\necho COMMAND $$ $(cat /proc/1/comm)\n"
                                       "[ -t 0 ] && echo TERMINAL\n"})

        vm.wait()

        self.assert_said(vm, r"COMMAND \d+ berth", "TERMINAL", "reboot: Power down")

    def test_strange_words_of_the_kernel_do_not_matter(self):
        """`strange` reaches berth as an argument, since the kernel does not know it."""
        vm = self.boot_with("#!/bin/sh\nkill -TERM 1\n", kernel_options="strange")

        vm.wait()

        self.assert_said(vm, "unexpected argument strange: all options are ignored", "STOPPED",
                         "reboot: Power down")

    def test_what_is_mounted_stays(self):
        vm = self.boot_with(LOOK, init=MOUNTS_FIRST)

        vm.wait()

        self.assert_said(vm, "MOUNTED /run tmpfs .*size=5120k", "MOUNTED /proc proc rw,relatime",
                         "reboot: Power down")
        self.assertEqual(1, vm.output().count("MOUNTED /run tmpfs"))
        self.assertEqual(1, vm.output().count("MOUNTED /proc proc"))
