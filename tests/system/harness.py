# What the system tests share: a real berth with real children, as PID 1 of a namespace or as a
# subreaper, and the certainty that nothing of it is left when a test ends.
"""REQUIRES: root, Linux, util-linux. BERTH_BIN names the folder of the programs under test.

Nothing waits blindly: wait_for_state() is told by berth, wait_until() looks again and again until
its deadline. Deadlines are generous, since they only cost time when a test fails.
"""

import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("BERTH_BIN") or HERE.parents[1] / "build/dev/bin").resolve()
# Users of their own have to reach the interpreter too: Debian's, if it is there.
PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable

SANITIZED = "ASAN_OPTIONS" in os.environ  # everything takes several times as long
DEADLINE = 60.0 if SANITIZED else 20.0  # seconds; for whatever is expected to happen
UNREACHABLE = 5  # exit status of berthctl
PAUSE = 0.002  # seconds between two looks, at first
LONGEST_PAUSE = 0.05
PR_SET_CHILD_SUBREAPER = 36
CONTAINER_STOP = 37  # SIGRTMIN+3 by number, as container runtimes send it

# What Docker and podman grant, less what no test needs. Above all no CAP_SYS_PTRACE.
CONTAINER_CAPABILITIES = ("chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,"
                          "net_bind_service,sys_chroot,setfcap")

# It reads the type of an object through a pipe, and takes one that it cannot read for none.
UBSAN_READS_BY_PIPES = "UndefinedBehaviorSanitizer needs pipe2() itself"


def not_sanitized(why):
    """Decorates a test that takes away what the sanitizers themselves need: it is counted as
    skipped in their run, and runs in the others."""
    return unittest.skipIf(SANITIZED, why)


def become_subreaper():
    """What escapes from a berth becomes a child of the test, which sees it and says so."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "become a child subreaper")


def toml(value):
    """A value as TOML. REQUIRES: str, bool, int, or a list or dict of them."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def wait_until(condition, what, timeout=DEADLINE):
    """The first true value of condition(); fails with `what` (text or function) at the deadline.
    What takes long is looked at less often: it is noticed at most 3% late."""
    begin = time.monotonic()
    end = begin + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout:g} s: {what() if callable(what) else what}")
        time.sleep(min(max(PAUSE, (time.monotonic() - begin) / 32), LONGEST_PAUSE))


def free_port():
    """A TCP port of the loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read_text(path):
    """The text of a file; "" if it is not there or its process has gone."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError, NotADirectoryError):
        return ""


class Process:
    """One process as the host sees it at one moment."""

    def __init__(self, pid, stat):
        self.pid = pid
        fields = stat[stat.rindex(")") + 2:].split()
        self.state = fields[0]
        self.parent, self.group, self.session = (int(field) for field in fields[1:4])
        self.command = read_text(f"/proc/{pid}/cmdline").replace("\0", " ").strip()

    def __repr__(self):
        return f"{self.pid} ({self.state}, parent {self.parent}): {self.command}"

    def status(self):
        """/proc/PID/status as a dict of strings."""
        lines = read_text(f"/proc/{self.pid}/status").splitlines()
        return {name: text.strip() for name, _, text in (line.partition(":") for line in lines)}

    def inner_pid(self):
        """Its number in the innermost namespace."""
        return int(self.status()["NSpid"].split()[-1])


def process_of(pid):
    stat = read_text(f"/proc/{pid}/stat")
    return Process(pid, stat) if stat else None


