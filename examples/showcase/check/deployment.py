# One running showcase: berth as PID 1 of a namespace, in a temporary folder and on free ports, and how to talk to it.
import base64
import http.client
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SHOWCASE = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES = SHOWCASE.parent
PASSWORD = "ahoy"
LOG_TAIL_LINES = 60
START_SECONDS = 10
REPLY_SECONDS = 60
COMMAND_SECONDS = 60
STATUS_NOT_RUNNING = 3  # how "berthctl status" ends for a unit that does not run


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Reply:
    """What came back from a request. `headers` is case-insensitive, `seconds` the time to the last byte."""

    def __init__(self, response, body, seconds):
        self.status = response.status
        self.headers = response.headers
        self.text = body.decode("utf-8", "replace")
        self.seconds = seconds

    def json(self):
        return json.loads(self.text)


class Deployment:
    """Owns the temporary folder and the processes; close() removes both."""

    def __init__(self, binaries):
        self.binaries = pathlib.Path(binaries)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="berth-showcase-"))
        self.folder.chmod(0o755)  # tenants and the proxy go through it as other users
        self.data = self.folder / "data"
        self.run_dir = self.folder / "run"
        self.log_path = self.folder / "log"
        self.port, self.redis_port, self.cable_port = free_port(), free_port(), free_port()
        self.environment = {}  # berth's own, which its unit files refer to
        self.launcher = None
        self.pid = None  # of berth, as the host sees it

    def start(self, init_delay, idle):
        """Starts berth. init_delay: seconds that the initialization job sleeps first; idle: a duration."""
        self.environment = {
            "SHOWCASE_LISTEN": f"127.0.0.1:{self.port}",
            "SHOWCASE_REDIS_PORT": str(self.redis_port),
            "SHOWCASE_CABLE_PORT": str(self.cable_port),
            "SHOWCASE_DATA": str(self.data),
            "SHOWCASE_PASSWORD": PASSWORD,
            "SHOWCASE_INIT_DELAY": str(init_delay),
            "SHOWCASE_IDLE": idle,
        }
        command = [EXAMPLES / "in-namespace", SHOWCASE, self.binaries,
                   "--units", "/srv/showcase/units", "--run-dir", self.run_dir]
        with open(self.log_path, "ab") as log:
            self.launcher = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=log)
        self.pid = self._wait_for_berth()

    @staticmethod
    def _name_of(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            return None  # a command of the launcher's that has just ended

    def _wait_for_berth(self):
        children = pathlib.Path(f"/proc/{self.launcher.pid}/task/{self.launcher.pid}/children")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.launcher.poll() is None:
            for child in children.read_text().split():
                if self._name_of(child) == "berth":
                    return int(child)
            time.sleep(0.005)
        raise AssertionError("berth did not start")

    def stop(self, timeout):
        """SIGTERM to berth; returns its exit status and the seconds that it took. Raises TimeoutExpired."""
        begin = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        status = self.launcher.wait(timeout)
        return status, time.monotonic() - begin

    def close(self):
        if self.launcher and self.launcher.poll() is None:
            self.launcher.kill()  # unshare's --kill-child lets berth stop everything
            self._await_end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _await_end(self):
        """Waits for berth after its launcher is gone, and kills it where it does not end."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except (ProcessLookupError, TypeError):
            return
        if not select.select([descriptor], [], [], START_SECONDS)[0]:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        os.close(descriptor)

    def request(self, path, user=None, password=PASSWORD, body=None, timeout=REPLY_SECONDS):
        """One request on a connection of its own; `body` is sent as JSON by POST."""
        headers = {}
        if user:
            token = base64.b64encode(f"{user}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {token}"
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        begin = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET" if data is None else "POST", path, body=data, headers=headers)
            response = connection.getresponse()
            return Reply(response, response.read(), time.monotonic() - begin)
        finally:
            connection.close()

    def is_listening(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _berthctl(self, *arguments):
        return [self.binaries / "berthctl", "--run-dir", self.run_dir, *arguments]

    def follow(self, unit):
        """"berthctl logs -f" of a unit, as a process whose stdout is text. The caller ends it."""
        return subprocess.Popen(self._berthctl("logs", unit, "-f"), stdout=subprocess.PIPE, text=True)

    def berthctl(self, *arguments):
        """Runs berthctl from outside the namespace. Returns the finished process with stdout and stderr as text."""
        return subprocess.run(self._berthctl(*arguments), env=self.environment, capture_output=True, text=True,
                              timeout=COMMAND_SECONDS)

    def ctl(self, *arguments):
        """The output of a berthctl command that must succeed."""
        done = self.berthctl(*arguments)
        if done.returncode != 0:
            words = done.stderr or done.stdout
            raise AssertionError(f"berthctl {' '.join(arguments)}: status {done.returncode}: {words}")
        return done.stdout

    def ctl_json(self, *arguments):
        return json.loads(self.ctl(*arguments, "--json"))

    def unit(self, name):
        """The status of one unit, as an object. Raises AssertionError if berth cannot tell."""
        done = self.berthctl("status", name, "--json")
        if done.returncode not in (0, STATUS_NOT_RUNNING):
            raise AssertionError(f"berthctl status {name}: status {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)[0]

    def inside(self, *command):
        """Runs a command in the namespaces of berth and returns its output."""
        done = subprocess.run(["nsenter", "--target", str(self.pid), "--pid", "--mount", *command],
                              capture_output=True, text=True, timeout=COMMAND_SECONDS)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def kill(self, pid, name="KILL"):
        """Sends a signal to a process by its pid in the namespace, which is the one that berthctl shows."""
        self.inside("sh", "-c", f"kill -{name} {pid}")

    def processes(self):
        """(name, state letter, pid in the namespace) of every process in it, zombies included."""
        found = []
        for status in pathlib.Path(f"/proc/{self.pid}/root/proc").glob("[0-9]*/status"):
            fields = read_status(status)
            if fields:
                found.append((fields["Name"], fields["State"][0], int(fields["Pid"])))
        return found

    def units_folder(self):
        """The folder of unit files inside the namespace, reached from outside."""
        return pathlib.Path(f"/proc/{self.pid}/root/srv/showcase/units")

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def print_log_tail(self):
        lines = self.log().splitlines()[-LOG_TAIL_LINES:]
        print("\nthe end of berth's log:", *lines, sep="\n  ", file=sys.stderr)


def read_status(path):
    """/proc/PID/status as a dictionary; empty if the process is gone."""
    try:
        return dict(line.split(":\t", 1) for line in path.read_text().splitlines() if ":\t" in line)
    except OSError:
        return {}
