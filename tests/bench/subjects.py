# What is measured: any command, berth as PID 1 of a namespace, and the floor beside it.
"""Each is a context manager: entered, it serves; left, nothing of it lives."""
import os
import shutil
import signal
import socket
import subprocess
import time

from harness import PAUSE, children_of, group_name, groups_named, remove_group, wait_until

import workbench

START_TIMEOUT = 120.0  # seconds; supervisord takes its time
STOP_TIMEOUT = 30.0
FINE_PAUSE = 0.0002  # seconds; between two looks where the moment itself is measured
STATUS_LINE = 64  # bytes; the whole status line is in the first packet
SHOWN = 4000  # characters of a command's output, when it failed


def status_of(port, path):
    """The status of the answer to a request on this port; 0 if nobody answers."""
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), START_TIMEOUT) as connection:
            connection.sendall(request.encode())
            words = connection.recv(STATUS_LINE).split()
            return int(words[1]) if words else 0
    except (ConnectionRefusedError, ConnectionResetError):
        return 0


class Subject:
    """A command with its output in a file. `pinned`: on the processor of what is measured.
    `alone`, set before it is entered: nobody else on the machine maps its libraries."""

    name = ""
    alone = False

    def __init__(self, bench, pinned=True):
        self.bench = bench
        self.folder = bench.fresh_folder()
        self.pinned = pinned
        self.process = None
        self.answered = None

    def command(self):
        raise NotImplementedError

    def wait_until_ready(self):
        pass

    def __enter__(self):
        command = self.command()
        if self.pinned:
            command = workbench.pinned(workbench.PROXY_CPU, command)
        with open(self.folder / "output", "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT)
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.end()
        self.process.wait(STOP_TIMEOUT)

    def end(self):
        self.process.kill()

    def output(self):
        return (self.folder / "output").read_text(errors="replace")

    def wait_for(self, condition, what, pause=PAUSE):
        """Looks every `pause` seconds whether the condition is true."""
        end = time.monotonic() + START_TIMEOUT
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name}: not true that {what}; it said\n"
                                   f"{self.output()[-SHOWN:]}")
            time.sleep(pause)

    def wait_for_answer(self, port, status=200, path="/"):
        """Notes in `answered` when the port first answered so, in nanoseconds."""
        self.wait_for(lambda: status_of(port, path) == status, f"port {port} answers {status}",
                      FINE_PAUSE)
        self.answered = workbench.now()

    def stamped(self, command):
        """`command`, which writes the time of its exec to stamp_file."""
        stamped = [self.bench.program("stamp"), str(self.stamp_file), *command]
        if not self.alone:
            return stamped
        programs = [shutil.which(program) for program in self.programs()]
        return ["unshare", "--mount", str(workbench.HERE / "alone"),
                str(self.bench.fresh_folder()), str(len(programs)), *programs, *stamped]

    def programs(self):
        """The programs whose memory is measured."""
        raise NotImplementedError

    @property
    def stamp_file(self):
        return self.folder / "stamp"

    def exec_time(self):
        """When the measured program was executed, in nanoseconds."""
        self.wait_for(lambda: workbench.numbers(self.stamp_file), "is executed")
        return workbench.numbers(self.stamp_file)[0]


class Namespaced(Subject):
    """PID 1 of a PID namespace of its own."""

    comm = ""
    stop_signal = signal.SIGTERM

    def init_command(self):
        raise NotImplementedError

    def command(self):
        return ["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount", "--mount-proc",
                *self.stamped(self.init_command())]

    def find_pid(self):
        """Our number of the namespace's PID 1; None while that is not the measured program yet."""
        children = children_of(self.process.pid)
        return children[0] if children and workbench.name_of(children[0]) == self.comm else None

    def wait_until_ready(self):
        self.wait_for(self.find_pid, f"{self.comm} is PID 1")
        self.pid = self.find_pid()

    def end(self):
        # unshare(1) ends when PID 1 is reaped, and that is when the whole namespace has gone.
        if self.process.poll() is None:
            for pid in children_of(self.process.pid) or [self.process.pid]:
                os.kill(pid, signal.SIGKILL)

    def terminate(self):
        """Asks PID 1 to stop; when it had ended, in nanoseconds after the signal."""
        begin = workbench.now()
        os.kill(self.pid, self.stop_signal)
        self.process.wait(STOP_TIMEOUT)
        return workbench.now() - begin


class Berth(Namespaced):
    """berth with unit files: a dict from name to text. It is ready when the answer that `ready`
    names has come: the arguments of wait_for_answer()."""

    name = comm = "berth"

    def __init__(self, bench, units, ready=None, config="", pinned=True):
        super().__init__(bench, pinned)
        self.ready = ready or {}
        self.port = self.ready.get("port")
        self.unit_folder = self.folder / "units"
        self.unit_folder.mkdir(0o755)
        self.run_folder = self.folder / "run"
        for name, text in units.items():
            (self.unit_folder / f"{name}.toml").write_text(text)
        (self.folder / "berth.toml").write_text(config)

    def init_command(self):
        return [str(self.bench.bin / "berth"), "--units", str(self.unit_folder), "--run-dir",
                str(self.run_folder), "--config", str(self.folder / "berth.toml")]

    def programs(self):
        return [str(self.bench.bin / name) for name in ("berth", "berth-proxy")]

    def wait_until_ready(self):
        if self.ready:
            self.wait_for_answer(**self.ready)
        super().wait_until_ready()

    def __exit__(self, *_):
        """A berth that is killed leaves its cgroups to the next one. Tens of thousands of them would
        slow down whatever is measured after it."""
        name = group_name(self.run_folder) if self.run_folder.is_dir() else None
        super().__exit__()
        for folder in reversed(groups_named({name})):
            wait_until(lambda folder=folder: remove_group(folder), f"{folder} can be removed")

    def proxy_pids(self):
        return [pid for pid in workbench.family(self.pid)
                if workbench.name_of(pid) == "berth-proxy"]

    def all_pids(self):
        """PID 1 and the proxy, without the units."""
        return [self.pid, *self.proxy_pids()]


class Floor(Namespaced):
    """The least possible init, around copies of a command."""

    name = "bare C"
    comm = "floor"

    def __init__(self, bench, count, copied, pinned=True):
        super().__init__(bench, pinned)
        self.count = count
        self.copied = copied

    def init_command(self):
        return [self.bench.program("floor"), str(self.count), *self.copied]

    def all_pids(self):
        return [self.pid]


class Backend(Subject):
    """The web server behind a peer. berth runs the same one as a unit."""

    name = "backend"

    def __init__(self, bench):
        super().__init__(bench, pinned=False)
        self.port = bench.fresh_port()

    def command(self):
        return workbench.pinned(workbench.LOAD_CPU, ["env", f"PORT={self.port}",
                                                     self.bench.program("server")])

    def wait_until_ready(self):
        self.wait_for(lambda: answers(self.port), "answers")