def children_of(pid):
    """Pids of the direct children, of all threads."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return []
    texts = (read_text(f"/proc/{pid}/task/{thread}/children") for thread in threads)
    return [int(child) for text in texts for child in text.split()]


def descendants_of(pid):
    """Process objects of everything below, zombies included."""
    found = []
    for child in children_of(pid):
        process = process_of(child)
        if process:
            found.append(process)
            found.extend(descendants_of(child))
    return found


class StateFeed:
    """The states of a berth's units, kept up to date by one `berthctl events`."""

    def __init__(self, run_dir):
        self.states = {}  # empty until it has subscribed
        self.has_ended = False
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            [BIN / "berthctl", "--run-dir", run_dir, "--json", "events"], encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        try:
            for line in self._process.stdout:
                event = json.loads(line)
                if event["event"] == "dropped":
                    break  # what was missed is told by another subscription
                with self._changed:
                    self.states.update(event["states"] if event["event"] == "subscribed"
                                       else {event["unit"]: event["to"]})
                    self._changed.notify_all()
        except ValueError:
            pass  # it was killed in the middle of a line
        with self._changed:
            self.has_ended = True
            self._changed.notify_all()

    def wait(self, unit, state, timeout):
        """Returns as soon as the unit is in that state, the feed has ended, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self.has_ended or self.states.get(unit) == state,
                                   timeout)

    def close(self):
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()


class Berth:
    """One running berth. Made by SystemTest.boot()."""

    def __init__(self, test, pid1, command, environment, stdout):
        self.test = test
        self.log_path = test.path("berth.log") if stdout is None else None
        out = open(self.log_path, "ab") if stdout is None else stdout
        prefix = (["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount", "--mount-proc"]
                  if pid1 else [])
        self.process = subprocess.Popen(prefix + command, stdin=subprocess.DEVNULL, stdout=out,
                                        stderr=subprocess.STDOUT, env=environment,
                                        start_new_session=True)
        if stdout is None:
            out.close()
        self.feed = None
        self.is_pid1 = pid1
        self.pid = self._find_pid() if pid1 else self.process.pid

    def _find_pid(self):
        """The host's number of the namespace's PID 1, once that is berth."""
        def look():
            children = children_of(self.process.pid)
            if self.process.poll() is not None:
                return -1
            name = read_text(f"/proc/{children[0]}/comm").strip() if children else ""
            return children[0] if name == "berth" else None
        return wait_until(look, "berth is PID 1 of a namespace")

    def output(self):
        return read_text(self.log_path) if self.log_path else "(elsewhere)"

    def wait_for_line(self, pattern, timeout=DEADLINE):
        """The match of a regular expression within one line of berth's output."""
        expression = re.compile(pattern, re.MULTILINE)
        return wait_until(lambda: expression.search(self.output()),
                          lambda: f"a line like {pattern!r} in\n{self.output()}", timeout)

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, timeout=DEADLINE):
        """The exit status of berth; negative = killed by that signal."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"berth runs on after {timeout:g} s; below it "
                                 f"{self.processes()}, it said\n{self.output()}") from None

    def stop(self, timeout=DEADLINE):
        """SIGTERM; the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def processes(self, fragment=""):
        """What lives below berth (no zombies), if `fragment` is in its command line."""
        return [process for process in descendants_of(self.pid)
                if process.state not in "ZX" and fragment in process.command]

    def zombies(self):
        return [process for process in descendants_of(self.pid) if process.state == "Z"]

    def wait_for_process(self, fragment, count=1):
        """`count` processes whose command line has `fragment`; the first one."""
        return wait_until(lambda: len(self.processes(fragment)) == count and
                          self.processes(fragment),
                          lambda: f"{count} of {fragment!r} in {self.processes()}\n"
                                  f"{self.output()}")[0]

    def wait_until_gone(self, fragment, timeout=DEADLINE):
        wait_until(lambda: not self.processes(fragment),
                   lambda: f"no {fragment!r} in {self.processes()}", timeout)

    def inside(self, *command):
        """Runs a command in berth's namespaces; CompletedProcess with text."""
        return subprocess.run(["nsenter", "-t", str(self.pid), "-p", "-m", *command],
                              capture_output=True, text=True, timeout=DEADLINE, check=False)

    def ctl(self, *arguments, timeout=DEADLINE):
        """berthctl; CompletedProcess with text."""
        return subprocess.run([BIN / "berthctl", "--run-dir", self.test.run_dir, *arguments],
                              capture_output=True, text=True, timeout=timeout, check=False,
                              stdin=subprocess.DEVNULL)

    def ctl_json(self, *arguments):
        """What berthctl --json says, decoded. Its exit status is of no interest, unless berth
        cannot be reached: it may just have been started."""
        done = wait_until(lambda: self._reached(self.ctl("--json", *arguments)),
                          "berthctl reaches berth")
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"berthctl {arguments}: exit status {done.returncode}, "
                                 f"{done.stdout!r} {done.stderr!r}") from None

    def _reached(self, done):
        """`done` if it has an answer, or if there is nobody left to wait for."""
        return done if done.returncode != UNREACHABLE or self.process.poll() is not None else None

    def status(self, unit):
        return self.ctl_json("status", unit)[0]

    def wait_for_state(self, unit, state, timeout=DEADLINE):
        """The status of the unit once it is in that state. berth tells when; nothing is asked
        meanwhile. A state that is gone again before it can be looked at is waited for anew."""
        end = time.monotonic() + timeout
        last = {}
        while last.get("state") != state:
            if time.monotonic() > end:
                raise AssertionError(f"not within {timeout:g} s: {unit} is {state}: {last}\n"
                                     f"{self.output()}")
            # berth-admin may be killed while it subscribes: then once more.
            if self.feed is None or self.feed.has_ended:
                self.close_feed()
                self.feed = StateFeed(self.test.run_dir)
            self.feed.wait(unit, state, max(0.0, end - time.monotonic()))
            last = self.status(unit)
        return last

    def close_feed(self):
        """Ends the subscription of wait_for_state(), if there is one."""
        if self.feed is not None:
            self.feed.close()
            self.feed = None


