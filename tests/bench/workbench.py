# What all benchmarks share: the folder of this run, the programs, and how processes are measured.
import ctypes
import os
import pathlib
import re
import resource
import subprocess
import time

from harness import BIN, children_of, read_text

HERE = pathlib.Path(__file__).resolve().parent
# Compiled from programs/NAME.c. The floor uses the C library of the machine, as berth does; the units
# under test share nothing with it, and start fast.
PROGRAMS = {"floor": (), "stamp": (), "sleeper": ("-static",), "orphans": ("-static",),
            "server": ("-static",)}
CPUS = sorted(os.sched_getaffinity(0))
PROXY_CPU, LOAD_CPU = CPUS[0], CPUS[-1]  # what is measured; and what makes it work
TICKS = os.sysconf("SC_CLK_TCK")
CLONE_NEWNET = 0x40000000  # <linux/sched.h>
SETTLE = 1.0  # seconds from a change until memory is read: freed memory has gone back by then


class Workbench:
    """One call of tests/bench/run. `runs`: how often each figure is taken."""

    def __init__(self, runs):
        self.runs = runs
        self.folder = pathlib.Path(os.environ["BENCH_FOLDER"])
        self.bin = BIN
        self.serial = 0
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        for name, options in PROGRAMS.items():
            subprocess.run(["gcc", "-O2", *options, "-o", self.program(name),
                            HERE / "programs" / f"{name}.c"], check=True)

    def program(self, name):
        return str(self.folder / name)

    def fresh_folder(self):
        """A new, empty folder which everybody may enter."""
        self.serial += 1
        folder = self.folder / "run" / str(self.serial)
        folder.mkdir(0o755)
        return folder

    def fresh_port(self):
        """A TCP port that nobody uses: the network namespace is ours, and so are all ports that
        the kernel does not give out by itself."""
        self.serial += 1
        return 10000 + self.serial


def enter_fresh_network():
    """A loopback of one's own: the closed connections of one benchmark slow nothing in the next."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "enter a network namespace")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Memory:
    """Memory of some processes together, in kB."""

    def __init__(self, pids):
        self.private = self.pss = 0
        for pid in pids:
            text = read_text(f"/proc/{pid}/smaps_rollup")
            sizes = {name: int(size) for name, size in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.M)}
            self.private += sizes["Private_Clean"] + sizes["Private_Dirty"]
            self.pss += sizes["Pss"]


def cpu_seconds(pids):
    """User and system time of these processes up to now."""
    ticks = 0
    for pid in pids:
        fields = read_text(f"/proc/{pid}/stat").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def family(pid):
    """A process and all that it has started."""
    return [pid] + [member for child in children_of(pid) for member in family(child)]


def name_of(pid):
    return read_text(f"/proc/{pid}/comm").strip()


def numbers(path):
    """The whole numbers in a file that a program of the benchmark has written."""
    return [int(word) for word in read_text(path).split()]


def now():
    """Nanoseconds of the clock that programs/ use as well."""
    return time.monotonic_ns()


def pinned(cpu, command):
    return ["taskset", "-c", str(cpu), *command]
