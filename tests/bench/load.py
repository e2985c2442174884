# What makes proxies work: wrk, and connections that are held open.
import contextlib
import dataclasses
import re
import socket
import subprocess

import workbench

TIMEOUT = 10.0  # seconds for one answer
SCALE = {"us": 1.0, "ms": 1e3, "s": 1e6}  # to microseconds


@dataclasses.dataclass
class Load:
    """What wrk saw, and what it cost the processes under load."""

    requests: int
    per_second: float
    p50: float  # microseconds
    p99: float
    cpu: float  # seconds


def microseconds(text, percentile):
    number, unit = re.search(rf"^\s+{percentile}%\s+([\d.]+)(us|ms|s)$", text, re.M).groups()
    return float(number) * SCALE[unit]


def wrk(subject, connections, seconds, path="/"):
    """Keeps `connections` busy for some seconds. Fails if any reply was not a good one."""
    pids = subject.proxy_pids()
    before = workbench.cpu_seconds(pids)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout",
               f"{TIMEOUT:g}s", f"http://127.0.0.1:{subject.port}{path}"]
    done = subprocess.run(workbench.pinned(workbench.LOAD_CPU, command), capture_output=True,
                          text=True, check=True)
    cpu = workbench.cpu_seconds(pids) - before
    if re.search(r"Socket errors|Non-2xx", done.stdout):
        raise RuntimeError(f"{subject.name} failed requests: {done.stdout}\n{subject.output()}")
    requests = int(re.search(r"(\d+) requests in", done.stdout).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))
    return Load(requests, rate, microseconds(done.stdout, 50), microseconds(done.stdout, 99), cpu)


def send_requests(subject, count, path="/", connections=32):
    """At least `count` requests, in rounds of a second."""
    while count > 0:
        count -= wrk(subject, connections, 1, path).requests


UPGRADE = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")


def exchange(connection, expected, fields="", path="/"):
    """One request, and the whole answer, which has this status."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n{fields}\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = connection.recv(65536)
        if not part:
            raise RuntimeError(f"closed after {answer!r}")
        answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.split()[1] != str(expected).encode():
        raise RuntimeError(f"{expected} was expected, not {head.decode('latin-1')}")
    length = re.search(rb"\ncontent-length: *(\d+)", head, re.I)
    missing = int(length.group(1)) - len(body) if length else 0
    while missing > 0:
        missing -= len(connection.recv(65536))


@contextlib.contextmanager
def held(port, count, expected=200, fields=""):
    """`count` connections, each idle after one exchange."""
    connections = []
    try:
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port), TIMEOUT)
            connections.append(connection)
            exchange(connection, expected, fields)
        yield connections
    finally:
        for connection in connections:
            connection.close()
