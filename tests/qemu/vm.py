# A virtual machine with Debian's own kernel and berth as its first process: what neither a
# namespace nor a container can show.
"""REQUIRES: qemu-system-x86_64 and linux-image-cloud-amd64 (tests/packages, [qemu]); no KVM.

A machine is an initramfs: berth as /init, its unit files, the programs that the units name with the
libraries they need, and nothing else. It boots in about four seconds, says everything on its serial
line, and is over when it switches itself off. A test reads what was said:

    class Limits(VmTest):
        def test_a_limit_is_kept(self):
            vm = self.boot(programs=["sh", "cat"], units={"a": '''[job]...'''})
            self.assertIn("SAID limit=33554432", vm.wait())

What a unit has to tell, it prints; a line begins with its unit's name, as berth's prefix has it.
"""

import gzip
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("BERTH_BIN") or HERE.parents[1] / "build/dev/bin").resolve()

BOOT_LIMIT = 180.0  # seconds; four on a machine that is idle
PAUSE = 0.05
BERTH_PROGRAMS = ("berth", "berth-admin", "berth-proxy", "berthctl")
KERNEL_OPTIONS = "console=ttyS0 quiet panic=-1 psi=1"


def kernel():
    """The newest of Debian's cloud kernels; "" if none is installed."""
    found = sorted(pathlib.Path("/boot").glob("vmlinuz-*-cloud-amd64"))
    return str(found[-1]) if found else ""


def libraries_of(program):
    """Everything that the loader maps for it, the loader included."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+) \(0x", listed)


def stripped(program):
    """What of a program runs: a machine unpacks it into its memory, and debug information is most
    of a debug build."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["strip", "--strip-unneeded", "-o", out.name, program], check=True)
        return pathlib.Path(out.name).read_bytes()


class Initramfs:
    """A cpio archive in the making (format newc: Documentation/driver-api/early-userspace)."""

    def __init__(self):
        self.parts = []
        self.known = set()

    def _entry(self, path, mode, content=b""):
        name = path.lstrip("/").encode() + b"\0"
        fields = (len(self.known), mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
        for part in (head, content):
            self.parts.append(part + b"\0" * (-len(part) % 4))
        self.known.add(path)

    def folder(self, path):
        if path not in self.known and path != "/":
            self.folder(os.path.dirname(path))
            self._entry(path, stat.S_IFDIR | 0o755)

    def file(self, path, content, mode=0o644):
        self.folder(os.path.dirname(path))
        self._entry(path, stat.S_IFREG | mode, content)

    def link(self, path, target):
        self.folder(os.path.dirname(path))
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def program(self, source, path):
        """A program of this machine, and the libraries it needs, each where it lies here."""
        if path not in self.known:
            self.file(path, stripped(source), 0o755)
        for library in libraries_of(source):
            if library not in self.known:
                self.file(library, pathlib.Path(library).read_bytes(), 0o755)

    def packed(self):
        self._entry("TRAILER!!!", 0)
        return gzip.compress(b"".join(self.parts), 1)


class Vm:
    """One machine. Made by VmTest.boot()."""

    def __init__(self, folder, initramfs, memory, cpus, kernel_options):
        image = folder / "initramfs.gz"
        image.write_bytes(initramfs.packed())
        self.serial = folder / "serial"
        with open(self.serial, "wb") as out:
            self.process = subprocess.Popen(
                ["qemu-system-x86_64", "-accel", "tcg", "-m", str(memory), "-smp", str(cpus),
                 "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio", "-monitor", "none",
                 "-net", "none", "-kernel", kernel(), "-initrd", str(image),
                 "-append", f"{KERNEL_OPTIONS} {kernel_options}"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

    def output(self):
        return self.serial.read_text(encoding="utf-8", errors="replace").replace("\r", "")

    def wait_for_line(self, pattern, timeout=BOOT_LIMIT):
        """The match of a regular expression within one line of the serial output."""
        expression = re.compile(pattern, re.MULTILINE)
        end = time.monotonic() + timeout
        while True:
            over = self.process.poll() is not None
            found = expression.search(self.output())
            if found:
                return found
            if over or time.monotonic() > end:
                raise AssertionError(f"no line like {pattern!r} in\n{self.output()}")
            time.sleep(PAUSE)

    def wait(self, timeout=BOOT_LIMIT):
        """Everything that the machine said, once it has switched itself off or restarted."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the machine runs on after {timeout:g} s:\n"
                                 f"{self.output()}") from None
        if status != 0:
            raise AssertionError(f"qemu ended with {status}:\n{self.output()}")
        return self.output()

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class VmTest(unittest.TestCase):
    def boot(self, units, programs=(), files=None, config="", arguments="", kernel_options="",
             init="", memory=256, cpus=1):
        """Starts a machine.

        units:     {name: TOML} in /etc/berth/units; config: /etc/berth/berth.toml
        programs:  of this machine, by name or path, put in the same place there
        files:     {path: text}, executable if the text begins with "#!"
        arguments: berth's own; kernel_options: further ones of the kernel
        init:      a script that is the kernel's first process, and executes /usr/sbin/berth
        """
        initramfs = Initramfs()
        for name in BERTH_PROGRAMS:
            if (BIN / name).exists():
                initramfs.program(str(BIN / name), f"/usr/sbin/{name}")
        if init:
            initramfs.file("/init", init.encode(), 0o755)
        else:
            initramfs.link("/init", "/usr/sbin/berth")
        for name in programs:
            found = shutil.which(name)
            self.assertTrue(found, f"there is no {name} here")
            initramfs.program(found, found)
        if "sh" in programs and "/bin/sh" not in initramfs.known:
            initramfs.link("/bin/sh", shutil.which("sh"))
        for name, text in units.items():
            initramfs.file(f"/etc/berth/units/{name}.toml", text.encode())
        if config:
            initramfs.file("/etc/berth/berth.toml", config.encode())
        for path, text in (files or {}).items():
            initramfs.file(path, text.encode(), 0o755 if text.startswith("#!") else 0o644)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="berth-vm-"))
        self.addCleanup(shutil.rmtree, folder)
        options = f"{kernel_options} -- {arguments}" if arguments else kernel_options
        vm = Vm(folder, initramfs, memory, cpus, options)
        self.addCleanup(vm.end)
        return vm

    def assert_said(self, vm, *patterns):
        for pattern in patterns:
            self.assertRegex(vm.output(), re.compile(pattern, re.MULTILINE))


if not kernel() or not shutil.which("qemu-system-x86_64"):
    sys.exit("no virtual machine without its packages: tests/install qemu")
