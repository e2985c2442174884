# System calls of a berth that fail when a test says so.
import errno
import fcntl
import os
import select
import socket
import struct
import subprocess
import threading

from harness import BIN, HERE, PYTHON, SystemTest, wait_until

NOTIF_RECV, NOTIF_SEND = 0xC0502100, 0xC0182101  # linux/seccomp.h
FLAG_CONTINUE = 1
NUMBERS = {"x86_64": {9: "mmap", 12: "brk", 257: "openat", 293: "pipe2", 288: "accept4",
                      53: "socketpair", 435: "clone3"},
           "other": {222: "mmap", 214: "brk", 56: "openat", 59: "pipe2", 242: "accept4",
                     199: "socketpair", 435: "clone3"}}


class Faults:
    """Answers for the system calls named, of berth and of all that it starts.

    fail() makes those of berth itself fail from now on, heal() lets them succeed again; what berth
    has started always succeeds."""

    def __init__(self, path, calls):
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(path))
        self._door.listen(1)
        self.wrapper = [PYTHON, "-S", "-E", "-B", str(HERE / "faulty.py"), str(path), ",".join(calls)]
        self._lock = threading.Lock()
        self._failing = {}  # name of the call -> [errno, how many times more]
        self._pid = 0
        self.failed = 0  # how many calls have failed
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def fail(self, berth, number, *calls, times=1 << 30):
        with self._lock:
            self._pid = berth.pid
            self._failing.update({call: [number, times] for call in calls})

    def heal(self):
        with self._lock:
            self._failing.clear()

    def _serve(self):
        connection, _ = self._door.accept()
        self._door.close()
        _, (listener,), _, _ = socket.recv_fds(connection, 1, 1)
        connection.close()
        names = NUMBERS["x86_64" if os.uname().machine == "x86_64" else "other"]
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        while poll.poll()[0][1] & select.POLLIN:
            question = bytearray(80)
            try:
                fcntl.ioctl(listener, NOTIF_RECV, question)
                identity, pid, _, call = struct.unpack_from("=QIIi", question)
                number = self._verdict(pid, names[call])
                fcntl.ioctl(listener, NOTIF_SEND,
                            struct.pack("=QqiI", identity, 0, -number,
                                        0 if number else FLAG_CONTINUE))
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.EINTR):
                    raise
        os.close(listener)

    def _verdict(self, pid, call):
        with self._lock:
            fault = self._failing.get(call) if pid == self._pid else None
            if not fault or fault[1] == 0:
                return 0
            fault[1] -= 1
            self.failed += 1
            return fault[0]


class FaultTest(SystemTest):
    """A berth whose system calls can be made to fail."""

    def boot_faulty(self, *calls, **boot):
        self.faults = Faults(self.path(f"faults{len(self.berths)}"), calls)
        return self.boot(wrapper=self.faults.wrapper, **boot)

    def wait_for_berthctl(self, berth):
        """Until berth-admin is there, which answers the next one too."""
        wait_until(lambda: berth.ctl("status").returncode == 0, "berthctl reaches berth")

    def ctl_in_background(self, *arguments):
        """A Popen of berthctl, for what is not answered at once."""
        asking = subprocess.Popen([BIN / "berthctl", "--run-dir", self.run_dir, *arguments],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        self.addCleanup(asking.communicate)
        self.addCleanup(asking.kill)
        return asking
