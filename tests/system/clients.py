# Clients that keep a proxy busy, and look at every answer.
import dataclasses
import http.client
import socket
import threading
import time

from harness import DEADLINE

PATIENCE = 0.5  # seconds between two requests after which a connection may have been closed
WEBSOCKET_CLOSED = b"\x88\x02\x03\xe9"  # RFC 6455: a close frame with 1001
# What is wrong about a connection, and not about an answer.
BROKEN = (OSError, http.client.HTTPException)


@dataclasses.dataclass
class Lost:
    """A request that got no answer, or one that is not 200. Times are monotonic."""
    tenant: str
    connected: float  # when its connection was opened
    begin: float  # from when on it needed the tenant
    end: float
    what: str


class Client(threading.Thread):
    """Sends requests to one tenant, one after the other, until it is told to end.

    answered: how many were; wrong: answers of somebody else, or incomplete ones."""

    holds_tenant = False  # for as long as it is connected

    def __init__(self, port, tenant, over):
        super().__init__(daemon=True)
        self.port, self.tenant, self.over = port, tenant, over
        self.answered = 0
        self.connected = 0.0
        self.lost, self.wrong = [], []

    def run(self):
        while not self.over.is_set():
            begin = time.monotonic()
            try:
                what = self.ask()
            except BROKEN as error:
                what = repr(error)
                self.hang_up()
            if what:
                needed = self.connected if self.holds_tenant else begin
                self.lost.append(Lost(self.tenant, self.connected, needed, time.monotonic(), what))
                self.over.wait(0.01)  # as a person does, or a balancer
            else:
                self.answered += 1
        self.hang_up()

    def ask(self):
        """"" or what came instead of an answer."""
        raise NotImplementedError

    def hang_up(self):
        pass

    def check(self, condition, what):
        if not condition:
            self.wrong.append(f"{self.tenant}: {what}")


class KeptAlive(Client):
    """Small replies on a connection that is kept as long as the proxy keeps it."""

    def __init__(self, port, tenant, over):
        super().__init__(port, tenant, over)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        self.last = 0.0

    def ask(self):
        if time.monotonic() - self.last > PATIENCE:
            self.hang_up()
        if self.connection.sock is None:
            self.connected = time.monotonic()
        self.connection.request("GET", f"/{self.tenant}/")
        reply = self.connection.getresponse()
        body = reply.read().decode()
        self.last = time.monotonic()
        if reply.status != 200:
            return f"{reply.status} {dict(reply.getheaders())}"
        self.check(body.startswith(f"app@{self.tenant} "), body)
        return ""

    def hang_up(self):
        self.connection.close()


class Download(Client):
    """Large replies, each on a connection of its own."""

    SIZE = 40_000_000

    def ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        self.connected = time.monotonic()
        try:
            connection.request("GET", f"/{self.tenant}/pour?size={self.SIZE}")
            reply = connection.getresponse()
            if reply.status != 200:
                return f"{reply.status} {dict(reply.getheaders())}"
            size = 0
            while block := reply.read(1 << 18):
                size += len(block)
                self.check(not block.strip(b"\0"), block.strip(b"\0")[:80])
            return "" if size == self.SIZE else f"{size} bytes of {self.SIZE}"
        finally:
            connection.close()


class WebSocket(Client):
    """What it says comes back until the connection is closed by 1001; then it connects again."""

    holds_tenant = True

    def __init__(self, port, tenant, over):
        super().__init__(port, tenant, over)
        self.socket = None
        self.said = 0
        self.longest = 0.0  # seconds that one was open

    def ask(self):
        if self.socket is None:
            self.open()
        self.said += 1
        message = f"message {self.said}\n".encode()
        self.socket.sendall(message)
        echo = b""
        while len(echo) < len(message):
            part = self.socket.recv(4096)
            echo += part
            if not part:
                raise OSError(f"closed after {echo!r}, without a word")
            if WEBSOCKET_CLOSED in echo:
                self.check(echo.endswith(WEBSOCKET_CLOSED), f"{echo!r} at the end")
                self.hang_up()
                return ""
        self.check(echo == message, f"{echo!r} for {message!r}")
        self.longest = max(self.longest, time.monotonic() - self.connected)
        return ""

    def open(self):
        self.connected = time.monotonic()
        self.socket = socket.create_connection(("127.0.0.1", self.port), DEADLINE)
        self.socket.sendall(f"GET /{self.tenant}/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            part = self.socket.recv(4096)
            if not part:
                raise OSError(f"no handshake, but {head!r}")
            head += part
        if b" 101 " not in head:
            raise OSError(f"no handshake, but {head!r}")

    def hang_up(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None


class Load:
    """Clients of every kind for each tenant, for as long as a `with` lasts."""

    def __init__(self, port, tenants, kinds=(KeptAlive, KeptAlive, Download, WebSocket)):
        self.over = threading.Event()
        self.clients = [kind(port, tenant, self.over) for tenant in tenants for kind in kinds]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for client in self.clients:
            client.join()

    def of(self, kind):
        return [client for client in self.clients if isinstance(client, kind)]

    def answered(self):
        return sum(client.answered for client in self.clients)

    def lost(self):
        return [each for client in self.clients for each in client.lost]

    def wrong(self):
        return [each for client in self.clients for each in client.wrong]
