# A tenant's web server for tests: tiny, so that it starts fast, and as ill-behaved as it is told.
"""Listens on LISTEN_FDS, SOCKET or 127.0.0.1:PORT. The last part of the path says what is wanted.

TRACE            a file that gets "start NAME", "listen NAME", "term NAME" (NAME is $BERTH_UNIT)
START_DELAY      seconds until it listens
FAIL_IF          a path: if it exists, the start fails with exit status 3 and a word on stderr
IGNORE_TERM      SIGTERM is not heard
NEVER_READY      never listens
"""

import os
import signal
import socket
import sys
import threading
import time

NAME = os.environ.get("BERTH_UNIT", "?")
BLOCK = 1 << 20


def trace(word):
    path = os.environ.get("TRACE")
    if path:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        os.write(descriptor, f"{word} {NAME}\n".encode())
        os.close(descriptor)


def on_term(_number, _frame):
    trace("term")
    os._exit(0)


def listener():
    if os.environ.get("LISTEN_FDS"):
        return socket.socket(fileno=3)
    if os.environ.get("SOCKET"):
        made = socket.socket(socket.AF_UNIX)
        made.bind(os.environ["SOCKET"])
    else:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", int(os.environ["PORT"])))
    made.listen(512)
    return made


def read_head(stream):
    lines = []
    while True:
        line = stream.readline()
        if not line:
            return None
        if line in (b"\r\n", b"\n"):
            return lines
        lines.append(line.decode("latin-1").rstrip("\r\n"))


def reply(connection, body):
    body = body.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nContent-Type: text/plain\r\n\r\n"
    connection.sendall(head.encode() + body)


def echo(connection, stream):
    """After 101: bytes come back as they are."""
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       b"Connection: Upgrade\r\n\r\n")
    while True:
        data = stream.read1(65536)
        if not data:
            return
        connection.sendall(data)


def skip(stream, size):
    """Reads so many bytes without keeping them; how many there were."""
    left = size
    while left > 0:
        got = len(stream.read(min(left, BLOCK)))
        if got == 0:
            break
        left -= got
    return size - left


def read_body(stream, headers):
    """Its length."""
    if "content-length" in headers:
        return skip(stream, int(headers["content-length"]))
    length = 0
    while headers.get("transfer-encoding") == "chunked":
        size = int(stream.readline(), 16)
        length += skip(stream, size)
        stream.readline()
        if size == 0:
            break
    return length


def pour(connection, size):
    """A reply of so many bytes."""
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
    block = memoryview(bytes(BLOCK))
    while size > 0:
        connection.sendall(block[:size])
        size -= min(size, BLOCK)


def answer(connection, stream, lines):
    """One request. False = the connection is over."""
    path, _, query = lines[0].split(" ")[1].partition("?")
    headers = {name.lower(): value.strip() for name, _, value in
               (line.partition(":") for line in lines[1:])}
    length = read_body(stream, headers)
    what = path.rstrip("/").rsplit("/", 1)[-1]
    if what == "crash":
        os._exit(7)
    if what == "ws":
        echo(connection, stream)
        return False
    if what == "pour":
        pour(connection, int(query.partition("=")[2]))
        return True
    if what == "slow":
        time.sleep(float(query.partition("=")[2]) / 1000)
    if what == "hang":
        time.sleep(3600)
    bodies = {"pid": str(os.getpid()), "head": "\n".join(lines), "length": str(length),
              "big": "z" * 20_000_000 if what == "big" else "", "peer": str(stream.serial),
              "env": "\n".join(f"{name}={value}" for name, value in sorted(os.environ.items()))}
    reply(connection, bodies.get(what, f"{NAME} {os.getpid()}"))
    return headers.get("connection", "").lower() != "close"


class Stream:
    """What is read from one connection, and the number of the connection."""

    def __init__(self, connection):
        Stream.count = self.serial = getattr(Stream, "count", 0) + 1
        self.file = connection.makefile("rb")
        self.read, self.read1, self.readline = self.file.read, self.file.read1, self.file.readline


def serve(connection):
    with connection:
        stream = Stream(connection)
        try:
            while True:
                lines = read_head(stream)
                if lines is None or not answer(connection, stream, lines):
                    return
        except OSError:
            return


def main():
    signal.signal(signal.SIGTERM, signal.SIG_IGN if os.environ.get("IGNORE_TERM") else on_term)
    trace("start")
    if os.path.exists(os.environ.get("FAIL_IF", "")):
        sys.exit("the database is broken")
    time.sleep(float(os.environ.get("START_DELAY", "0")))
    while os.environ.get("NEVER_READY"):
        time.sleep(3600)
    door = listener()
    trace("listen")
    while True:
        connection, _ = door.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