def group_name(run_dir):
    """What a berth with this run dir calls its cgroups."""
    status = os.stat(run_dir)
    return f"berth-{status.st_dev}-{status.st_ino}"


def berth_groups(mount):
    """The cgroups of every berth in a hierarchy. Their insides are not looked at: there may be
    thousands."""
    groups = []
    for folder, names, _ in os.walk(mount):
        groups += [pathlib.Path(folder) / name for name in names if name.startswith("berth-")]
        names[:] = [name for name in names if not name.startswith("berth-")]
    return groups


def groups_named(names):
    """The cgroups of some berths in all hierarchies, with what is below them."""
    mounts = [line.split()[1] for line in read_text("/proc/mounts").splitlines()
              if line.split()[2] in ("cgroup", "cgroup2")]
    tops = [top for mount in mounts for top in berth_groups(mount) if top.name in names]
    return [pathlib.Path(folder) for top in tops for folder, _, _ in os.walk(top)]


class SystemTest(unittest.TestCase):
    """A test with a folder, unit files, and any number of berths, one after the other."""

    @classmethod
    def setUpClass(cls):
        become_subreaper()

    def setUp(self):
        # Processes of other users have to get in, so it is no private folder.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="berth-test-"))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder)
        # A copy, which they reach wherever the checkout lies.
        shutil.copy(HERE / "tenant.py", self.folder)
        self.tenant = [PYTHON, "-S", "-E", "-B", str(self.path("tenant.py"))]
        self.write(self.path("trace"), "", 0o666)
        self.units = self.folder / "units"
        self.units.mkdir(0o755)
        self.run_dir = self.folder / "run-dir"
        self.berths = []
        self.group_names = set()
        self.addCleanup(self._leave_nothing)

    def path(self, name):
        return self.folder / name

    def boot(self, pid1=True, wrapper=(), env=None, stdout=None, arguments=()):
        """Starts berth. `wrapper`: a command that executes it; `env`: added to its environment."""
        command = [*wrapper, str(BIN / "berth"), "--units", str(self.units), "--run-dir",
                   str(self.run_dir), *arguments]
        config = self.path("berth.toml")
        if config.exists():
            command += ["--config", str(config)]
        sanitizer = {name: value for name, value in os.environ.items()
                     if name in ("ASAN_OPTIONS", "LSAN_OPTIONS")}
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                       "TRACE": str(self.path("trace")), **sanitizer, **(env or {})}
        berth = Berth(self, pid1, command, environment, stdout)
        self.berths.append(berth)
        return berth

    def unit(self, name, text):
        """Writes a unit file, by rename as generators do."""
        self.write(self.units / f"{name}.toml", text)

    def config(self, text):
        self.write(self.path("berth.toml"), text)

    def write(self, path, text, mode=0o644):
        fresh = path.with_name("." + path.name + ".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.chmod(mode)
        fresh.rename(path)
        return path

    def service(self, name, command, unit="", service="", rest=""):
        """A [service] with a command; the other arguments are further lines of TOML."""
        self.unit(name, f"[unit]\n{unit}\n[service]\ncommand = {toml(command)}\n{service}\n{rest}")

    def script(self, name, text):
        """An executable shell script; its path. It may append to the file $TRACE."""
        return str(self.write(self.path(name), f"#!/bin/sh\n{text}", 0o755))

    def trace(self):
        """The lines that scripts have appended to $TRACE."""
        return read_text(self.path("trace")).splitlines()

    def wait_for_trace(self, line, count=1):
        wait_until(lambda: self.trace().count(line) >= count,
                   lambda: f"{count} of {line!r} in {self.trace()}\n"
                           f"{self.berths[-1].output() if self.berths else ''}")

    def assert_in_order(self, lines, text):
        """Each of `lines` is in `text`, after the one before."""
        at = -1
        for line in lines:
            later = text.index(line, at + 1) if line in text[at + 1:] else -1
            self.assertGreater(later, at, f"{line!r} is not in its place in {text}")
            at = later

    def group_folders(self):
        """This berth's cgroups in all hierarchies, with what is below them."""
        if os.path.isdir(self.run_dir):
            self.group_names.add(group_name(self.run_dir))
        return groups_named(self.group_names)

    def folders(self, unit):
        """The cgroups of one unit."""
        return [folder for folder in self.group_folders() if folder.name == f"unit-{unit}"]

    def _leave_nothing(self):
        """Ends every berth, and fails if anything of one outlives it."""
        # Without a run dir its groups have a name that only it knows, and its units.
        for berth in self.berths:
            for process in berth.processes():
                self.group_names.update(re.findall(r"/(berth-[^/]+)/unit-",
                                                   read_text(f"/proc/{process.pid}/cgroup")))
        for berth in self.berths:
            while berth.process.poll() is None:
                # A namespace ends when all of its processes are reaped, those by us included.
                for process in [] if berth.is_pid1 else descendants_of(berth.process.pid):
                    kill(process.pid)
                kill(berth.pid if berth.pid > 0 else berth.process.pid)
                self._reap(berth.process.pid)
                time.sleep(PAUSE)
            berth.close_feed()
        left = wait_for_nobody()
        for process in left:
            kill(process.pid)
        self._reap()
        # A berth that was killed leaves its groups to the next one, which there will not be.
        for folder in reversed(self.group_folders()):
            wait_until(lambda folder=folder: remove_group(folder), f"{folder} can be removed")
        self.assertEqual([], left, "these outlived berth")

    @staticmethod
    def _reap(but=0):
        """Buries what has been reparented to the test and has ended, but not that one."""
        for pid in set(children_of(os.getpid())) - {but}:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def remove_group(folder):
    """Whether it could be removed; a process that has just ended may still be counted."""
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def wait_for_nobody(timeout=2.0):
    """What still lives below this test when the time is over; [] as soon as nothing does."""
    end = time.monotonic() + timeout
    while True:
        left = [process for process in descendants_of(os.getpid()) if process.state not in "ZX"]
        if not left or time.monotonic() > end:
            return left
        time.sleep(PAUSE)


def why_not_here():
    """Why system tests cannot run here; "" if they can."""
    if os.geteuid() != 0:
        return "system tests need root"
    if not (BIN / "berth").exists():
        return f"no berth in {BIN}: build it, or set BERTH_BIN"
    return ""


if why_not_here():
    raise SystemExit(why_not_here())
