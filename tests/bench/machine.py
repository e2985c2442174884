# What was measured on which machine: processors, kernel, versions of the peers.
import os
import re
import subprocess

from harness import read_text


def version(*command):
    """The first number with dots that the command prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found.group() if found else "of unknown version"


def processor():
    found = re.search(r"^model name\s*:\s*(.*)$", read_text("/proc/cpuinfo"), re.MULTILINE)
    return found.group(1) if found else os.uname().machine


def describe(runs, boots):
    """One paragraph below the table."""
    return (f"{len(os.sched_getaffinity(0))} × {processor()}, Linux {os.uname().release}, load "
            f"{os.getloadavg()[0]:.1f} at the end; haproxy {version('haproxy', '-v')}, nginx "
            f"{version('nginx', '-v')}, wrk {version('wrk', '-v')}. "
            f"Median (least–greatest) of {runs} run{'s' if runs > 1 else ''}, of {boots} boots.")
