# Containers with berth as their entry point, made and run by podman.
"""REQUIRES: root, and the packages of [podman] in tests/packages.

Everything lives in a folder of its own, images and mounts too, and nothing of it is left behind;
only the base system is kept, in build/podman, since it takes a minute to make.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BIN = pathlib.Path(os.environ.get("BERTH_BIN") or ROOT / "build/dev/bin").resolve()
KEPT = ROOT / "build/podman"

DEADLINE = 60.0  # seconds
PAUSE = 0.05
PROGRAMS = ("berth", "berth-admin", "berth-proxy", "berthctl")
BASE_PACKAGES = "libcap2,libsdbus-c++1,python3"
# Without CAP_SYS_RESOURCE podman's own limits are refused, and without CNI there is only loopback.
RUN_OPTIONS = ("--network=none", "--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")


def run(*command, timeout=300, **how):
    """CompletedProcess with text; fails with what was said."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=timeout, check=False, **how)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def mirror():
    """Where this machine's own apt gets Debian 12 from."""
    return run("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages",
               "Codename: bookworm").stdout.split()[0]


def base_system():
    """A tar of the smallest Debian with what berth's programs need."""
    archive = KEPT / "base.tar"
    if archive.exists():
        return archive
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="berth-base-") as tree:
        run("debootstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", "bookworm",
            f"{tree}/root", mirror(), timeout=900)
        for folder in ("var/cache/apt", "var/lib/apt/lists"):
            shutil.rmtree(f"{tree}/root/{folder}")
        run("tar", "-C", f"{tree}/root", "-cf", archive.with_suffix(".new"), ".")
    archive.with_suffix(".new").rename(archive)
    return archive


class Podman:
    """A podman with a storage of its own, and in it the image of examples/minimal."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="berth-podman-"))
        self.command = ["podman", "--root", str(self.folder / "storage"), "--runroot",
                        str(self.folder / "run"), "--runtime", "runc", "--cgroup-manager",
                        "cgroupfs", "--events-backend", "none"]

    def __call__(self, *arguments, **how):
        return run(*self.command, *arguments, **how)

    def build(self):
        self("import", base_system(), "localhost/berth-base")
        context = self.folder / "context"
        shutil.copytree(ROOT / "examples/minimal", context / "minimal")
        (context / "bin").mkdir()
        for name in PROGRAMS:
            shutil.copy(BIN / name, context / "bin")
        shutil.copy(HERE / "Dockerfile", context)
        self("build", "--isolation=chroot", "--tag", "localhost/berth-minimal", context)

    def remove(self):
        self("rm", "--all", "--force", "--time", "0")
        self("rmi", "--all", "--force")
        subprocess.run(["umount", "--recursive", self.folder / "storage/overlay"],
                       capture_output=True, check=False)
        shutil.rmtree(self.folder)


class Container:
    """One container that runs. Made by ContainerTest.start()."""

    def __init__(self, podman, options, arguments):
        self.podman = podman
        self.name = podman("run", "--detach", *RUN_OPTIONS, *options, "localhost/berth-minimal",
                           *arguments).stdout.strip()

    def output(self):
        done = self.podman("logs", self.name)
        return done.stdout + done.stderr

    def wait_for_line(self, pattern):
        expression = re.compile(pattern, re.MULTILINE)
        end = time.monotonic() + DEADLINE
        while not expression.search(self.output()):
            if time.monotonic() > end:
                raise AssertionError(f"no line like {pattern!r} in\n{self.output()}")
            time.sleep(PAUSE)

    def inside(self, *command, options=()):
        return self.podman("exec", *options, self.name, *command).stdout

    def signal(self, name):
        self.podman("kill", "--signal", name, self.name)

    def stop(self, seconds=20):
        """What `docker stop` does; how long it took. After `seconds` podman sends SIGKILL."""
        begin = time.monotonic()
        self.podman("stop", "--time", str(seconds), self.name)
        return time.monotonic() - begin

    def wait(self):
        """The exit status."""
        return int(self.podman("wait", self.name, timeout=DEADLINE).stdout)


class ContainerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.podman = Podman()
        cls.addClassCleanup(cls.podman.remove)
        cls.podman.build()

    def start(self, *options, arguments=()):
        container = Container(self.podman, options, arguments)
        self.addCleanup(self.podman, "rm", "--force", "--time", "0", container.name)
        return container
